/** The channels seccomp:start and seccomp:end. test/notify/violations.test.ts has that of violations. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { extend } from '../../lib/profile/source.js';
import { publish } from '../../lib/sandbox/child/diagnostics.js';
import { run } from '../../lib/sandbox/run.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';

const NAMES = ['seccomp:start', 'seccomp:violation', 'seccomp:end'] as const;
const seen: (readonly [string, unknown])[] = [];
const listen = (message: unknown, name: string | symbol) => void seen.push([String(name), message]);
beforeEach(() => {
  seen.length = 0;
  for (const name of NAMES) subscribe(name, listen);
});
afterEach(() => {
  for (const name of NAMES) unsubscribe(name, listen);
});

const USED = { wallTime: expect.any(Number), cpuTime: expect.any(Number), maxRss: null, peakMemory: null };
/** uname(2), which the profiles of container engines allow: this package's supervisor answers it. */
const PROFILE = extend('docker-default').deny('uname');
/** What is published of a program that ends with exit code 1 after a call of it was denied. */
const published = (process: object) => {
  const program = { ...process, pid: expect.any(Number), file: 'uname', args: ['uname'] };
  return [
    ['seccomp:start', { ...program, enforcement: expect.objectContaining({ isolation: expect.anything() }) }],
    ['seccomp:violation', { ...process, violation: expect.objectContaining({ syscall: 'uname' }) }],
    ['seccomp:end', { ...program, exitCode: 1, signal: null, limit: null, usage: USED }],
  ];
};

test('tell of a child, in order', async () => {
  await run('uname', [], PROFILE).catch(() => {});
  expect(seen).toEqual(published({ process: expect.objectContaining({ spawnfile: 'uname' }) }));
});

test('tell of a program that is waited for, when it has ended', () => {
  spawnSync('uname', [], PROFILE);
  expect(seen).toEqual(published({}));
});

test('tell nothing of a program that is not started', async () => {
  await run('/missing', 'docker-default').catch(() => {});
  expect(() => spawnSync('/missing', 'docker-default')).not.toThrow();
  expect(seen).toEqual([]);
});

test('cost nothing without a subscriber: no message is made', () => {
  const message = vi.fn();
  publish('seccomp:start', message);
  expect(message).toHaveBeenCalledOnce();
  unsubscribe('seccomp:start', listen);
  publish('seccomp:start', message);
  expect(message).toHaveBeenCalledOnce();
});
