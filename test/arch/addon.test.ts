/** The package itself, its addon built for arm64, on a real arm64 kernel. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document.js';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { callTo, toAnswer, toArgument } from '../support/probe.js';
import { parseStatus } from '../support/processes.js';
import {
  ARM64,
  compilerFor,
  crossCompile,
  type Files,
  keptFor,
  kernelOf,
  obstacleTo,
  PATIENCE_MS,
  runJobs,
} from './guest.js';

/** A program of the guest's, to be started under a profile there. */
interface Run {
  readonly file: string;
  readonly args: readonly string[];
  readonly profile: string | ProfileDocument;
}

interface Result {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
}

/** An address that nothing is mapped at. */
const NOWHERE = 1;
const INVALID = -1;

/** Calls that the kernel refuses for their arguments, but docker-default before that, with this errno. */
const BLOCKED = [
  ['add_key', [NOWHERE, NOWHERE, NOWHERE, 1, 0], 'EPERM'],
  ['bpf', [INVALID, 0, 0], 'EPERM'],
  ['mount', [NOWHERE, NOWHERE, NOWHERE, 0, NOWHERE], 'EPERM'],
  ['setns', [INVALID, 0], 'EPERM'],
  ['unshare', [1], 'EPERM'],
  ['clone3', [0, 0], 'ENOSYS'],
] as const;

/** The programs that make calls, by ABI. */
const PROBES = [
  { abi: 'aarch64', probe: 'probe' },
  { abi: 'arm', probe: 'probe-arm' },
] as const;

const NO_EXEC: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['execve', 'execveat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
};
const NO_MOUNT: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mount'], action: 'SCMP_ACT_KILL_PROCESS' }],
};

/** Has the calls made one by one under the profile. */
function probing(abi: AbiName, profile: Run['profile'], calls: readonly (readonly [string, readonly number[]])[]): Run {
  const probe = PROBES.find((each) => each.abi === abi)?.probe;
  const args = calls.map(([name, args]) => toArgument({ ...callTo(abi, name, ...args), abi: 'aarch64' }));
  return { file: `/bin/${probe}`, args, profile };
}

const blocked = BLOCKED.map(([name, args]) => [name, args] as const);
const RUNS = {
  'aarch64 under docker-default': probing('aarch64', 'docker-default', blocked),
  'aarch64 unconfined': probing('aarch64', 'unconfined', blocked),
  'arm under docker-default': probing('arm', 'docker-default', blocked),
  'arm unconfined': probing('arm', 'unconfined', blocked),
  exec: probing('aarch64', NO_EXEC, [['execve', [NOWHERE, 0, 0]]]),
  kill: probing('aarch64', NO_MOUNT, [['mount', []]]),
  status: {
    file: '/bin/node',
    args: ['-e', 'process.stdout.write(fs.readFileSync("/proc/self/status"))'],
    profile: 'docker-default',
  },
  doctor: { file: '/bin/node', args: ['/seccomp/dist/cli/main.js', 'doctor', '--json'], profile: 'unconfined' },
} satisfies Record<string, Run>;

const built = join(keptFor(ARM64), 'package');
const obstacle = obstacleTo(ARM64) ?? (existsSync(built) ? undefined : `nothing was built in ${built}`);
const where = obstacle === undefined ? `Linux ${kernelOf(ARM64).release}` : `(skipped: ${obstacle})`;

describe.skipIf(obstacle !== undefined)(`the package on arm64, ${where}`, () => {
  let results: ReadonlyMap<string, Result> = new Map();
  const resultOf = (name: keyof typeof RUNS): Result => {
    const result = results.get(name);
    if (result === undefined) throw new Error(`${name} was not run`);
    return result;
  };
  const answersOf = (name: keyof typeof RUNS) => resultOf(name).stdout.split('\n').slice(0, -1).map(toAnswer);

  beforeAll(async () => {
    const outcomes = await runInGuest(Object.values(RUNS));
    results = new Map(Object.keys(RUNS).flatMap((name, i) => (outcomes[i] ? [[name, outcomes[i]]] : [])));
  }, PATIENCE_MS);

  test.each(PROBES)('docker-default denies what Docker denies to $abi programs, and we are the reason', ({ abi }) => {
    expect(answersOf(`${abi} under docker-default`)).toEqual(BLOCKED.map(([, , errno]) => `errno ${errno}`));
    const without = answersOf(`${abi} unconfined`);
    expect(without).toHaveLength(BLOCKED.length);
    for (const [i, [, , errno]] of BLOCKED.entries()) expect(without[i]).not.toBe(`errno ${errno}`);
  });

  test('a profile that denies execve starts its program, and no other', () => {
    expect(resultOf('exec').code).toBe(0);
    expect(answersOf('exec')).toEqual(['errno EACCES']);
  });

  test('a call that kills its process does', () => {
    expect(answersOf('kill')).toEqual(['signal SIGSYS']);
  });

  test('Node runs under docker-default, with the filter and no_new_privs', () => {
    const { code, stdout } = resultOf('status');
    expect(code).toBe(0);
    const status = parseStatus(stdout);
    expect(['Seccomp', 'Seccomp_filters', 'NoNewPrivs'].map((name) => status.get(name))).toEqual(['2', '1', '1']);
  });

  test('doctor finds nothing amiss, but the flags that an older kernel lacks', () => {
    const { code, stdout } = resultOf('doctor');
    const { checks }: { readonly checks: readonly { readonly name: string; readonly state: string }[] } =
      JSON.parse(stdout);
    const amiss = checks.filter(({ state }) => state === 'limit' || state === 'fail');
    const [major = 0, minor = 0] = kernelOf(ARM64).release.split('.').map(Number);
    const hasAll = major > 5 || (major === 5 && minor >= 19); // WAIT_KILLABLE_RECV came with 5.19.
    expect(amiss.map(({ name, state }) => [name, state])).toEqual(hasAll ? [] : [['flags', 'limit']]);
    expect(code).toBe(0);
  });
});

async function runInGuest(runs: readonly Run[]): Promise<readonly Result[]> {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-addon-'));
  try {
    const source = fileURLToPath(new URL('../support/probe.c', import.meta.url));
    for (const { abi, probe } of PROBES) crossCompile(ARM64, abi, source, join(directory, probe));
    const files = new Map([
      ...PROBES.map(({ probe }) => [`bin/${probe}`, join(directory, probe)] as const),
      ['bin/sandbox.mjs', fileURLToPath(new URL('sandbox.mjs', import.meta.url))],
      ['bin/node', join(keptFor(ARM64), 'node/bin/node')],
      ['seccomp', built],
      ...libraries(),
    ]);
    const [output] = await runJobs(ARM64, files, [{ program: 'sandbox.mjs', input: JSON.stringify(runs) }]);
    return JSON.parse(String(output));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What Node and the addon are linked with, from the cross compiler. */
function libraries(): Files {
  const names = ['ld-linux-aarch64.so.1', 'libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libgcc_s.so.1'];
  const compiler = compilerFor(ARM64, 'aarch64');
  return new Map(
    [...names, 'libstdc++.so.6', 'libatomic.so.1'].map((name) => {
      const path = execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
      return [`lib/${name}`, path];
    }),
  );
}
