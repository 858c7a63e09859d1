/**
 * Violations as data: copies, the profile and the rule that denied a call, remedies, fallbacks, and messages of errors.
 */
import { inspect } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import type { NativeKind } from '../../lib/native.js';
import { isFallback } from '../../lib/notify/violations/fallback.js';
import { deniedKind, violationOf } from '../../lib/notify/violations/violation.js';
import { denialsFor } from '../../lib/policy/denials.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { Profile } from '../../lib/profile/profile.js';
import { extend, loadProfile } from '../../lib/profile/source.js';
import { record } from '../../lib/record/record.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { compile } from '../../lib/sandbox/compile.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { errnoOn } from '../../lib/syscalls/errno.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { compileC } from '../support/compile-c.js';

const { abi } = thisHost();

const numberOf = (name: string) => String(syscallNumber(abi, name));

const denying = (...names: string[]): ProfileDocument => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
});

/** The violations of a program that makes one call, given by its number. */
const rawCall = (profile: ProfileDocument | Profile | string, ...args: string[]) =>
  spawnSync(compileC('raw-call.c'), args, profile, { onViolation: true }).violations;

const [mount] = spawnSync(compileC('many-mounts.c'), denying('mount'), { onViolation: true }).violations;

/** The copy of a message that another thread receives. */
function posted(message: unknown): unknown {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(message);
  const received = receiveMessageOnPort(port2);
  port1.close();
  return received?.message;
}

describe('a violation', () => {
  const json = JSON.stringify(mount);

  test('is preserved by JSON', () => {
    expect(JSON.parse(json)).toEqual(mount);
  });

  test.each<[string, (value: unknown) => unknown]>([
    ['structuredClone', structuredClone],
    ['a message to another thread', posted],
    ['a spread copy', (value) => ({ ...(value as object) })],
  ])('is preserved by %s, and the copy by JSON', (_, copy) => {
    expect(copy(mount)).toEqual(mount);
    expect(JSON.stringify(copy(mount))).toBe(json);
  });

  test('shows its values, not its getters, to util.inspect', () => {
    expect(inspect(mount, { depth: 5 })).toMatch(/why: 'inline, syscalls\[0\]'/);
  });

  test('has registers and memory as hexadecimal digits', () => {
    expect(mount?.args).toEqual(Array(6).fill(expect.stringMatching(/^0x[0-9a-f]+$/)));
    expect(Buffer.from(mount?.captured[1] ?? '', 'hex').toString()).toBe('/nowhere/0');
    expect(mount?.captured[5]).toBeNull();
  });

  test('has no remedy if an argument is too large for JSON, rather than a remedy for more calls', () => {
    const [low] = rawCall(denying('mount'), numberOf('mount'), '0', '0', '0', '0x1000');
    expect(low?.remedy?.args).toEqual([{ index: 3, value: 0x1000, op: 'SCMP_CMP_EQ' }]);
    const [high] = rawCall(denying('mount'), numberOf('mount'), '0', '0', '0', '0x1000000000000001');
    expect(high).toMatchObject({ args: expect.arrayContaining(['0x1000000000000001']), remedy: undefined });
  });

  test('has no remedy if the call has no name', () => {
    const profile = Profile.allowlist({ newerCalls: 'default' }).allow('@default', 'exit_group');
    const found = rawCall(profile, '1000').find(({ syscall }) => syscall === 'syscall 1000');
    expect(found).toMatchObject({
      remedy: undefined,
      fallback: false,
      profile: 'allowlist',
      why: 'no rule of allowlist names it',
    });
  });
});

describe('the profile of a violation', () => {
  test('is the one among several that denies the call', () => {
    const profiles = [denying('acct'), extend(denying('acct')).deny('mount')];
    const { violations } = spawnSync(compileC('many-mounts.c'), [], profiles, { onViolation: true });
    expect(violations).toMatchObject([
      {
        deniedBy: 'profile',
        profile: 'the profile built on inline',
        why: '"the profile built on inline", syscalls[1]',
      },
    ]);
  });

  test('is null if a compiled filter denies the call', () => {
    const profiles = [denying('acct'), compile(denying('mount'))];
    const { violations } = spawnSync(compileC('many-mounts.c'), [], profiles, { onViolation: true });
    expect(violations).toMatchObject([
      { deniedBy: 'filter', profile: undefined, rule: undefined, why: 'a compiled filter denies it' },
    ]);
  });
});

