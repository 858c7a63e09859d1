/** Runs of attack.mjs, and what may come of them. */
import { expect } from 'vitest';
import type { DeniedBeside, Enforcement, PathsEnforcement } from '../../../lib/landlock/enforcement.js';
import { errnoName } from '../../../lib/syscalls/errno.js';
import { dist } from '../../support/built.js';
import { compileC } from '../../support/compile-c.js';
import { canSetKernel } from '../reach.js';
import { attack as attackHere } from './attack.mjs';

/** The result of each way: 0 if it succeeded, else the errno. */
type Ways = Readonly<Record<string, number>>;

/** What one run attempted. */
export interface Attempted {
  readonly ways: Ways;
  readonly enforcement: Enforcement;
}

type Options = Readonly<Record<string, unknown>>;

/** A user, and what it can't do anyway. */
export interface Attacker {
  readonly who: string;
  /** The user of the parent; undefined for that of the test. */
  readonly user: number | undefined;
  /** The user of the child, to whom all files belong. */
  readonly owner: number;
  readonly options: Options;
  /** The ways that fail without `paths`. */
  readonly lacks: readonly RegExp[];
}

const NOBODY = 65_534;

/** Ways that need a capability in the first user namespace, or that user 0 may. */
const OF_ROOT = [
  /^(core_pattern|\/proc\/sys\/vm|open_by_handle_at|fanotify|cgroup\.\w+|read a device)$/,
  /^make a (character|block) device$|^make a device outside$/,
];
/** Ways to a process of another user. */
const OF_THE_SAME_USER = [/ of another$/, /^ptrace$|^pidfd_getfd$/, /^\/proc\/PID\//];

export const ORDINARY: Attacker = {
  who: 'an ordinary user',
  user: NOBODY,
  owner: NOBODY,
  options: {},
  lacks: OF_ROOT,
};
export const OTHER_USER: Attacker = {
  who: 'root that gives another uid',
  user: undefined,
  owner: NOBODY,
  options: { uid: NOBODY, gid: NOBODY },
  lacks: [...OF_ROOT, ...OF_THE_SAME_USER],
};
export const ROOT: Attacker = {
  ...{ who: 'root', user: undefined, owner: 0, options: {} },
  lacks: canSetKernel() ? [] : [/^core_pattern$|^\/proc\/sys/],
};

/**
 * Ways for which a kernel, or its settings, may lack something: the last ones may be restricted by Yama, whose
 * documentation is admin-guide/LSM/Yama.rst, and typing by dev.tty.legacy_tiocsti. A connected stream can't be connected
 * again anywhere.
 */
const RARE =
  /io_uring|mount|tmpfs|pivot_root|chroot|tree|fanotify|handle|cgroup|modprobe|sysrq|autogroup|dump core|openat2|setxattr|inherited stream|device|by \/dev\/|link an empty path|ptrace|pidfd_getfd|PID\/mem|overlayfs|terminal|message queue/;

/** What the ways that are no attacks, or that are open anyway, begin with. */
const GRANTED = /^granted: /;
const OPEN = /^(metadata|code): /;
const BESIDE = /^beside: /;

/** Ways that are granted, but that some versions of Landlock close: what `enforcement` says then, and with which errno. */
const DENIED_BESIDE: ReadonlyMap<string, readonly [DeniedBeside | 'device-ioctls', string]> = new Map([
  ['beside: rename between directories', ['moves', 'EXDEV']],
  ['beside: link between directories', ['moves', 'EXDEV']],
  ['beside: truncate', ['truncate', 'EACCES']],
  ['beside: truncate by opening for reading', ['truncate', 'EACCES']],
  ['beside: open with mode 3', ['openat2', 'EACCES']],
  ['beside: read by openat2', ['openat2', 'ENOSYS']],
  ['beside: connect a socket of its own', ['unix-sockets', 'EAFNOSUPPORT']],
  ['beside: use io_uring', ['io_uring', 'ENOSYS']],
  ['beside: ioctl of a readable device', ['device-ioctls', 'EACCES']],
]);
/** The kernel looks after it in the isolation of a child, not in its paths, once it checks the paths of sockets. */
const ABSTRACT = 'connect an abstract socket';

/** One run without `paths`, and one with it. */
export const runsUnder = (profile: string, { options }: Attacker, more: Options = {}): readonly Options[] => [
  { profile, isolate: false, ...options },
  {
    ...{ profile, isolate: false, ...options, ...more },
    paths: {
      read: ['@system', 'DIRECTORY/read', { path: '/dev/ptmx', optional: true }],
      write: ['DIRECTORY/write'],
    },
  },
];

/** The profiles under which the attacks are made. */
export const PROFILES = ['unconfined', 'docker-default'];

/** The attackers that the user of this process can start. */
export function attackersHere(): readonly Attacker[] {
  const own = process.getuid?.() ?? 0;
  return own === 0 ? [ORDINARY, OTHER_USER, ROOT] : [{ ...ORDINARY, user: undefined, owner: own }];
}

/** The program of the attacks. Throws without a C compiler. */
export const attackProgram = (): string => compileC('../adversary/paths/paths.c');

/**
 * Attacks here: returns what was attempted under each of `profiles`, without paths and with them.
 *
 * @param launcher - The path of a program that starts the Node which starts the children, and its arguments. Default: none.
 */
export function attack(
  attacker: Attacker,
  launcher: readonly string[] = [],
  profiles: readonly string[] = PROFILES,
): readonly Attempted[] {
  const { user, owner } = attacker;
  const runs = profiles.flatMap((profile) => runsUnder(profile, attacker));
  return JSON.parse(attackHere({ home: dist, program: attackProgram(), launcher, user, owner, runs }));
}

const names = (ways: Ways, isWanted: (name: string) => boolean) => Object.keys(ways).filter(isWanted);
const resultsOf = (ways: Ways, of: readonly string[]) =>
  of.map((name) => `${name}: ${ways[name] === 0 ? 'succeeds' : errnoName(ways[name] ?? 0)}`);
const all = (of: readonly string[], result: string) => of.map((name) => `${name}: ${result}`);

/** Expects that every attack succeeds that the user and the kernel let succeed: else its failure shows nothing. */
export function expectControl({ ways }: Attempted, { lacks }: Attacker): void {
  const possible = names(ways, (name) => !RARE.test(name) && !lacks.some((each) => each.test(name)));
  expect(possible.length).toBeGreaterThan(70);
  expect(resultsOf(ways, possible)).toEqual(all(possible, 'succeeds'));
}

/** The errnos of Landlock and of the filter: with others, an attack has failed for another reason. */
const DENIALS = /: (EACCES|EPERM|EXDEV|EAFNOSUPPORT|ENOSYS)$/;

const isAttack = (name: string) => ![GRANTED, OPEN, BESIDE].some((each) => each.test(name));

/** Expects that no attack succeeds, and that what is granted does. */
export function expectHeld({ ways, enforcement }: Attempted, without: Attempted): void {
  expect(enforcement.paths?.by).toBe('landlock');
  const isChecked = enforcement.paths?.alsoDenied.includes('unix-sockets') === true;
  const attacks = names(ways, (name) => isAttack(name) && (isChecked || name !== ABSTRACT));
  const possible = attacks.filter((name) => without.ways[name] === 0);
  expect(resultsOf(ways, possible).filter((result) => !DENIALS.test(result))).toEqual([]);
  expect(attacks.filter((name) => ways[name] === 0)).toEqual([]);
  const granted = names(ways, (name) => GRANTED.test(name));
  expect(granted.length).toBeGreaterThan(4);
  expect(resultsOf(ways, granted)).toEqual(all(granted, 'succeeds'));
}

/** Expects that what is documented as open is open. */
export function expectOpen({ ways }: Attempted, without: Attempted): void {
  const open = names(ways, (name) => OPEN.test(name));
  expect(open.length).toBeGreaterThan(4);
  expect(resultsOf(ways, open)).toEqual(resultsOf(without.ways, open));
}

/** Expects that what `enforcement` lists as denied beside the paths is denied, and nothing else. */
export function expectBeside({ ways, enforcement: { paths } }: Attempted, without: Attempted): void {
  expect(names(ways, (name) => BESIDE.test(name))).toEqual([...DENIED_BESIDE.keys()]);
  const isDenied = (what: DeniedBeside | 'device-ioctls') =>
    what === 'device-ioctls' ? paths?.closed.includes(what) : paths?.alsoDenied.includes(what);
  const possible = [...DENIED_BESIDE].filter(([name]) => without.ways[name] === 0);
  const expected = possible.map(([name, [what, errno]]) => `${name}: ${isDenied(what) ? errno : 'succeeds'}`);
  const found = resultsOf(
    ways,
    possible.map(([name]) => name),
  );
  expect(found).toEqual(expected);
}

/** Expects of `enforcement.paths` what a kernel with this version of Landlock can enforce. */
export function expectEnforced(paths: PathsEnforcement | undefined, abi: number): void {
  const { by, closed = [], open = [], alsoDenied = [] } = paths ?? {};
  const below = (first: number, ...what: readonly DeniedBeside[]) => (abi < first ? what : []);
  expect({ by, closed, open: open.map(({ reach }) => reach), alsoDenied: new Set(alsoDenied) }).toEqual({
    by: 'landlock',
    closed: ['files', 'truncation', 'pathname-sockets', ...(abi < 5 ? [] : ['device-ioctls'])],
    open: [...(abi < 5 ? ['device-ioctls'] : []), 'metadata'],
    alsoDenied: new Set([
      'mounts',
      ...below(2, 'moves'),
      ...below(3, 'truncate'),
      ...below(5, 'openat2'),
      ...below(9, 'unix-sockets', 'io_uring'),
    ]),
  });
}
