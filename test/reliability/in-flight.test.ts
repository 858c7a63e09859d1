/**
 * Descriptors that are on their way over sockets are counted by user, in all of its processes. A child that may have fewer open
 * hands over its listener when the others have arrived.
 */
import { type ChildProcess, spawn as start } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { run } from '../../lib/sandbox/run.js';
import { obstacleTo } from '../support/commands.js';

const HOLDER = readFileSync(new URL('in-flight.py', import.meta.url), 'utf8');
/** A user that has no other processes. */
const OTHER = { uid: 54_321, gid: 54_321, cwd: '/' };
const obstacle = process.getuid?.() === 0 ? obstacleTo('python3') : 'needs root, to start programs of another user';

let holder: ChildProcess | undefined;
afterEach(() => void holder?.kill('SIGKILL'));

/** Starts a program of the same user that has more descriptors on their way. */
async function hold(...args: readonly string[]) {
  const child = start('python3', ['-c', HOLDER, ...args], { ...OTHER, stdio: ['pipe', 'pipe', 'inherit'] });
  holder = child;
  await once(child.stdout, 'data');
}

const startChild = () =>
  run('true', [], 'docker-default', { ...OTHER, rlimits: { nofile: 40 }, onViolation: true, isolate: false });

test('a child starts when they have arrived', async ({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  await hold('child');
  expect(await startChild()).toMatchObject({ exitCode: 0 });
});

test('a child that waits in vain says which limit is too low', async ({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  await hold();
  await expect(startChild()).rejects.toThrow(/the child may have open: raise rlimits\.nofile$/);
});
