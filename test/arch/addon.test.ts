/** The package itself, with its addon built for the machine, on real kernels: of arm64, and several of amd64. */
import { beforeAll, expect, test } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { callTo, toAnswer, toArgument } from '../support/probe.js';
import { parseStatus } from '../support/processes.js';
import { PATIENCE_MS } from './guest.js';
import { compilerFor, isSince, type Machine } from './machines.js';
import { describeMachines, PACKAGE, runScripts } from './scripts.js';

/** A program in the guest, to be started under a profile. */
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

/** An address at which nothing is mapped. */
const NOWHERE = 1;
const INVALID = -1;

/** Calls that docker-default denies with this errno. Without it, the kernel would refuse their arguments. */
const BLOCKED = [
  ['add_key', [NOWHERE, NOWHERE, NOWHERE, 1, 0], 'EPERM'],
  ['bpf', [INVALID, 0, 0], 'EPERM'],
  ['mount', [NOWHERE, NOWHERE, NOWHERE, 0, NOWHERE], 'EPERM'],
  ['setns', [INVALID, 0], 'EPERM'],
  ['unshare', [1], 'EPERM'],
  ['clone3', [0, 0], 'ENOSYS'],
] as const;

const NO_EXEC: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['execve', 'execveat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
};
const NO_MOUNT: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mount'], action: 'SCMP_ACT_KILL_PROCESS' }],
};

type Calls = readonly (readonly [string, readonly number[]])[];

/** The programs that make calls, by ABI. */
function probesOf(machine: Machine): readonly { readonly abi: AbiName; readonly probe: string }[] {
  const [native] = machine.abis;
  const isNative = (abi: AbiName) => compilerFor(machine, abi) === compilerFor(machine, native);
  return machine.abis.map((abi) => ({ abi, probe: isNative(abi) ? '/bin/probe' : `/bin/probe-${abi}` }));
}

/** The runs, by name. */
function runsOn(machine: Machine): ReadonlyMap<string, Run> {
  const probes = probesOf(machine);
  const blocked = BLOCKED.map(([name, args]) => [name, args] as const);
  const probing = (abi: AbiName, profile: Run['profile'], calls: Calls): Run => {
    const file = probes.find((each) => each.abi === abi)?.probe ?? '';
    return { file, args: calls.map(([name, args]) => argumentOn(machine, abi, name, args)), profile };
  };
  const [native] = machine.abis;
  const node = (...args: readonly string[]) => ({ file: '/bin/node', args });
  const { file, args } = probing(native, 'docker-default', blocked);
  const command = [file, ...args];
  return new Map([
    ...probes.flatMap(({ abi }) =>
      ['docker-default', 'unconfined'].map(
        (profile) => [`${abi} under ${profile}`, probing(abi, profile, blocked)] as const,
      ),
    ),
    ['exec', probing(native, NO_EXEC, [['execve', [NOWHERE, 0, 0]]])],
    ['kill', probing(native, NO_MOUNT, [['mount', []]])],
    ['seccomp run', { ...node(MAIN, 'run', '-p', 'docker-default', '--', ...command), profile: 'unconfined' }],
    ['status', { ...node('-e', PRINT_STATUS), profile: 'docker-default' }],
    ['doctor', { ...node(MAIN, 'doctor', '--json'), profile: 'unconfined' }],
  ]);
}

const MAIN = `${PACKAGE}/dist/cli/main.js`;
const PRINT_STATUS = 'process.stdout.write(fs.readFileSync("/proc/self/status"))';

/** Only an x86_64 program can make calls of another ABI; for other ABIs, a separate program is compiled. */
function argumentOn({ architecture }: Machine, abi: AbiName, name: string, args: readonly number[]): string {
  const call = callTo(abi, name, ...args);
  return toArgument(architecture === 'amd64' ? call : { ...call, abi: 'aarch64' });
}

describeMachines('the package', testOn);

function testOn(machine: Machine): void {
  let results: ReadonlyMap<string, Result> = new Map();
  const resultOf = (name: string): Result => {
    const result = results.get(name);
    if (result === undefined) throw new Error(`${name} was not run`);
    return result;
  };
  const answersOf = (name: string) => resultOf(name).stdout.split('\n').slice(0, -1).map(toAnswer);

  beforeAll(async () => {
    const runs = runsOn(machine);
    const outcomes = await runInGuest(machine, [...runs.values()]);
    results = new Map([...runs.keys()].flatMap((name, i) => (outcomes[i] ? [[name, outcomes[i]]] : [])));
  }, PATIENCE_MS);

  test.each(machine.abis)(
    'docker-default denies what Docker denies to %s programs, and this package’s filter is the cause',
    (abi) => {
      expect(answersOf(`${abi} under docker-default`)).toEqual(BLOCKED.map(([, , errno]) => `errno ${errno}`));
      const without = answersOf(`${abi} under unconfined`);
      expect(without).toHaveLength(BLOCKED.length);
      for (const [i, [, , errno]] of BLOCKED.entries()) expect(without[i]).not.toBe(`errno ${errno}`);
    },
  );

  test('a profile that denies execve starts its program, and no other', () => {
    expect(resultOf('exec').code).toBe(0);
    expect(answersOf('exec')).toEqual(['errno EACCES']);
  });

  test('a call whose action kills the process does so', () => {
    expect(answersOf('kill')).toEqual(['signal SIGSYS']);
  });

  test('seccomp run replaces itself by a program under docker-default', () => {
    expect(resultOf('seccomp run').code).toBe(0);
    expect(answersOf('seccomp run')).toEqual(BLOCKED.map(([, , errno]) => `errno ${errno}`));
  });

  test('Node runs under docker-default, with the filter and no_new_privs', () => {
    const { code, stdout } = resultOf('status');
    expect(code).toBe(0);
    const status = parseStatus(stdout);
    expect(['Seccomp', 'Seccomp_filters', 'NoNewPrivs'].map((name) => status.get(name))).toEqual(['2', '1', '1']);
  });

  test('doctor reports only what an older kernel lacks', () => {
    const { code, stdout } = resultOf('doctor');
    const { checks }: { readonly checks: readonly { readonly name: string; readonly state: string }[] } =
      JSON.parse(stdout);
    const amiss = checks.filter(({ state }) => state === 'limit' || state === 'fail');
    expect(amiss.map(({ name, state }) => [name, state])).toEqual([
      ...(isSince(machine, [5, 19]) ? [] : [['flags', 'limit']]), // WAIT_KILLABLE_RECV
      ...(machine.landlock >= 6 ? [] : [['isolation', 'limit']]), // Landlock's scopes
      ...(machine.landlock >= 5 ? [] : [['paths', 'limit']]), // ioctl(2) on devices
      ...(machine.landlock >= 6 ? [] : [['tree', 'limit']]), // Landlock's scopes
      ['privileges', 'limit'], // The guest has no other user than root.
    ]);
    expect(code).toBe(0);
  });
}

async function runInGuest(machine: Machine, runs: readonly Run[]): Promise<readonly Result[]> {
  const source = new URL('../support/probe.c', import.meta.url);
  const programs = new Map(probesOf(machine).map(({ abi, probe }) => [probe, { abi, source }]));
  const script = { script: new URL('sandbox.mjs', import.meta.url), input: JSON.stringify(runs) };
  const [results] = await runScripts<readonly Result[]>(machine, [script], { programs });
  return results ?? [];
}
