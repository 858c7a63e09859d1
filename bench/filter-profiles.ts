/** The profiles whose filters bench/filter.ts compares, and the calls that it measures under each of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ProfileError } from '../lib/errors.js';
import { returnValue } from '../lib/policy/action.js';
import { evaluate } from '../lib/policy/evaluate.js';
import { type Action, decisionsOf, type Policy, type PolicyCall } from '../lib/policy/policy.js';
import type { Profile } from '../lib/profile/profile.js';
import { type Host, resolve } from '../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../lib/profile/source.js';
import { syscallNumber } from '../lib/syscalls/table.js';

const PODMAN = new URL(
  '../test/data/profiles/containers__container-libs__common__pkg__seccomp__seccomp.json',
  import.meta.url,
);
const corpus = new URL('../../shared/data/corpus/', import.meta.url);

/** The number of profiles of the corpus that have rows of their own in the report. */
const LARGEST = 10;

export interface Subject {
  readonly name: string;
  readonly profile: Profile;
  readonly host: Host;
  readonly policy: Policy;
  /** A built-in's name, or JSON text. */
  readonly source: string;
  /** Whether the profile has a row of its own in the report. */
  readonly isShown: boolean;
}

/** The path through a filter whose cost a call shows. */
export type Kind = 'allowed' | 'checked' | 'late' | 'denied';

/** A call that does almost nothing, with and without a filter. */
export interface Probe {
  readonly kind: Kind;
  /** `personality(0xffffffff)` */
  readonly text: string;
  readonly call: PolicyCall;
  /** The errno that the filter returns; undefined if it allows the call. */
  readonly errno: number | undefined;
}

/**
 * docker-default, docker-default for one ABI, Podman's profile, and the corpus, sorted by the number of distinct names.
 */
export function subjects(host: Host): readonly Subject[] {
  const docker = loadProfile('docker-default');
  const own = [
    subject('docker-default', docker, host, 'docker-default'),
    subject(`docker-default, ${host.abi} alone`, docker, { ...host, abis: [host.abi] }, 'docker-default'),
    ...read(PODMAN, host, 'podman'),
  ];
  if (!existsSync(corpus)) {
    console.error(`skipped: the corpus, which is not in ${corpus.pathname}`);
    return own;
  }
  const others = readdirSync(corpus).flatMap((file) => read(new URL(file, corpus), host));
  const largest = others.toSorted((a, b) => size(b) - size(a));
  return [...own, ...largest.map((each, i) => ({ ...each, isShown: i < LARGEST }))];
}

/** Returns no subject if the file is not a profile, or not one for this host. */
function read(file: URL, host: Host, name = basename(file.pathname, '.json')): readonly Subject[] {
  try {
    const text = readFileSync(file, 'utf8');
    return [subject(name, parseProfile(text, { source: name, mode: 'compat' }), host, text)];
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return [];
  }
}

function subject(name: string, profile: Profile, host: Host, source: string): Subject {
  return { name, profile, host, source, policy: resolve(profile, host), isShown: true };
}

function size({ profile }: Subject): number {
  return new Set(profile.document.syscalls?.flatMap(({ names }) => names)).size;
}

const ALL_ONES = 2n ** 64n - 1n;

/** The calls for a policy, on its native ABI; at most two of a kind. A kind without a harmless call is left out. */
export function probesOf(policy: Policy): readonly Probe[] {
  const probes = CANDIDATES.flatMap((candidate) => probe(policy, candidate) ?? []);
  const first = (kind: Kind, count: number) => probes.filter((each) => each.kind === kind).slice(0, count);
  const late = probes
    .filter(({ kind }) => kind === 'allowed')
    .toSorted((a, b) => b.call.number - a.call.number)
    .slice(0, 1);
  const isThrough = (each: Probe) => each.errno === undefined;
  const checked = first('checked', probes.length).toSorted((a, b) => Number(isThrough(b)) - Number(isThrough(a)));
  return [
    ...first('allowed', 1),
    ...distinct(checked).slice(0, 2),
    ...late.map((each) => ({ ...each, kind: 'late' as const })),
    ...first('denied', 2),
  ];
}

/** Keeps one call of each syscall. */
function distinct(probes: readonly Probe[]): readonly Probe[] {
  return probes.filter(({ call }, i) => probes.findIndex((other) => other.call.number === call.number) === i);
}

type Candidate = readonly [name: string, ...args: bigint[]];

function probe(policy: Policy, [name, ...args]: Candidate): Probe | undefined {
  const [native] = policy.abis;
  const number = native === undefined ? undefined : syscallNumber(native.abi.name, name);
  if (native === undefined || number === undefined) return undefined;
  const call = { arch: native.abi.audit, number, args: Array.from({ length: 6 }, (_, i) => args[i] ?? 0n) };
  const action = evaluate(policy, call);
  if (action.kind !== 'allow' && errnoOf(action) === undefined) return undefined;
  const isConstant = decisionsOf(native, number).every(({ conditions }) => conditions.length === 0);
  const kind = isConstant ? (action.kind === 'allow' ? 'allowed' : 'denied') : 'checked';
  const text = `${name}(${args.map((value) => (value === ALL_ONES ? '-1' : `0x${value.toString(16)}`)).join(', ')})`;
  return { kind, text, call, errno: errnoOf(action) };
}

/** The errno of a denied call; undefined for actions that end the process, and for log. */
function errnoOf(action: Action): number | undefined {
  const ENOSYS = 38; // The result of trace and notify without a tracer or listener. Source: seccomp(2).
  if (action.kind === 'errno') return returnValue(action) & 0xffff;
  return action.kind === 'trace' || action.kind === 'notify' ? ENOSYS : undefined;
}

/** Calls without effect: descriptor −1, all flags set and address −1 make them fail. */
const CANDIDATES: readonly Candidate[] = [
  ['getppid'],
  ['getpid'],
  ['getuid'],
  ['getegid'],
  // Syscalls that the kernel does not implement, so that a denial saves no work.
  ['nfsservctl'],
  ['vserver'],
  ['create_module'],
  ['lookup_dcookie'],
  ['personality', 0xffff_ffffn], // Reads the personality.
  ['clone', 0x800n], // CLONE_SIGHAND without CLONE_VM.
  ['socket', 1n, 0xffff_fff0n], // AF_UNIX, of no type.
  ['socket', 2n, 0xffff_fff0n],
  ['socket', 40n, 0xffff_fff0n],
  ['ioctl', ALL_ONES, 0n],
  ['fcntl', ALL_ONES, 0n],
  ['prctl', ALL_ONES],
  ['setsockopt', ALL_ONES],
  ['epoll_pwait2', ALL_ONES],
  ['process_mrelease', ALL_ONES],
  ['cachestat', ALL_ONES, ALL_ONES],
  ['memfd_secret', ALL_ONES],
  ['futex_waitv', 0n, 0n, ALL_ONES],
  ['futex_wake', ALL_ONES, 0n, 0n, ALL_ONES],
  ['mseal', 0n, 0n, ALL_ONES],
  ['copy_file_range', ALL_ONES, 0n, ALL_ONES],
  ['preadv2', ALL_ONES],
  ['statx', ALL_ONES, ALL_ONES],
  ['getrandom', 0n, 0n, ALL_ONES],
  ['sched_getattr', ALL_ONES],
  ['sendmmsg', ALL_ONES],
  ['keyctl', ALL_ONES],
  ['setns', ALL_ONES],
  ['userfaultfd', ALL_ONES],
  ['reboot'],
];