test('the host of a profile is read once, when the first of its violations is explained', () => {
  const profile = loadProfile('docker-default');
  let asked = 0;
  class Counting extends Set<string> {
    override has(name: string): boolean {
      asked++;
      return super.has(name);
    }
  }
  const context = {
    profiles: [profile],
    host: { ...thisHost(), capabilities: new Counting() },
    denials: { ...denialsFor(true), supervised: true },
    unreported: [],
  };
  const denied = (path: string): NativeKind => ({
    arch: abiOf(abi).audit,
    number: Number(numberOf('mount')),
    answer: 0x5_0001,
    pid: 1,
    tid: 1,
    executable: Buffer.of(),
    instruction: Buffer.of(),
    args: [0n, 0n, 0n, 0n, 0n, 0n],
    captured: [undefined, Buffer.from(path), undefined, undefined, undefined, undefined],
    files: [],
    flags: 0,
  });
  const why = (path: string) => violationOf(deniedKind(denied(path), context), 1).why;
  violationOf(deniedKind(denied('/a'), context), 1);
  expect(asked).toBe(0);
  expect(why('/a')).toMatch(/^no rule that names it applies here: Mounts/);
  const once = asked;
  for (let i = 0; i < 100; i++) why(`/${i}`);
  expect(asked).toBe(once);
});

test('calls that a supervised child may never make are denied by supervision', () => {
  const arg = (name: string) => rawCall({ defaultAction: 'SCMP_ACT_ALLOW' }, numberOf(name), '0', '0', '0');
  expect(arg('pidfd_getfd')).toMatchObject([
    { syscall: 'pidfd_getfd', deniedBy: 'supervision', profile: undefined, rule: undefined, remedy: undefined },
  ]);
});

test('calls that Landlock would not check are denied by paths', () => {
  const denials = denialsFor(true, { unixSockets: true, truncation: false, deviceIoctls: false });
  const context = { profiles: [Profile.denylist()], host: thisHost(), denials, unreported: [] };
  const denied: NativeKind = {
    arch: abiOf(abi).audit,
    number: Number(numberOf('socket')),
    answer: 0x5_0000 | errnoOn(abi, 'EAFNOSUPPORT'),
    pid: 1,
    tid: 1,
    executable: Buffer.of(),
    instruction: Buffer.of(),
    args: [1n, 1n, 0n, 0n, 0n, 0n],
    captured: [undefined, undefined, undefined, undefined, undefined, undefined],
    files: [],
    flags: 0,
  };
  expect(violationOf(deniedKind(denied, context), 1)).toMatchObject({
    deniedBy: 'paths',
    why: expect.stringMatching(/^paths denies socket of AF_UNIX/),
    remedy: undefined,
  });
});

describe('a fallback', () => {
  const ENOSYS = { kind: 'errno', errno: 38 } as const;
  const EPERM = { kind: 'errno', errno: 1 } as const;

  test.each([
    ['clone3', ENOSYS, false, true],
    ['statx', ENOSYS, false, true],
    ['clock_gettime64', ENOSYS, false, true],
    ['futex_time64', ENOSYS, false, true],
    ['some_new_call', ENOSYS, true, true],
    ['landlock_create_ruleset', ENOSYS, true, true],
    ['timer_settime64', ENOSYS, false, true],
    ['timerfd_gettime64', ENOSYS, false, true],
    ['timerfd_create64', ENOSYS, false, false],
    ['openat', ENOSYS, true, false],
    ['open', ENOSYS, true, false],
    ['finit_module', ENOSYS, true, false],
    ['sched_setattr', ENOSYS, true, true], // The first of Linux 3.14.
    ['io_uring_setup', ENOSYS, false, true],
    ['io_uring_setup', EPERM, false, true],
    ['io_uring_enter', EPERM, false, true],
    ['io_uring_register', ENOSYS, false, true],
    ['io_uring_setup', { kind: 'errno', errno: 13 } as const, true, false],
    ['clone3', EPERM, false, false],
    ['mount', ENOSYS, false, false],
    ['clock_settime', ENOSYS, false, false],
    ['io_uring_setup', { kind: 'kill-process' } as const, false, false],
  ])('%s with %j (newer than the profile: %s) is one: %s', (syscall, action, isNewer, expected) => {
    expect(isFallback(syscall, action, isNewer)).toBe(expected);
  });

  test('is every denial of a Node program that works', () => {
    const { status, violations } = spawnSync(process.execPath, ['-e', '0'], 'docker-default', {
      onViolation: true,
    });
    expect(status).toBe(0);
    expect(violations.filter(({ fallback }) => !fallback)).toEqual([]);
    expect(violations).not.toEqual([]);
  });

  test('is not what keeps a program from starting under an allowlist that names too little', async () => {
    const profile = Profile.allowlist().allow('read', 'write');
    const error = await run('true', [], profile, { onViolation: true }).catch((reason: unknown) => reason);
    if (!(error instanceof RunError)) throw new Error('true did not fail');
    expect(error.message).toMatch(/\ndenied: \w+\(.*\): it is newer than every syscall that allowlist names/);
  });

  test('is ENOSYS for a call that is newer than the profile', () => {
    const profile = extend('docker-default');
    expect(rawCall(profile, '1000')).toMatchObject([
      { syscall: 'syscall 1000', fallback: true, why: 'it is newer than every syscall that docker-default names' },
    ]);
  });
});

