/** assertMakesNoDeniedCalls: a program that hides what it was denied does not pass. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { loadSandbox } from '../../lib/sandbox/load-sandbox.js';
import type { RunOptions } from '../../lib/sandbox/run.js';
import {
  assertAllowed,
  assertDenied,
  assertMakesNoDeniedCalls,
  assertRunsUnder,
  matchers,
} from '../../lib/testing/index.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-denied-calls-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'sandbox.json');
writeFileSync(file, '{ "network": "none", "paths": { "read": ["@system", "@node"] } }');

const node = (script: string) => [process.execPath, '-e', script];
const SWALLOWS = node("require('node:net').connect(443, '192.0.2.1').on('error', () => console.log('offline'))");
const COUNTS = node('console.log([1, 2, 3].length)');
const opens = (path: string) => `try { require('node:fs').readFileSync(${path}) } catch {}`;
const reads = (path: string) => node(opens(JSON.stringify(path)));
/** More kinds of calls that don't count than are listed, and then one that does. */
const FLOODS = node(`
  for (let i = 0; i < 2100; i++) ${opens("'/proc/self' + i.toString(2).replaceAll('0', '/').replaceAll('1', '/.') + '/maps'")}
  ${opens(JSON.stringify(file))}`);

/** A program under it may have started others that were killed: the kernel does not report these calls. */
const KILLING: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mount'], action: 'SCMP_ACT_KILL_PROCESS' }],
};

