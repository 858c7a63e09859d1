/** The trial of a library's author: strict TypeScript, ES modules and CommonJS, and the tests of docs/testing.md. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../support/docs/blocks.js';
import { textOfPage } from '../support/docs/pages.js';
import { installPackage } from '../support/installed.js';
import { packageRoot } from '../support/scripts.js';

const { folder, remove } = installPackage(join(import.meta.dirname, 'library-author'), ['@types', 'vitest']);
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

/** Configures a project for the compiler, with strict settings. Returns the path of the configuration. */
function configure(project: string, options: object, name = 'tsconfig.json'): string {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true };
  const compilerOptions = { ...strict, target: 'es2023', lib: ['es2023', 'esnext.disposable'], types: ['node'] };
  const config = { compilerOptions: { ...compilerOptions, module: 'nodenext', ...options }, include: ['*.ts'] };
  writeFileSync(join(project, name), JSON.stringify(config));
  return join(project, name);
}

/** The lines of the compiler, of all projects. It writes the programs of both libraries. */
let problems: readonly string[] = [];
beforeAll(() => {
  const untyped = join(folder, 'untyped');
  mkdirSync(untyped);
  const code = blocksOf(textOfPage('docs/testing.md')).find(({ name }) => name === 'profile.test.ts')?.code ?? '';
  writeFileSync(join(untyped, 'profile.test.ts'), code.replace("import 'seccomp/testing/vitest';\n", ''));
  const configs = [
    configure(join(folder, 'esm'), { resolveJsonModule: true }),
    configure(join(folder, 'cjs'), {}),
    configure(suite, { noEmit: true }),
    configure(untyped, { noEmit: true }),
    configure(untyped, { noEmit: true, types: ['node', 'seccomp/testing/vitest'] }, 'tsconfig.types.json'),
  ];
  const compiler = join(packageRoot, 'node_modules/typescript/lib/tsc.js');
  const { output } = node(folder, compiler, '--build', '--singleThreaded', '--pretty', 'false', ...configs);
  problems = output.trimEnd().split('\n');
});

/** The compiler's lines of a project. */
const problemsOf = (project: string) => problems.filter((line) => line.startsWith(project));

test('a library of ES modules needs no cast: streams, text, JSON and literal profiles', () => {
  expect(problemsOf('esm')).toEqual([]);
  const { status, output } = node(join(folder, 'esm'), 'library.js');
  expect([status, output.trimEnd().split('\n').toSorted()]).toEqual([0, ['promise', 'streams', 'text']]);
});

// test/package/module-systems.test.ts has Jest with such a library.
test('a library of CommonJS compiles, and runs', () => {
  expect(problemsOf('cjs')).toEqual([]);
  const script = "require('./library.js').greet().then(({ stdout }) => console.log(stdout.trim()))";
  expect(node(join(folder, 'cjs'), '-e', script)).toEqual({ status: 0, output: 'hello\n' });
});

test('the tests of docs/testing.md pass in node:test', () => {
  const { status, output } = node(docs, '--test', '--test-reporter=tap', 'profile.test.mjs', 'needs.test.mjs');
  expect(output).toContain('# pass 4\n# fail 0\n');
  expect(status).toBe(0);
});

test('its types entry gives the matchers their types without an import, and without it TypeScript reports TS2339', () => {
  expect(problemsOf('suite')).toEqual([]);
  const ofMatchers = expect.stringMatching(/^untyped\/profile\.test\.ts.*error TS2339: .*(?:RunUnder|Syscall)/);
  expect(problems).toEqual([ofMatchers, ofMatchers, ofMatchers]);
});
