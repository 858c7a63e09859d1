/**
 * Uses of child_process as packages have them compile, and give the same, with node:child_process and with the functions
 * of a Sandbox: only the import differs.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../support/scripts.js';

/** A folder in which `seccomp` is installed. */
const folder = mkdtempSync(join(tmpdir(), 'seccomp-drop-in-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(packageRoot, join(folder, 'node_modules', 'seccomp'));
symlinkSync(join(packageRoot, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');

const IMPORT = / from 'node:child_process';$/m;
const uses = readdirSync(join(import.meta.dirname, 'uses'));
for (const from of ['node', 'sandboxed']) mkdirSync(join(folder, from));
for (const name of uses) {
  const code = readFileSync(join(import.meta.dirname, 'uses', name), 'utf8');
  writeFileSync(join(folder, 'node', name), code);
  writeFileSync(join(folder, 'sandboxed', name), code.replace(IMPORT, " from '../sandboxed.js';"));
}
cpSync(join(import.meta.dirname, 'sandboxed.ts'), join(folder, 'sandboxed.ts'));
cpSync(join(import.meta.dirname, 'children'), join(folder, 'children'), { recursive: true });

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true, // test/package/module-systems.test.ts checks the declarations themselves.
};
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ compilerOptions, include: ['sandboxed.ts', 'node', 'sandboxed'] }),
);
const compiled = spawnSync(join(packageRoot, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });

test('each use imports node:child_process once, and there are at least 30', () => {
  const others = uses.filter(
    (name) => readFileSync(join(import.meta.dirname, 'uses', name), 'utf8').split(/child_process['"]/).length !== 2,
  );
  expect(others).toEqual([]);
  expect(uses.length).toBeGreaterThanOrEqual(30);
});

test('all uses compile under strict settings, with the import changed and without', () => {
  expect(compiled.stdout + compiled.stderr).toBe('');
});

test('all uses return the same', () => {
  const [inNode, inSandbox] = ['node', 'sandboxed'].map((name) => resultsOf(join(folder, name)));
  expect(Object.keys(inNode ?? {}).length).toBe(uses.length);
  expect(inSandbox).toEqual(inNode);
});

function resultsOf(directory: string): Readonly<Record<string, string>> {
  const runner = join(import.meta.dirname, 'runner.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, directory], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}
