/**
 * A program that tries to reach the network, and what would reach it for the program, by its own sockets and by those
 * that it was given. The same ways are open without `network: 'none'`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { machineAbis, thisHost } from '../../lib/host.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { constants } from '../../lib/syscalls/constants.js';
import { errnoName } from '../../lib/syscalls/errno.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-network-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A run of the program: a profile, options of spawn, and how network.mjs is to change them. */
interface Run {
  readonly profile: string | object;
  readonly options: object;
  readonly compiled?: object;
  readonly handled?: string;
}

/** Results by the name of a way: `ok`, or an errno. */
type Results = ReadonlyMap<string, string>;

function attackAll(runs: readonly Run[]): readonly Results[] {
  const attack = compileC('../adversary/network.c');
  const home = new URL('../../dist/index.js', import.meta.url).href;
  const script = fileURLToPath(new URL('network.mjs', import.meta.url));
  const command = [process.execPath, script, JSON.stringify({ home, attack, runs })];
  const { stdout, stderr } = spawnSync(attack, ['outside', ...command], { cwd: directory, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  const outputs: readonly string[] = JSON.parse(stdout);
  return outputs.map((text) => new Map(text.trim().split('\n').map(resultOf)));
}

function resultOf(line: string): readonly [name: string, result: string] {
  const [name = '', errno] = line.split(': ');
  return [name, errno === '0' ? 'ok' : errnoName(Number(errno))];
}

/** The errno of each way with `network: 'none'`. */
const CLOSED: Readonly<Record<string, string>> = {
  // A call with the descriptor -1 has the errno of the filter too, so that these name what the filter denies.
  'connect TCP': 'EACCES',
  'connect MPTCP': 'EACCES',
  'connect UDP': 'EACCES',
  'send by UDP': 'EACCES',
  'listen without bind': 'EACCES',
  'connect a Unix socket': 'EACCES',
  'connect an abstract socket': 'EACCES',
  'send to a Unix socket': 'EACCES',
  'connect one of a pair of datagrams': 'EACCES',
  'send from a pair of datagrams': 'EBADF',
  'send from a pair of raw sockets': 'EBADF',
  'connect a given connected socket again': 'EACCES',
  'connect a given TCP socket': 'EACCES',
  'bind a given TCP socket': 'EACCES',
  'listen on a given TCP socket': 'EACCES',
  'sendto with MSG_FASTOPEN': 'EACCES',
  'sendmsg with MSG_FASTOPEN': 'EACCES',
  'sendmmsg with MSG_FASTOPEN': 'EACCES',
  'connect a given UDP socket': 'EACCES',
  'sendto by a given UDP socket': 'EACCES',
  'connect a given datagram socket of a pair': 'EACCES',
  'sendto by a given datagram socket of a pair': 'EACCES',
  'connect by io_uring': 'ENOSYS',
  'connect a given socket by io_uring': 'ENOSYS',
  'enter io_uring': 'ENOSYS',
  'socket of x86': 'EACCES',
  'connect of x86': 'EACCES',
  'sendmsg of x86': 'EACCES',
  'socketcall socket': 'EAFNOSUPPORT',
  'socketcall socketpair': 'EAFNOSUPPORT',
  'socketcall bind': 'EACCES',
  'socketcall connect': 'EACCES',
  'socketcall listen': 'EACCES',
  'socketcall sendto': 'EACCES',
  'socketcall sendmsg': 'EACCES',
  'socketcall sendmmsg': 'EACCES',
  'socket of x32': 'EACCES',
  'connect of x32': 'EACCES',
  'sendmsg of x32': 'EACCES',
};

/** Closed by isolation, which `network: 'none'` turns on. */
const ISOLATED = ['take a socket from the parent', 'trace the parent'];

const OPEN = [
  'sendmsg by a given UDP socket',
  'sendmmsg by a given datagram socket of a pair',
  'use a given connected socket',
  'accept on a given listening socket',
  'use a pair of streams',
  'use a pair of packets',
];

/** Need a CPU, a kernel or its settings: these ways can be missing or closed anyway. */
const IS_RARE = /x86|x32|socketcall|io_uring|MPTCP|MSG_FASTOPEN|parent/;

const NONE = { network: 'none' };
const ALLOW_ALL = { defaultAction: 'SCMP_ACT_ALLOW' };
/** Supervision takes effect only if the profile denies something. */
const DENY_ONE = { ...ALLOW_ALL, syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] };
/** Calls of other ABIs than those of a profile are killed. */
const ABIS = { ...NONE, abis: machineAbis() };
const UNDER: readonly (readonly [title: string, Run])[] = [
  ['unconfined', { profile: 'unconfined', options: NONE }],
  ['a profile', { profile: ALLOW_ALL, options: ABIS }],
  ['a compiled filter', { profile: ALLOW_ALL, options: NONE, compiled: { abis: machineAbis() } }],
  ['supervision', { profile: DENY_ONE, options: { ...ABIS, onViolation: true } }],
  ['supervision of unconfined', { profile: 'unconfined', options: { ...NONE, onViolation: true } }],
  ['a handler that allows connect', { profile: 'unconfined', options: ABIS, handled: 'connect' }],
  ['a handler that allows socket', { profile: ALLOW_ALL, options: ABIS, handled: 'socket' }],
];

const OPENED: Run = { profile: 'unconfined', options: {} };
const DOCKER: Run = { profile: 'docker-default', options: NONE };

function obstacle(): string | undefined {
  if (thisHost().abi.startsWith('mips')) return 'the numbers of the errnos are those of other CPUs';
  try {
    compileC('../adversary/network.c');
    return undefined;
  } catch (error) {
    return `the program can't be compiled: ${String(error).slice(0, 200)}`;
  }
}

const reason = obstacle();
const [before = new Map(), docker = new Map(), ...after] =
  reason === undefined ? attackAll([OPENED, DOCKER, ...UNDER.map(([, run]) => run)]) : [];

/** The results of making sockets, or pairs, of each family and type. */
const made = (results: Results, call: 'socket' | 'socketpair') =>
  [...results].flatMap(([name, result]) => {
    const [, of, family, type] = /^(\w+) (\d+) (\d+)$/.exec(name) ?? [];
    return of === call ? [{ family: Number(family), type: Number(type), result }] : [];
  });
const { AF_UNIX, AF_INET, AF_NETLINK, SOCK_SEQPACKET } = constants;
const SOCK_STREAM = 1; // On all CPUs but MIPS.

describeUnless(reason, 'a program that tries to reach the network', () => {
  test('reaches it in every way without the option', () => {
    const names = [...Object.keys(CLOSED), ...ISOLATED, ...OPEN].filter((name) => !IS_RARE.test(name));
    expect(names.map((name) => [name, before.get(name)])).toEqual(names.map((name) => [name, 'ok']));
    const families = new Set(made(before, 'socket').flatMap(({ family, result }) => (result === 'ok' ? [family] : [])));
    expect([...families]).toEqual(expect.arrayContaining([AF_UNIX, AF_INET, AF_NETLINK]));
  });

  describe.each(UNDER.map(([title, run], i) => [title, run, after[i] ?? new Map<string, string>()] as const))(
    'under %s',
    (_, { handled }, results) => {
      test.for(Object.entries(CLOSED))('cannot %s: %s', ([name, errno], { skip }) => {
        const without = before.get(name) ?? 'no such CPU';
        // The filter answers before a kernel without x32 does.
        skip(without !== 'ok' && !(without === 'ENOSYS' && name.endsWith('x32')), `can't ${name} anyway: ${without}`);
        // A call that has a handler fails by socketcall: no handler could read its arguments.
        expect(results.get(name)).toBe(name === `socketcall ${handled}` ? 'ENOSYS' : errno);
      });

      test.for(ISOLATED)('cannot %s', (name, { skip }) => {
        skip(before.get(name) !== 'ok', `can't ${name} anyway: ${before.get(name)}`);
        skip(isolationSupport().by === null, String(isolationSupport().reason));
        expect(results.get(name)).not.toBe('ok');
      });

      test('makes no socket of any family and type', () => {
        const sockets = made(results, 'socket');
        expect(sockets.length).toBeGreaterThan(300);
        const expected = sockets.map((each) => ({
          ...each,
          result: each.family === AF_UNIX ? 'EAFNOSUPPORT' : 'EACCES',
        }));
        expect(sockets).toEqual(expected);
      });

      test('makes no pairs but those of connected Unix sockets', () => {
        const pairs = made(results, 'socketpair').filter(({ result }) => result === 'ok');
        expect(pairs.map(({ family, type }) => [family, type])).toEqual([
          [AF_UNIX, SOCK_STREAM],
          [AF_UNIX, SOCK_SEQPACKET],
        ]);
      });

      test.each(OPEN)('can %s', (name) => {
        expect(results.get(name)).toBe('ok');
      });
    },
  );

  test('reaches nothing under docker-default either, which answers some calls with EPERM', () => {
    const opened = [...Object.keys(CLOSED), ...ISOLATED].filter((name) => docker.get(name) === 'ok');
    expect(opened).toEqual([]);
    expect(made(docker, 'socket').filter(({ result }) => result === 'ok')).toEqual([]);
    expect(OPEN.map((name) => [name, docker.get(name)])).toEqual(OPEN.map((name) => [name, 'ok']));
  });
});
