/** The trial of a library's author: strict TypeScript, ES modules and CommonJS, and the tests of docs/testing.md. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../support/docs/blocks.js';
import { textOfPage } from '../support/docs/pages.js';
import { installPackage } from '../support/installed.js';
import { libraries, noLibraries } from '../support/libraries.js';
import { packageRoot } from '../support/scripts.js';

const { folder, remove } = installPackage(join(import.meta.dirname, 'library-author'), ['@types', 'vitest', '@jest']);
const docs = join(folder, 'docs');
const suite = join(folder, 'suite');
afterAll(remove);

/** The page's named blocks become files, as a reader saves them. */
beforeAll(() => {
  mkdirSync(docs);
  for (const { name, code } of blocksOf(textOfPage('docs/testing.md')))
    if (name !== undefined) writeFileSync(join(docs, name), code);
  cpSync(join(packageRoot, 'examples/profile-tests'), suite, { recursive: true });
  for (const project of [docs, suite]) writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
});

/** Runs Node in a project, without the variables by which a Vitest takes itself for a worker. */
function node(project: string, ...args: readonly string[]) {
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|JEST|NODE_ENV|NODE_TEST|CI$)/.test(name),
  );
  const env = { ...Object.fromEntries(environment), NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** Compiles the files of a project under strict settings. */
function compile(project: string, options: object) {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const compilerOptions = { ...strict, target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'] };
  const config = { compilerOptions: { ...compilerOptions, module: 'nodenext', ...options }, include: ['*.ts'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  return node(project, join(packageRoot, 'node_modules/typescript/lib/tsc.js'), '-p', 'tsconfig.json');
}

test('a library of ES modules needs no cast: streams, text, JSON and literal profiles', () => {
  const project = join(folder, 'esm');
  expect(compile(project, { resolveJsonModule: true })).toEqual({ status: 0, output: '' });
  const { status, output } = node(project, 'library.js');
  expect([status, output.trimEnd().split('\n').toSorted()]).toEqual([0, ['promise', 'streams', 'text']]);
});

test('a library of CommonJS compiles, and Jest without flags tests it', ({ skip }) => {
  const project = join(folder, 'cjs');
  expect(compile(project, {})).toEqual({ status: 0, output: '' });
  skip(noLibraries !== undefined, noLibraries);
  const { status, output } = node(project, join(libraries, 'jest/bin/jest.js'), '--no-cache', '--runInBand');
  expect(output).toContain('Tests:       1 passed, 1 total');
  expect(status).toBe(0);
});

test('the tests of docs/testing.md pass in node:test', () => {
  const { status, output } = node(docs, '--test', '--test-reporter=tap', 'profile.test.mjs', 'needs.test.mjs');
  expect(output).toContain('# pass 4\n# fail 0\n');
  expect(status).toBe(0);
});

test('its types entry gives the matchers their types without an import, and without it TypeScript reports TS2339', () => {
  const file = join(suite, 'profile.test.ts');
  expect(compile(suite, { noEmit: true, skipLibCheck: true })).toEqual({ status: 0, output: '' });
  const code = blocksOf(textOfPage('docs/testing.md')).find(({ name }) => name === 'profile.test.ts')?.code ?? '';
  writeFileSync(file, code.replace("import 'seccomp/testing/vitest';\n", ''));
  expect(compile(suite, { noEmit: true, skipLibCheck: true }).output).toContain('error TS2339');
  const types = ['node', 'seccomp/testing/vitest'];
  expect(compile(suite, { noEmit: true, skipLibCheck: true, types })).toEqual({ status: 0, output: '' });
});