test.each<[string, Parameters<typeof assertMakesNoDeniedCalls>[1], RunOptions]>([
  ['a profile', 'node-no-network', {}],
  ['an option', 'docker-default', { network: 'none' }],
  ['an object', loadSandbox({ network: 'none' }), {}],
])('names the call of a program that swallows its error, denied by %s', async (_, profile, options) => {
  const assertion = assertMakesNoDeniedCalls(SWALLOWS, profile, options);
  await expect(assertion).rejects.toThrow(
    /^\S+ -e .* made denied calls: socket\(AF_INET, SOCK_STREAM.*\ndenied: socket/,
  );
  await assertRunsUnder(SWALLOWS, profile, options);
  await assertMakesNoDeniedCalls(COUNTS, profile, options);
});

test('names three kinds of calls, and counts the others', async () => {
  const names = ['mkdir', 'mkdirat', 'rmdir', 'unlinkat', 'symlink', 'symlinkat', 'mknod', 'mknodat'];
  const syscalls = [{ names, action: 'SCMP_ACT_ERRNO' }] as const;
  const command = ['mkdir /nowhere/a', 'rmdir /nowhere/a', 'ln -s a /nowhere/a', 'mkfifo /nowhere/a'];
  const made = (count: number) =>
    assertMakesNoDeniedCalls(['sh', '-c', [...command.slice(0, count), 'true'].join(';')], {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls,
    });
  await expect(made(3)).rejects.toThrow(/^sh .* made denied calls: mkdir.*, (rmdir|unlinkat)\(.*, symlink.*\)\n/);
  await expect(made(4)).rejects.toThrow(
    /^sh .* made denied calls: mkdir.*, (rmdir|unlinkat)\(.*, symlink.*\), and 1 more\n/,
  );
});

test('names a Unix socket, as C libraries make one to ask nscd, after the other calls', async () => {
  const both = node(`
    const connect = (...to) => require('node:net').connect(...to).on('error', () => {});
    connect('/nowhere').on('close', () => connect(443, '192.0.2.1'));`);
  await expect(assertMakesNoDeniedCalls(both, 'docker-default', { network: 'none' })).rejects.toThrow(
    / made denied calls: socket\(AF_INET, [^)]*\), socket\(AF_UNIX, .*\ndenied: socket\(AF_INET.*\ndenied: socket\(AF_UNIX/,
  );
});

test('names a file that is not granted, also one about another process, and not what Node reads of itself', async ({
  skip,
}) => {
  skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
  const sandbox = loadSandbox(file);
  await assertMakesNoDeniedCalls(COUNTS, sandbox);
  for (const denied of [file, '/proc/1/maps', `/proc/${process.pid}/maps`, `/proc/self/../${process.pid}/maps`])
    await expect(assertMakesNoDeniedCalls(reads(denied), sandbox)).rejects.toThrow(
      `made denied calls: openat(AT_FDCWD, "${denied}"`,
    );
});

/** Starts a shell command that outlives the program and is in a session of its own. */
const leaving = (script: string) => ['sh', '-c', `setsid sh -c '${script}' $$ >/dev/null 2>&1 </dev/null &`];
/** Waits for the end of the program, whose process ID is $0. */
const AFTER = 'tail -s 0.01 --pid=$0 -f /dev/null';

test.each<[string, RunOptions]>([
  ['killed with it', {}],
  ['limited', { limits: { processes: 100, exact: 'preferred' } }],
  ['left', { isolate: false }],
])('sees what processes do that outlive the program, and would be %s', async (_, options) => {
  const makes = (script: string) => assertMakesNoDeniedCalls(leaving(script), 'docker-default', options);
  await makes(AFTER);
  await expect(makes(`${AFTER}; unshare -U true`)).rejects.toThrow(/ made denied calls: unshare\(CLONE_NEWUSER\)\n/);
  await expect(makes(`exec tail --pid=${process.pid} -f /dev/null`)).rejects.toThrow(
    /\ndenied calls may be missing: processes that the program had /,
  );
});

test('is red if processes that outlive the program are ended for a limit', async ({ skip }) => {
  skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
  const many = leaving(`${AFTER}; for i in 1 2 3 4 5 6; do tail -f /dev/null & done; wait`);
  const assertion = assertMakesNoDeniedCalls(many, 'docker-default', { limits: { processes: 5, exact: false } });
  await expect(assertion).rejects.toThrow(/\ndenied calls may be missing: processes that .* for a limit/);
});

test('is red for more denied calls than are listed, and where denials are not reported or not enforced', async () => {
  const options = { paths: { read: ['@system', '@node'] } } as const;
  await expect(assertMakesNoDeniedCalls(FLOODS, 'docker-default', options)).rejects.toThrow(
    /made \d+ denied calls of kinds that violations does not list/,
  );
  const unreported = { ...options, reportPaths: false };
  await expect(assertMakesNoDeniedCalls(COUNTS, 'docker-default', unreported)).rejects.toThrow('options.reportPaths');
  const unenforced = { ...options, bestEffort: true };
  await expect(assertMakesNoDeniedCalls(COUNTS, 'docker-default', unenforced)).rejects.toThrow('options.bestEffort');
  const left = { descendants: 'leave' } as const;
  await expect(assertMakesNoDeniedCalls(COUNTS, 'docker-default', left)).rejects.toThrow('options.descendants');
});

test('is red for a program that fails or could hide calls, and also with .not', async () => {
  for (const isNot of [false, true]) {
    const matched = (command: readonly string[], options: RunOptions = {}) =>
      matchers.toMakeNoDeniedCalls.call({ isNot }, command, 'docker-default', options);
    expect((await matched(['sh', '-c', 'echo broken >&2; exit 3'])).pass).toBe(isNot);
    for (const answered of [(call: NotifiedCall) => call.deny('EPERM'), (call: NotifiedCall) => call.return(0)])
      expect((await matched(['uname'], { notify: { uname: answered } })).pass).toBe(isNot);
    expect((await matchers.toMakeNoDeniedCalls.call({ isNot }, ['true'], KILLING)).pass).toBe(isNot);
    expect((await matched(['sleep', '60'], { timeout: 50 })).pass).toBe(isNot);
    await expect(matched(['/missing'])).rejects.toThrow(RunError);
    await expect(matched(['true'], { onViolation: false })).rejects.toThrow('options.onViolation');
  }
  expect((await matchers.toMakeNoDeniedCalls.call({}, ['true'], 'docker-default')).message()).toBe(
    'true makes no denied call, and should make one',
  );
  expect((await matchers.toMakeNoDeniedCalls.call({ isNot: true }, SWALLOWS, 'node-no-network')).pass).toBe(false);
});

test('calls are asserted of sandboxes, and with network: none', () => {
  const socket = { syscall: 'socket', args: [2, 1, 0] } as const;
  assertDenied(loadSandbox({ network: 'none' }), socket, { errno: 'EACCES' });
  assertDenied('docker-default', socket, { network: 'none' });
  assertAllowed('docker-default', socket);
  assertDenied('unconfined', socket, { network: 'none' });
  assertAllowed('unconfined', socket);
});

test('calls are asserted with paths, which denies those that Landlock does not check', ({ skip }) => {
  skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
  const paths = { read: ['@system'] };
  assertAllowed('unconfined', 'open_by_handle_at');
  assertDenied('unconfined', 'open_by_handle_at', { paths });
  assertDenied(loadSandbox({ paths, profile: 'unconfined' }), 'open_by_handle_at');
});
