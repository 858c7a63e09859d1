/**
 * Programs that try to bypass their profile. The profile denies mkdir; an attack has succeeded if the directory exists
 * afterwards. Each attack is first made without a profile, where it must succeed: otherwise its failure under the
 * profile shows nothing.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import type { ProbeCall } from '../../lib/testing/calls.js';
import { probe } from '../../lib/testing/probe.js';
import { compileC } from '../support/compile-c.js';
import { run } from '../support/processes.js';

/** An errno that mkdir(2) never has by itself: it shows that the filter denied the call. */
const ERRNO = constants.errno.EXDEV;

const noMkdir: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: ERRNO }],
};
/** The same profile for x86_64 alone, under which a call by another ABI ends the process. */
const { archMap: _, ...nativeOnly } = noMkdir;
const noExec: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['execve', 'execveat'], action: 'SCMP_ACT_ERRNO', errnoRet: ERRNO }],
};

const directory = mkdtempSync(join(tmpdir(), 'seccomp-adversary-'));
chmodSync(directory, 0o777);
const made = join(directory, 'made');
afterAll(() => rmSync(directory, { recursive: true }));

let attack = '';
let obstacle: string | undefined;
beforeAll(() => {
  try {
    // Executable by all users, also if another user built it.
    attack = join(directory, 'attack');
    copyFileSync(compileC('../adversary/attack.c', ['-static', '-pthread']), attack);
    chmodSync(attack, 0o755);
  } catch (error) {
    obstacle = `no C compiler: ${String(error).slice(0, 80)}`;
  }
});

/** Whether the directory was made. Removes it. */
function wasMade(): boolean {
  if (!existsSync(made)) return false;
  rmdirSync(made);
  return true;
}

/** Skips a test on a machine where the attack can't succeed. */
type Skip = (condition: boolean, reason?: string) => void;

/** Makes the attack without a profile. Skips the test unless it succeeds. */
async function attackWorks(
  skip: Skip,
  command: string,
  args: readonly string[],
  options?: SpawnOptions,
): Promise<void> {
  skip(obstacle !== undefined, obstacle);
  await run(command, args, 'unconfined', options);
  skip(!wasMade(), 'the attack fails on this machine without a profile too');
}

const isX86_64 = process.arch === 'x64';
const NOT_X86_64 = 'needs x86_64';

describe('mkdir stays denied', () => {
  const ways = ['plain', 'child', 'thread', 'looser filter', 'memfd'];
  const ofX86_64 = ['high bits of the number', '/proc/self/mem', 'tracer', 'sigreturn'];
  for (const way of isX86_64 ? [...ways, ...ofX86_64] : ways) {
    test(`by way of: ${way}`, async ({ skip }) => {
      await attackWorks(skip, attack, [way, made]);
      const { code, stdout } = await run(attack, [way, made], noMkdir);
      expect(wasMade()).toBe(false);
      // A program that started another one prints its own line after that of the other.
      expect([code, stdout.split('\n')[0]]).toEqual([1, String(ERRNO)]);
    });
  }

  test('by int 0x80, which kills the process if the profile covers x86_64 alone', async ({ skip }) => {
    skip(!isX86_64, NOT_X86_64);
    await attackWorks(skip, attack, ['int 0x80', made]);
    expect(await run(attack, ['int 0x80', made], noMkdir)).toMatchObject({ code: 1, stdout: `${ERRNO}\n` });
    expect(await run(attack, ['int 0x80', made], nativeOnly)).toMatchObject({ signal: 'SIGSYS' });
    expect(wasMade()).toBe(false);
  });

  // Most kernels lack x32, so the attack fails with ENOSYS without a filter.
  test('by bit 30 of the number, x32', async ({ skip }) => {
    skip(!isX86_64, NOT_X86_64);
    skip(obstacle !== undefined, obstacle);
    expect(await run(attack, ['x32', made], noMkdir)).toMatchObject({ code: 1, stdout: `${ERRNO}\n` });
    expect(await run(attack, ['x32', made], nativeOnly)).toMatchObject({ signal: 'SIGSYS' });
    expect(wasMade()).toBe(false);
  });

  test('by a library that is loaded first', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const library = compileC('../adversary/preload.c', ['-shared', '-fPIC']);
    const env = { ...process.env, LD_PRELOAD: library, MADE: made };
    await attackWorks(skip, 'true', [], { env });
    await run('true', [], noMkdir, { env });
    expect(wasMade()).toBe(false);
  });

  test('by the dynamic linker as the command, or a script', async ({ skip }) => {
    const script = join(directory, 'script');
    writeFileSync(script, `#!/bin/sh\nexec mkdir ${made}\n`, { mode: 0o755 });
    for (const [command, args] of [
      [script, []],
      ...linkers().map((linker) => [linker, [mkdirProgram(), made]]),
    ] as const) {
      await attackWorks(skip, command as string, args as readonly string[]);
      expect(await run(command as string, args as readonly string[], noMkdir)).toMatchObject({ code: 1 });
      expect(wasMade()).toBe(false);
    }
  });
});

