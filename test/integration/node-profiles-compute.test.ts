/** The built-in profile `compute`: static programs start under it, and a Node program hardens itself with it. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as sandbox from '../../lib/index.js';
import { compileC } from '../support/compile-c.js';
import { finish, type Run } from '../support/processes.js';

function runWith(input: string, command: string, args: readonly string[], profile: string): Promise<Run> {
  const child = sandbox.spawn(command, args, profile);
  child.stdin?.on('error', () => {}).end(input); // A program that could not start does not read its input.
  return finish(child);
}

test('a static C program reads its input and writes its output', async () => {
  const { stdout, code } = await runWith('text\n', compileC('upper.c'), [], 'compute');
  expect({ stdout, code }).toEqual({ stdout: 'TEXT\n', code: 0 });
});

test('a static Go program with threads does so too: esbuild', async () => {
  const esbuild = createRequire(import.meta.url).resolve(`@esbuild/linux-${process.arch}/bin/esbuild`);
  const { stdout, code } = await runWith('let a: number = 6', esbuild, ['--loader=ts'], 'compute');
  expect({ stdout, code }).toEqual({ stdout: 'let a = 6;\n', code: 0 });
});

test('a dynamic program exits, because its loader cannot open the C library', async () => {
  const { stderr, code } = await runWith('', '/bin/cat', [], 'compute');
  expect(stderr).toMatch(/error while loading shared libraries: .*: Operation not permitted/);
  expect(code).toBe(127);
});

test('a Node program hardens itself, computes, and can do nothing else', async ({ skip }) => {
  if (!('harden' in sandbox)) skip('this package has no harden yet');
  const script = fileURLToPath(new URL('../support/hardened.mjs', import.meta.url));
  const { stdout, stderr, code } = await runWith('[1, 2, 3]', process.execPath, [script], 'node');
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    sum: 6,
    product: 42,
    hash: 'e3b0c442',
    key: 8,
    unpacked: ['text', 'text'],
    timer: 'fires',
    date: '1970-01-01T00:00:00.000Z',
    random: 36,
    file: 'EPERM',
    fileInThePool: 'EPERM',
    module: 'ERR_MODULE_NOT_FOUND',
    network: 'EPERM',
    machine: 'EPERM',
    program: 'EPERM',
    signal: 'EPERM',
  });
});

test('a Node program that hardened itself goes on after a first SIGTERM, and ends on a second', async () => {
  const script = fileURLToPath(new URL('../support/compute-echo.mjs', import.meta.url));
  const child = sandbox.spawn(process.execPath, [script], 'node', { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  child.kill();
  child.stdin.write('still here\n');
  expect((await lines.next()).value).toBe('still here');
  child.kill();
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});
