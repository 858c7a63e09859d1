/**
 * Runs scripts with Node and this package on the machines that Node runs on. test/arch/landlock.test.ts is an example; to
 * run one test on one machine, as root: `SECCOMP_TEST_MACHINES=amd64-6.12 scripts/checks/arch-test.sh test/arch/landlock.test.ts`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { describeUnless } from '../support/describe-unless.js';
import { type Files, type GuestOptions, runJobs } from './guest.js';
import { builtFor, compilerFor, kernelOf, MACHINES, type Machine, obstacleTo, RISCV64 } from './machines.js';

/** npm has no Node for riscv64. */
export const NODE_MACHINES = MACHINES.filter((machine) => machine !== RISCV64);

/** In a guest: the folder of the scripts, which can import `seccomp`, and this package. */
const APP = '/srv/app';
export const PACKAGE = `${APP}/node_modules/seccomp`;

/** One run of a script in the guest, which exits with status 0 and prints JSON. */
export interface Script {
  /** The script, an ES module of this machine. It is copied alone: `files` of `runScripts` names what it imports. */
  readonly script: URL;
  readonly args?: readonly string[];
  /** Standard input. */
  readonly input?: Uint8Array | string;
  /** The user and group ID. Default: that of root. The other user with a home directory is `USER`. */
  readonly user?: number;
}

/** The reason why scripts can't be run there; undefined if they can. */
export function obstacleToScripts(machine: Machine): string | undefined {
  const built = join(builtFor(machine), 'package');
  return obstacleTo(machine) ?? (existsSync(built) ? undefined : `nothing was built in ${built}`);
}

/** Describes tests of each machine; one that can't run scripts has a skipped test with the reason. */
export function describeMachines(subject: string, body: (machine: Machine) => void): void {
  describe.each(NODE_MACHINES)(`${subject} on $name`.trimStart(), (machine) => {
    describeUnless(obstacleToScripts(machine), `Linux ${kernelOf(machine).release}`, () => body(machine));
  });
}

/**
 * Boots the machine, runs the scripts one after the other, and returns what each printed, parsed. They share the
 * guest's file system; processes that one leaves running are killed.
 * @throws Error with the guest's console, which has the scripts' standard error, if a script fails.
 */
export async function runScripts<T>(
  machine: Machine,
  scripts: readonly Script[],
  options: GuestOptions = {},
): Promise<readonly T[]> {
  const files: Files = new Map([
    ['/bin/node', join(builtFor(machine), 'node/bin/node')],
    [PACKAGE, join(builtFor(machine), 'package')],
    ...libraries(machine),
    ...scripts.map(({ script }) => [pathOf(script), fileURLToPath(script)] as const),
    ...(options.files ?? []),
  ]);
  const jobs = scripts.map(({ script, args = [], ...rest }) => {
    return { ...rest, command: ['/bin/node', pathOf(script), ...args] } as const;
  });
  const outputs = await runJobs(machine, jobs, { ...options, files });
  return outputs.map((output) => JSON.parse(String(output)));
}

/** The path of a script in the guest. */
const pathOf = (script: URL): string => `${APP}/${basename(script.pathname)}`;

/** The libraries of Node and of the addon, from the cross compiler. */
function libraries(machine: Machine): Files {
  const { loader, abis } = machine;
  const names = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libgcc_s.so.1', 'libstdc++.so.6'];
  const compiler = compilerFor(machine, abis[0]);
  const found = (name: string) => execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  return new Map([
    [loader, found(basename(loader))],
    ...[...names, 'libatomic.so.1'].map((name) => [`/lib/${name}`, found(name)] as const),
  ]);
}