/** The dynamic linkers that are loaded in this process. */
function linkers(): readonly string[] {
  const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
  return sharedObjects.filter((file) => /\/ld-[^/]*\.so/.test(file));
}

function mkdirProgram(): string {
  return ['/usr/bin/mkdir', '/bin/mkdir'].find((file) => existsSync(file)) ?? 'mkdir';
}

describe('a program that cannot start others', () => {
  test('cannot execute a memfd, which is not in a file system', async ({ skip }) => {
    await attackWorks(skip, attack, ['memfd', made]);
    expect(await run(attack, ['memfd', made], noExec)).toMatchObject({ code: 1, stdout: `${ERRNO}\n` });
    expect(wasMade()).toBe(false);
  });
});

test('a set-user-ID program gains no privileges', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'only root can make one');
  const who = join(directory, 'who');
  copyFileSync('/usr/bin/id', who);
  chmodSync(who, 0o4755);
  const ids = { uid: 65534, gid: 65534 };
  skip(
    spawnSync(who, ['-u'], { ...ids, encoding: 'utf8' }).stdout !== '0\n',
    'this file system ignores the setuid bit',
  );
  expect((await run(who, ['-u'], noMkdir, ids)).stdout).toBe('65534\n');
});

// Under the profile's filter, the probe attaches one that denies everything, so these calls have no effect: see
// docs/testing.md.
describe('docker-default is not bypassed', () => {
  const high = 1n << 32n;
  const NEWUSER = 0x10000000;
  test.each<[string, ProbeCall, string]>([
    ['AF_VSOCK', { syscall: 'socket', args: [40, 1] }, 'EPERM'],
    ['AF_VSOCK with bits that the kernel does not read', { syscall: 'socket', args: [40n | high, 1] }, 'EPERM'],
    ['clone with CLONE_NEWUSER', { syscall: 'clone', args: [NEWUSER] }, 'EPERM'],
    ['clone with all flags', { syscall: 'clone', args: [-1] }, 'EPERM'],
    ['clone3, whose flags are in memory', 'clone3', 'ENOSYS'],
    ['unshare', { syscall: 'unshare', args: [NEWUSER] }, 'EPERM'],
    ['io_uring, whose requests bypass the filter', 'io_uring_setup', 'EPERM'],
    ['personality READ_IMPLIES_EXEC', { syscall: 'personality', args: [0x400000] }, 'EPERM'],
    [
      'personality with bits that the kernel does not read',
      { syscall: 'personality', args: [0x400000n | high] },
      'EPERM',
    ],
    ['-1', { number: -1 }, 'ENOSYS'],
    ['a number between x86_64 and x32', { number: 0x3fffffff }, 'ENOSYS'],
    ['bit 31 beside a number', { number: 0x80000000 + 165 }, 'ENOSYS'],
  ])('by %s', (_, call, errno) => {
    expect(probe('docker-default', call).map((each) => each.errno)).toEqual([errno]);
  });

  test('by TIOCSTI with bits that the kernel does not read', () => {
    const profile: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: 0x5412, op: 'SCMP_CMP_EQ' }] },
      ],
    };
    const calls = [0x5412n, 0x5412n | high, (-1n << 32n) | 0x5412n].map((each) => ({
      syscall: 'ioctl',
      args: [0, each],
    }));
    expect(probe(profile, calls).map(({ errno }) => errno)).toEqual(['EPERM', 'EPERM', 'EPERM']);
  });

  test('by another ABI’s numbers', ({ skip }) => {
    skip(!isX86_64, NOT_X86_64);
    for (const abi of ['x86', 'x32'] as const) {
      const calls = ['mount', 'unshare', 'bpf', 'add_key', 'setns'].map((syscall) => ({ syscall, abi }));
      expect(probe('docker-default', calls).map(({ errno }) => errno)).toEqual(calls.map(() => 'EPERM'));
    }
  });
});

test('the vsyscall page is subject to the filter', async ({ skip }) => {
  skip(!isX86_64, NOT_X86_64);
  skip(obstacle !== undefined, obstacle);
  const alone = await run(attack, ['vsyscall', made], 'unconfined');
  skip(alone.code !== 0, 'this kernel has no vsyscall page');
  const noTime = { ...noMkdir, syscalls: [{ ...noMkdir.syscalls?.[0], names: ['time'] }] } as ProfileDocument;
  expect(await run(attack, ['vsyscall', made], noTime)).toMatchObject({ code: 1, stdout: `${ERRNO}\n` });
});
