/** The package, installed in projects with CommonJS and with ES modules: types, classes, and test runners. */
import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { installPackage } from '../support/installed.js';
import { libraries, noLibraries } from '../support/libraries.js';
import { packageRoot } from '../support/scripts.js';

const modules = join(packageRoot, 'node_modules');
const { folder, remove } = installPackage(join(import.meta.dirname, 'projects'), [
  '@types',
  '@jest',
  'expect',
  'vitest',
]);
afterAll(remove);

// ts-jest does not work with TypeScript 7, which this checkout has. It looks for TypeScript in the project's folder.
if (noLibraries === undefined)
  for (const name of ['ts-jest', 'typescript']) symlinkSync(join(libraries, name), join(folder, 'node_modules', name));

/** Runs Node in the folder of a project. */
function node(project: string, ...args: readonly string[]) {
  // Without the variables by which a Vitest or a Jest takes itself for a worker.
  const environment = Object.entries(process.env).filter(([name]) => !/^(VITEST|JEST|NODE_ENV)/.test(name));
  const options = { encoding: 'utf8', cwd: join(folder, project) } as const;
  const env = { ...Object.fromEntries(environment), NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { ...options, env });
  return { status, stdout, stderr };
}

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
};

/** Compiles a project, and returns what tsc reports. */
function compile(project: string, compilerOptions: object, compiler = modules) {
  const config = join(folder, project, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, ...compilerOptions }, include: ['*.ts'] }));
  return node(project, join(compiler, 'typescript/lib/tsc.js'), '-p', config).stdout;
}

describe('a CommonJS project in TypeScript', () => {
  const SETTINGS = {
    node16: { module: 'node16' },
    nodenext: { module: 'nodenext' },
    'commonjs and bundler': { module: 'commonjs', moduleResolution: 'bundler' },
  };

  test.each(Object.entries(SETTINGS))('compiles and runs: %s', (name, options) => {
    const outDir = `out-${name.replaceAll(' ', '-')}`;
    expect(compile('commonjs', { ...options, outDir })).toBe('');
    expect(node('commonjs', join(outDir, 'program.js'))).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('compiles with the module resolution of TypeScript before 5', ({ skip }) => {
    skip(noLibraries !== undefined, noLibraries);
    const options = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0', noEmit: true };
    expect(compile('commonjs', options, libraries)).toBe('');
  });
});

describe('an ES module project in TypeScript', () => {
  const SETTINGS = {
    node16: { module: 'node16' },
    nodenext: { module: 'nodenext' },
    'esnext and bundler': { module: 'esnext', moduleResolution: 'bundler' },
  };

  test.each(Object.entries(SETTINGS))('compiles and runs: %s', (name, options) => {
    const outDir = `out-${name.replaceAll(' ', '-')}`;
    expect(compile('esm', { ...options, outDir })).toBe('');
    expect(node('esm', join(outDir, 'program.js'))).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

test('a project has the matchers’ types if its "types" name seccomp/testing/vitest', () => {
  const options = { module: 'nodenext', skipLibCheck: true, noEmit: true };
  expect(compile('vitest', { ...options, types: ['node', 'seccomp/testing/vitest'] })).toBe('');
});

/** Runs Jest in one process, and returns its summary, or all that it writes. */
function jest(project: string) {
  const { status, stderr } = node(project, join(libraries, 'jest/bin/jest.js'), '--no-cache', '--runInBand');
  return status === 0 ? (/^Tests:.*$/m.exec(stderr)?.[0] ?? stderr) : stderr;
}

test('plain Jest tests a CommonJS app that uses the package, and the matchers', ({ skip }) => {
  skip(noLibraries !== undefined, noLibraries);
  expect(jest('jest')).toBe('Tests:       6 passed, 6 total');
});

test('ts-jest compiles and runs tests of such an app in TypeScript', ({ skip }) => {
  skip(noLibraries !== undefined, noLibraries);
  expect(jest('ts-jest')).toBe('Tests:       3 passed, 3 total');
});
