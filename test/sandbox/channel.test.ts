/** `'ipc'` in `stdio`: what a Sandbox adds to Node's own channel. test/compat/ipc.mjs compares the rest with Node. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { record } from '../../lib/record/record.js';
import type { SandboxedProcess } from '../../lib/sandbox/child/process/child-process.js';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { launchers } from '../support/processes.js';
import { isFiltered } from '../support/scripts.js';
import { until } from '../support/until.mjs';

const STDIO = ['ignore', 'inherit', 'inherit', 'ipc'] as const;

const node = (script: string, options: object = {}): SandboxedProcess =>
  spawn(process.execPath, ['-e', script], 'docker-default', { stdio: STDIO, ...options });

test('a child with a channel is supervised as any other', async ({ skip }) => {
  skip(isFiltered(), 'this process has a filter already, which may deny the call without a report');
  const child = node("require('node:child_process').spawnSync('unshare', ['-U', 'true']); process.send('done')", {
    onViolation: true,
  });
  expect(await once(child, 'message')).toEqual(['done', undefined]);
  await once(child, 'close');
  expect(child.violations).toContainEqual(expect.objectContaining({ syscall: 'unshare', deniedBy: 'profile' }));
});

test('the launcher runs as long as the child', async () => {
  await until(() => launchers().length === 0); // Those of other tests.
  const child = node("process.on('message', process.disconnect)");
  expect(launchers()).toHaveLength(1);
  child.send('end');
  await once(child, 'close');
  expect(launchers()).toEqual([]);
});

test.each([
  ['a folder that is not there', () => node('', { cwd: '/no/such/folder' })],
  ['a descriptor that is not valid', () => spawn('true', 'unconfined', { stdio: [...STDIO, 1.5] })],
])('no launcher stays behind where the start fails: %s', async (_, start) => {
  try {
    const child = start();
    child.on('error', () => {});
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.connected).toBe(false);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
  }
  await until(() => launchers().length === 0);
});

test('functions whose callers could not use a channel refuse it', async () => {
  const stdio = [...STDIO];
  const refused = (by: string) =>
    expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(`"ipc" is not for ${by}`) });
  await expect(run('true', 'unconfined', { stdio })).rejects.toEqual(refused('run'));
  await expect(record('true', [], { stdio })).rejects.toEqual(refused('record'));
  expect(() => spawnSync('true', 'unconfined', { stdio })).toThrowError(
    expect.objectContaining({ code: 'ERR_IPC_SYNC_FORK' }),
  );
});
