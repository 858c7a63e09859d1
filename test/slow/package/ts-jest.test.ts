/** The package in a project whose tests ts-jest compiles. test/package/module-systems.test.ts checks its types. */
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installPackage } from '../../support/installed.js';
import { libraries, noLibraries } from '../../support/libraries.js';
import { packageRoot } from '../../support/root.js';

test('ts-jest compiles and runs tests of an app that uses the package, in TypeScript', ({ skip, onTestFinished }) => {
  skip(noLibraries !== undefined, noLibraries);
  const projects = join(packageRoot, 'test/package/projects');
  const { folder, remove } = installPackage(projects, ['@types', '@jest', 'expect']);
  onTestFinished(remove);
  // ts-jest does not work with TypeScript 7, which this checkout has. It looks for TypeScript in the project's folder.
  for (const name of ['ts-jest', 'typescript']) symlinkSync(join(libraries, name), join(folder, 'node_modules', name));

  // Without the variables by which Jest takes itself for a worker.
  const environment = Object.entries(process.env).filter(([name]) => !/^(VITEST|JEST|NODE_ENV)/.test(name));
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(libraries, 'jest/bin/jest.js'), '--no-cache', '--runInBand'],
    { cwd: join(folder, 'ts-jest'), env: { ...Object.fromEntries(environment), NO_COLOR: '1' }, encoding: 'utf8' },
  );
  expect(stderr).toMatch(/^Tests: {7}3 passed, 3 total$/m);
  expect(status).toBe(0);
});