describe('the message of a RunError', () => {
  const profile = denying('mount', 'mkdir', 'mkdirat');
  const failing = async (script: string, options = {}, under: ProfileDocument | Profile | string = profile) => {
    const error = await run('sh', ['-c', script], under, options).catch((reason: unknown) => reason);
    if (!(error instanceof RunError)) throw new Error('sh did not fail');
    return error;
  };

  test('ends with the denied calls', async () => {
    const { message } = await failing('mkdir /nowhere/a; mkdir /nowhere/a', { onViolation: true });
    expect(message).toMatch(/\ndenied: mkdir(at)?\(.*"\/nowhere\/a", 0777\) \(2 times\) by inline, syscalls\[0\]$/);
  });

  test('gives the reason if no rule denied a call', async () => {
    const { message } = await failing('unshare --user true', { onViolation: true }, 'docker-default');
    expect(message).toMatch(/\ndenied: unshare\(CLONE_NEWUSER\): no rule that names it applies here: .+$/);
  });

  test('lists the first three kinds, and counts the others', async () => {
    const { message, violations } = await failing(`${compileC('many-mounts.c')} 9; exit 1`, { onViolation: true });
    expect(violations).toHaveLength(9);
    const lines = message.split('\n').slice(1);
    expect(lines.slice(0, -1)).toEqual([0, 1, 2].map((i) => expect.stringContaining(`"/nowhere/${i}"`)));
    expect(lines.at(-1)).toBe('and 6 more kinds of denied calls: see violations');
  });

  test('does not list denials that programs expect', async () => {
    const script = `${process.execPath} -e 'process.exit(1)'`;
    const { message, violations } = await failing(script, { onViolation: true }, 'docker-default');
    expect(violations).not.toEqual([]);
    expect(message).toBe(`sh -c ${script}: ended with exit code 1`);
  });

  const killing: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mount'], action: 'SCMP_ACT_KILL_PROCESS' }],
  };

  test.each([
    ['SIGSYS', `exec ${compileC('many-mounts.c')}`, killing],
    ['exit code 159', `${compileC('many-mounts.c')}; exit $?`, killing],
    ['exit code 127', 'no-such-program', profile],
    ['exit code 126', '/', profile],
    ['(SIGSEGV|exit code 127)', 'exec true', Profile.allowlist().allow('read', 'write')],
  ])('explains after %s how to observe denied calls', async (end, script, under) => {
    const { message } = await failing(script, {}, under);
    expect(message).toMatch(new RegExp(`: ended with ${end}\n`));
    expect(message).toMatch(/\nhint: .*onViolation: true/);
  });

  test('has no such hint if denied calls were observed, or nothing is filtered', async () => {
    expect((await failing('no-such-program', { onViolation: true })).message).not.toContain('hint');
    expect((await failing('no-such-program', {}, 'unconfined')).message).not.toContain('hint');
    expect((await failing('kill -SYS $$', {}, 'unconfined')).message).not.toContain('hint');
  });

  test('explains after SIGSYS how to find out the call, even if denied calls are observed', async () => {
    const hint =
      /\nhint: SIGSYS ends a program .* with SCMP_ACT_ERRNO in place of these actions, and with onViolation: true$/;
    const program = compileC('many-mounts.c');
    expect((await failing(`exec ${program}`, { onViolation: true }, killing)).message).toMatch(hint);
    const sandbox = new Sandbox(killing, { onViolation: true });
    expect(() => sandbox.execFileSync(program, [], { stdio: 'pipe' })).toThrow(hint);
    const error = await new Promise<Error | null>((resolve) => sandbox.execFile(program, [], resolve));
    expect(error?.message).toMatch(hint);
  });

  test('is preserved with the violations by JSON, copies and messages', async () => {
    const error = await failing('mkdir /nowhere/a', { onViolation: true });
    expect(JSON.parse(JSON.stringify(error)).violations).toEqual(error.violations);
    expect(inspect(error)).toContain('"/nowhere/a"');
    for (const copy of [structuredClone(error), posted(error)]) expect(copy).toMatchObject({ message: error.message });
  });

  test('of execFile and execFileSync ends likewise, if denied calls are observed', async () => {
    const sandbox = new Sandbox(profile, { onViolation: true });
    const ends = /\ndenied: mkdir(at)?\(.*"\/nowhere\/a", 0777\) by inline, syscalls\[0\]$/;
    expect(() => sandbox.execFileSync('mkdir', ['/nowhere/a'], { stdio: 'pipe' })).toThrow(ends);
    const error = await new Promise<Error | null>((resolve) => sandbox.execFile('mkdir', ['/nowhere/a'], resolve));
    expect(error?.message).toMatch(ends);
  });
});

test('a recording has calls as plain data, with decoded arguments', async () => {
  const { calls } = await record('mkdir', ['/nowhere/a'], { stdio: 'ignore' });
  const made = calls.find(({ syscall }) => syscall.startsWith('mkdir'));
  expect(made?.decoded.join()).toContain('"/nowhere/a"');
  expect(JSON.parse(JSON.stringify(calls))).toEqual(calls);
  expect(structuredClone(calls)).toEqual(calls);
});
