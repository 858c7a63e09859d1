/**
 * Compares this package's decisions with a container engine's: `engine prepare DIRECTORY [all]` writes calls, profiles
 * and the program that tests the calls, and prints the profiles' names; `engine compare DIRECTORY NAME` compares its
 * results under both filters.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Policy, PolicyCall } from '../../lib/policy/policy.js';
import { type Profile, stringify } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../lib/profile/source.js';
import { abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { callsOn, showCall } from '../support/calls.js';
import { corpusOn } from '../support/corpus.js';
import { registersOf } from '../support/outer-filters.js';

/** The capabilities that engines give a container, and those in conditions of profiles. */
const host: Host = {
  abi: 'x86_64',
  kernel: { major: 6, minor: 18 },
  capabilities: new Set(['CAP_SYS_CHROOT']),
  abis: ['x86', 'x32'],
};

/** Calls that Node and the test program need: without one of these, a profile cannot be tested. */
const NEEDED =
  `read write close fstat mmap mprotect munmap brk rt_sigaction rt_sigprocmask ioctl pread64 access pipe2 madvise
  getpid clone execve wait4 kill fcntl getcwd readlink openat statx epoll_create1 epoll_ctl epoll_pwait eventfd2 prlimit64
  futex sched_getaffinity getrandom set_tid_address set_robust_list rseq exit_group exit seccomp prctl ptrace arch_prctl gettid
  newfstatat lseek`.split(/\s+/);

const [command, directory = '', name = ''] = process.argv.slice(2);
if (command === 'prepare') await prepare(name === 'all');
else compare(name);

async function prepare(all: boolean): Promise<void> {
  const entryPoints = [fileURLToPath(new URL('decisions.ts', import.meta.url))];
  const outfile = join(directory, 'decisions.mjs');
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
  const builtins = ['docker-default', 'podman-default'].map((name) => ({ name, profile: named(name) }));
  const corpus = all
    ? corpusOn(host).flatMap((entry) => ('profile' in entry && canAsk(entry.profile) ? [entry] : []))
    : [];
  for (const { name, profile } of [...builtins, ...corpus]) {
    writeFileSync(join(directory, `${name}.profile`), stringify(profile));
    writeFileSync(join(directory, `${name}.calls`), new Uint8Array(registersOf(callsFor(profile)).buffer));
    console.log(name);
  }
}

function named(name: string): Profile {
  const profile = loadProfile(name);
  return profile;
}

function canAsk(profile: Profile): boolean {
  const policy = resolve(profile, host);
  const allows = (name: string) => {
    const number = syscallNumber('x86_64', name) ?? 0;
    const args = [0n, 0n, 0n, 0n, 0n, 0n];
    return evaluate(policy, { arch: abiOf('x86_64').audit, number, args }).kind === 'allow';
  };
  return NEEDED.every(allows);
}

/**
 * Every number of the three ABIs, with arguments on both sides of every comparison. Two of them are not passed to
 * filters.
 */
function callsFor(profile: Profile): readonly PolicyCall[] {
  const exempt = ['uprobe', 'uretprobe'].map((name) => syscallNumber('x86_64', name));
  return [...callsOn(['x86_64', 'x86', 'x32'], resolve(profile, host))].filter(
    ({ arch, number }) => arch !== abiOf('x86_64').audit || !exempt.some((each) => each === number),
  );
}

function compare(name: string): void {
  const profile = loadProfile(join(directory, `${name}.profile`), { mode: 'compat' });
  const calls = callsFor(profile);
  const [engines = [], ours = []] = ['engine', 'spawn'].map((side) => readAnswers(`${name}.${side}`, calls.length));
  const isBuiltin = !name.endsWith('.json');
  if (engines.length === 0 && !isBuiltin) {
    console.log(
      `${name}: under the engine Node does not start, under us it ${ours.length === 0 ? 'does not either' : 'does'}`,
    );
    return;
  }
  // libseccomp compares whole registers, regardless of the bits that the kernel reads.
  const text = readFileSync(join(directory, `${name}.profile`), 'utf8');
  const wide = loadProfile(text, { mode: 'compat', argumentWidth: 64 });
  const asWritten = resolve(wide, host);
  const other = calls.flatMap((call, i) => (engines[i] === ours[i] ? [] : [{ call, i }]));
  const unexplained = other.filter(({ call, i }) => answerOf(asWritten, call) !== engines[i]);
  console.log(
    `${name}: ${calls.length} calls, ${other.length} answered otherwise: argument widths ${other.length - unexplained.length}`,
  );
  for (const { call, i } of unexplained.slice(0, 10))
    console.error(`${name}: ${showCall(call)}: the engine ${engines[i]}, spawn ${ours[i]}`);
  if (unexplained.length > 0) process.exitCode = 1;
}

/** All results, or none if the program could not run. */
function readAnswers(file: string, count: number): readonly (number | string)[] {
  const answers = JSON.parse(readFileSync(join(directory, file), 'utf8') || '[]');
  if (answers.length === count || answers.length === 0) return answers;
  throw new Error(`${file}: ${answers.length} answers to ${count} calls`);
}

function answerOf(policy: Policy, call: PolicyCall): number | string {
  const action = evaluate(policy, call);
  if (action.kind === 'errno') return action.errno;
  return action.kind === 'allow' || action.kind === 'log' ? 'allowed' : 'killed';
}
