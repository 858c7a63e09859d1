/** The package, installed in projects with CommonJS and with ES modules: types, classes, and test runners. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { installPackage } from '../support/installed.js';
import { libraries, noLibraries } from '../support/libraries.js';
import { packageRoot } from '../support/root.js';

const { folder, remove } = installPackage(join(import.meta.dirname, 'projects'), [
  '@types',
  '@jest',
  'expect',
  'vitest',
]);
afterAll(remove);

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

/** Writes a configuration of a project. Returns its path. */
function configure(project: string, name: string, options: object, include = '*.ts'): string {
  const config = join(folder, project, `tsconfig.${name.replaceAll(' ', '-')}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, include: [include] }));
  return config;
}

/** The settings under which each project that is written in TypeScript compiles and runs. */
const SETTINGS = [
  ['commonjs', 'node16', { module: 'node16' }],
  ['commonjs', 'commonjs and bundler', { module: 'commonjs', moduleResolution: 'bundler' }],
  ['esm', 'nodenext', { module: 'nodenext' }],
  ['esm', 'esnext and bundler', { module: 'esnext', moduleResolution: 'bundler' }],
] as const;

const outputOf = (name: string) => `out-${name.replaceAll(' ', '-')}`;

describe('projects in TypeScript', () => {
  test('compile under all settings, with the types of the matchers for Vitest and Jest where "types" names them', () => {
    const matchers = { skipLibCheck: true, noEmit: true };
    const configs = [
      ...SETTINGS.map(([project, name, options]) =>
        configure(project, name, { ...options, outDir: outputOf(name), incremental: false }),
      ),
      configure('vitest', 'matchers', {
        ...{ ...matchers, module: 'nodenext', types: ['node', 'seccomp/testing/vitest'] },
      }),
      configure('ts-jest', 'matchers', {
        ...{ ...matchers, module: 'commonjs', moduleResolution: 'bundler' },
        types: ['node', 'jest', 'seccomp/testing/jest'],
      }),
    ];
    const compiler = join(packageRoot, 'node_modules/typescript/lib/tsc.js');
    expect(node('.', compiler, '--build', '--singleThreaded', ...configs)).toEqual({
      ...{ status: 0, stdout: '', stderr: '' },
    });
  });

  test.each(['commonjs', 'esm'] as const)('run, compiled as %s under all settings', (system) => {
    const [last = '', ...first] = SETTINGS.filter(([project]) => project === system).map(([, name]) =>
      join(folder, system, outputOf(name), 'program.js'),
    );
    const preload = system === 'esm' ? '--import' : '--require';
    const result = node(system, ...first.flatMap((file) => [preload, file]), last);
    expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  // The compilation above checks the declarations themselves, with those of Node, which take long to read.
  test('compile with the module resolution of TypeScript before 5', ({ skip }) => {
    skip(noLibraries !== undefined, noLibraries);
    writeFileSync(
      join(folder, 'commonjs/node10.ts'),
      `import { Profile, type ProfileDocument } from 'seccomp';
      import { type ProbeAnswer, probe } from 'seccomp/testing';
      const document: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW' };
      const answers: readonly ProbeAnswer[] = probe(document, 'read');
      // @ts-expect-error not the name of a syscall
      Profile.denylist().deny('mkdri');`,
    );
    const options = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0', types: [] };
    const config = configure('commonjs', 'node10', { ...options, skipLibCheck: true, noEmit: true }, 'node10.ts');
    expect(node('commonjs', join(libraries, 'typescript/lib/tsc.js'), '-p', config).stdout).toBe('');
  });
});

test('plain Jest tests a CommonJS app that uses the package, and the matchers', ({ skip }) => {
  skip(noLibraries !== undefined, noLibraries);
  const { status, stderr } = node('jest', join(libraries, 'jest/bin/jest.js'), '--no-cache', '--runInBand');
  expect(stderr).toMatch(/^Tests: {7}6 passed, 6 total$/m);
  expect(status).toBe(0);
});
