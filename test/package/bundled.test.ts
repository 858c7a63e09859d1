/** Programs into which this package was bundled: errors say what to do. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterEach, beforeEach, expect, test } from 'vitest';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const MOVED =
  'seccomp was moved out of its package, as bundlers do: mark it as external (esbuild: --external:seccomp), and install it beside the program';

const START = `try { require('${dist}/index.cjs').spawnSync('true', 'docker-default') }
  catch ({ message }) { module.exports = message }`;
/** Loads a bundle of START. Returns the message. */
const messageOf: (file: string) => unknown = createRequire(import.meta.url);

let project = '';
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'seccomp-bundled-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "program", "version": "3.2.1" }');
});
afterEach(() => rmSync(project, { recursive: true }));

/** Writes a file of the project. Returns its path. */
function write(name: string, text: string): string {
  const file = join(project, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function run(file: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: project, encoding: 'utf8' });
  return stdout + stderr;
}

async function bundle(program: string, output: string, format: 'cjs' | 'es'): Promise<string> {
  const made = await rolldown({ input: program, platform: 'node', logLevel: 'silent' });
  const file = join(project, output);
  await made.write({ file, format, codeSplitting: false });
  return file;
}

test.each(['', '{ "scripts": {} }'])('in CommonJS, also if the program has a binding.gyp (%j)', async (gyp) => {
  if (gyp !== '') write('binding.gyp', gyp);
  const program = write('program.cjs', START);
  const error = messageOf(await bundle(program, 'dist/bundle.cjs', 'cjs'));
  expect(error).toMatch(/^there is no addon for .* of .*seccomp-bundled-/);
  expect(error).toContain(`: ${MOVED}`);
});

test('in CommonJS with a copied addon that does not load', async () => {
  write(`prebuilds/${process.platform}-${process.arch}/seccomp.node`, 'damaged');
  const program = write('program.cjs', START);
  expect(messageOf(await bundle(program, 'dist/bundle.cjs', 'cjs'))).toContain(`: ${MOVED}`);
});

test('as an ES module: each entry', async () => {
  const entries = ['index', 'register', 'testing/index'];
  for (const name of entries) {
    const program = write('program.mjs', `import '${dist}/${name}.js';`);
    await bundle(program, `dist/${name}.mjs`, 'es');
  }
  const load = (name: string) => `await import('./dist/${name}.mjs').catch(String).then(console.log);`;
  expect(run(write('entries.mjs', entries.map(load).join('\n')))).toBe(`Error: ${MOVED}\n`.repeat(entries.length));
});

test('as an ES module that became CommonJS without import.meta.url, as by esbuild', () => {
  const text = readFileSync(join(dist, 'register.js'), 'utf8').replace('import.meta.url', 'undefined');
  expect(run(write('bundle.cjs', text))).toContain(`Error: ${MOVED}\n`);
});
