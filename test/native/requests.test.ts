/** What the addon refuses and what it accepts, at each bound. test/native.test.ts has what no filter may be lost by. */
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { addon, type NativeRequest, NONE, NULL, RULE_OPTIONAL, SOCKET } from '../../lib/native.js';

const { EBADF, EINVAL, ENOENT, ENOSYS, EOPNOTSUPP } = constants.errno;
const ALLOW = [6, 0, 0, 0, 0, 0, 0xff, 0x7f];
/** `jeq #0, 0, 0`, whose constant a gate or a guardian's ID may replace. */
const COMPARE = [0x15, 0, 0, 0, 0, 0, 0, 0];
const program = (...instructions: readonly (readonly number[])[]) => Uint8Array.from(instructions.flat());
const allowed = { bytes: program(ALLOW), gate: [] };
const request: NativeRequest = {
  candidates: ['/bin/sh'],
  args: ['sh'],
  env: 'PATH=/usr/bin:/bin\0',
  detached: false,
  noNewPrivileges: true,
  stdio: [NULL, SOCKET, NULL],
  filters: [allowed],
  unconfined: false,
  filterFlags: 0,
};
const limits = { timeout: 0, maxBuffer: 0, killSignal: 15, forceKillAfter: 5000 };
/** SECCOMP_FILTER_FLAG_NEW_LISTENER. */
const listener = { filterFlags: 8 };
const supervised = {
  answers: program(ALLOW),
  countsAll: false,
  passesAll: false,
  distinguishing: new Uint32Array(),
  captures: new Uint32Array(),
  paths: new Uint32Array(),
};
const supervision = { supervision: addon().supervision(supervised), mailbox: addon().openMailbox(() => {}) };
const agent = { agent: { path: '/a', state: [''] } };
const guarded = { domainRequired: true, isolation: true, domain: [1, 1, 0], guarded: true };
const inGroup = { guarded: true, inProcessGroup: true };
const spawnSync = (members: object) =>
  Reflect.apply(addon().spawnSync, undefined, [{ ...request, ...members }, limits]);

/** Runs a script of the shell, and returns what it prints. */
function output(script: string, members: object = {}): string {
  const { error, call, code, output } = spawnSync({ args: ['sh', '-c', script], ...members });
  return error === undefined && code === 0 ? String(output[1]) : `failed: ${call} ${error} ${code}`;
}

describe('a request is refused with', () => {
  test.each<[string, object, RegExp]>([
    ...Object.keys(request).map((name): [string, object, RegExp] => [
      `no ${name}`,
      { [name]: undefined },
      RegExp(`^request\\.${name} must be `),
    ]),
    ...['detached', 'isolation', 'domainRequired', 'guarded', 'inProcessGroup', 'noNewPrivileges', 'unconfined'].map(
      (name): [string, object, RegExp] => [
        `1 as ${name}`,
        { [name]: 1 },
        RegExp(`^request\\.${name} must be a boolean`),
      ],
    ),
    ['candidates that are no array', { candidates: '/bin/sh' }, /^request\.candidates must be /],
    ['a directory that is no string', { cwd: 1 }, /^request\.cwd must be /],
    ['a gid of 33 bits', { gid: 2 ** 32 }, /^request\.gid must be /],
    ['a gid below 32 bits', { gid: -(2 ** 31) - 1 }, /^request\.gid must be /],
    ['a uid that is no number', { uid: '0' }, /^request\.uid must be /],
    ['descriptors that are no array', { stdio: { length: 0 } }, /^request\.stdio must be /],
    ['limits that are no array', { limits: {} }, /^request\.limits must be /],
    ['a soft limit that is a number', { limits: [7, 64, 64n] }, /^request\.limits must be /],
    ['a cgroup of 32 bits', { cgroup: 2 ** 31 }, /^request\.cgroup must be /],
    ['filter flags of 33 bits', { filterFlags: 2 ** 32 }, /^request\.filterFlags must be /],
    ['negative filter flags', { filterFlags: -1 }, /^request\.filterFlags must be /],
    ['capabilities of 65 bits', { keptCapabilities: 2n ** 64n }, /^request\.keptCapabilities must be /],
    ['negative capabilities', { keptCapabilities: -1n }, /^request\.keptCapabilities must be /],
    ['a filter that is no object', { filters: [1] }, /^filter must be an object/],
    ['filters that are no array', { filters: allowed }, /^request\.filters must be /],
    ['a gate that is no array', { filters: [{ ...allowed, gate: {} }] }, /^filter\.gate must be /],
    ['words as a filter', { filters: [{ ...allowed, bytes: Uint32Array.of(6, 0x7fff0000) }] }, /^filter\.bytes must /],
    ['a negative half', { filters: [{ bytes: program(COMPARE, ALLOW), gate: [0, -1] }] }, /^filter\.gate must be /],
    ['a negative patch', { filters: [{ bytes: program(COMPARE, ALLOW), gate: [-1, 0] }] }, /^filter\.gate must be /],
    ['a domain of two sets', { ...guarded, domain: [1, 1] }, /^request\.domain must be /],
    ['a domain of four sets', { ...guarded, domain: [1, 1, 1, 1] }, /^request\.domain must be /],
    ['isolation that is required of no domain', { ...guarded, domainRequired: false }, /^isolation is required, but /],
    ['a guardian of neither domain nor group', { guarded: true }, /^guarded is true, but neither /],
    ['a group without a guardian', { inProcessGroup: true }, /^inProcessGroup is true, but guarded is not, /],
    ['a group of a detached child', { ...inGroup, detached: true }, /^inProcessGroup is true, but .* detached is, /],
    [
      'a group without a filter',
      { ...inGroup, filters: [], unconfined: true },
      /^inProcessGroup is true, but .* filters are empty$/,
    ],
    ['samples without a guardian', { sampled: [1n, 1n, 1n, 0n] }, /^sampled is set, but guarded is not true$/],
    ['samples of a group', { ...inGroup, sampled: [1n, 1n, 1n, 0n] }, /^sampled and inProcessGroup are both set$/],
    ['three samples', { ...guarded, sampled: [1n, 1n, 1n] }, /^request\.sampled must be /],
    ['five samples', { ...guarded, sampled: [1n, 1n, 1n, 1n, 1n] }, /^request\.sampled must be /],
    ...[0, 1, 2, 3].map((place): [string, object, RegExp] => [
      `a number as sample ${place}`,
      { ...guarded, sampled: [1n, 1n, 1n, 1n].with(place, Object(1)) },
      /^request\.sampled must be /,
    ]),
    [
      'a guardian filter of 4097 instructions',
      { ...inGroup, guardianFilter: { bytes: new Uint8Array(4097 * 8), sites: [] } },
      /^guardianFilter\.bytes must be /,
    ],
    [
      'a negative site',
      { ...inGroup, guardianFilter: { bytes: program(COMPARE, ALLOW), sites: [-1] } },
      /^guardianFilter\.sites must be /,
    ],
    [
      'sites that are no array',
      { ...inGroup, guardianFilter: { bytes: program(COMPARE, ALLOW), sites: {} } },
      /^guardianFilter\.sites must be /,
    ],
    ['an agent and a supervision', { ...listener, ...agent, ...supervision }, /^agent is set, but .* supervision is /],
    ['a mailbox as ruleset', { ruleset: supervision.mailbox }, /^request\.ruleset must be a handle/],
    ['a mailbox as supervision', { supervision: supervision.mailbox }, /^request\.supervision must be a handle/],
    [
      'a path of an agent with a NUL',
      { ...listener, agent: { path: '/a\0', state: [''] } },
      /^agent\.path must be a string without NUL/,
    ],
  ])('%s', (_, members, message) => {
    expect(() => spawnSync(members)).toThrowError(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
  });

  test('both a ruleset and a domain', ({ skip }) => {
    const ruleset = openRuleset();
    skip('error' in ruleset, 'this kernel has no Landlock');
    expect(() => spawnSync({ ...guarded, ruleset })).toThrowError(/^domain and ruleset are both set$/);
  });
});

const openRuleset = (members: object = {}) =>
  Reflect.apply(addon().openPathRuleset, undefined, [
    {
      handled: 4,
      scoped: 0,
      paths: ['/usr'],
      grants: Uint32Array.of(4, RULE_OPTIONAL),
      user: 0,
      folders: [],
      mappedUsers: Uint32Array.of(0, 1),
      ...members,
    },
  ]);

describe('a ruleset is refused with', () => {
  test.each<[string, object, RegExp]>([
    ['no handled right', { handled: 0 }, /^ruleset\.handled must be /],
    ['rights of 33 bits', { handled: 2 ** 32 }, /^ruleset\.handled must be /],
    ['a negative scope', { scoped: -1 }, /^ruleset\.scoped must be /],
    ['scopes of 33 bits', { scoped: 2 ** 32 }, /^ruleset\.scoped must be /],
    ['a relative path', { paths: ['usr'] }, /^ruleset\.paths must be /],
    ['an empty path', { paths: [''] }, /^ruleset\.paths must be /],
    ['a path with a NUL', { paths: ['/usr\0'] }, /^ruleset\.paths must be /],
    ['grants of fewer paths', { paths: ['/usr', '/etc'] }, /^ruleset\.grants must be /],
    ['grants of more paths', { paths: [] }, /^ruleset\.grants must be /],
    ['an unknown flag', { grants: Uint32Array.of(4, 8) }, /^ruleset\.grants must be /],
    ['a user of 33 bits', { user: 2 ** 32 }, /^ruleset\.user must be /],
    ['half a range of users', { mappedUsers: Uint32Array.of(0, 1, 2) }, /^ruleset\.mappedUsers must be /],
    ['folders that are no strings', { folders: [1] }, /^ruleset\.folders must be /],
    ['an unknown member', { rights: 4 }, /^ruleset has an unknown key: rights$/],
  ])('%s', (_, members, message) => {
    expect(() => openRuleset(members)).toThrowError(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(message) }),
    );
  });

  test('nothing at the bounds', ({ skip }) => {
    const ruleset = openRuleset({ grants: Uint32Array.of(4, 7), user: 2 ** 32 - 1 });
    const error = 'error' in ruleset ? ruleset.error : undefined;
    skip(error === ENOSYS || error === EOPNOTSUPP, 'this kernel has no Landlock');
    expect(ruleset).toBeDefined();
    expect(openRuleset({ handled: 2 ** 32 - 1, scoped: 2 ** 32 - 1 })).toMatchObject({ error: EINVAL });
  });
});

describe('the paths of a supervision are refused with', () => {
  /** ABI, number, path, directory, size of an address, distinguishing, flags, open_how, creating, ignored. */
  const valid = [1, 2, 5, 6, 6, 63, 6, 6, 0, 0];
  const supervise = (paths: readonly number[]) =>
    addon().supervision({ ...supervised, paths: Uint32Array.from(paths) });
  test.each<[string, readonly number[]]>([
    ['a seventh path', valid.with(2, 6)],
    ['a directory beyond', valid.with(3, 7)],
    ['the size of an address beyond', valid.with(4, 7)],
    ['a seventh distinguishing argument', valid.with(5, 64)],
    ['flags beyond', valid.with(6, 7)],
    ['an open_how beyond', valid.with(7, 7)],
    ['nine words', valid.slice(1)],
  ])('%s', (_, paths) => {
    expect(supervise(valid)).toBeDefined();
    expect(() => supervise(paths)).toThrowError(/^supervision\.paths must be /);
  });
});

describe('a request is accepted with', () => {
  test('eight filters, one of which has 4096 instructions and a gate in its last but one', () => {
    const long = program(...Array<readonly number[]>(4095).fill(COMPARE), ALLOW);
    const filters = [{ bytes: long, gate: [0, 0, 4094, 5] }, ...Array(7).fill(allowed)];
    expect(output('echo started', { filters })).toBe('started\n');
  });

  test('1024 descriptors', () => {
    const stdio = [...request.stdio, ...Array(1021).fill(NONE)];
    expect(output('echo started', { stdio })).toBe('started\n');
  });

  test('the greatest descriptor and resource, which the kernel refuses', () => {
    expect(spawnSync({ stdio: [2 ** 31 - 1] })).toMatchObject({ error: EBADF });
    expect(spawnSync({ limits: [255, 0n, 0n] })).toEqual({ error: EINVAL, call: 'prlimit' });
  });

  test('several limits, each with its soft and its hard value', () => {
    const script = 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc';
    expect(output(script, { limits: [7, 30n, 40n, 4, 0n, 512n] })).toBe('30\n40\n0\n1\n');
  });

  test('the user and group IDs of 32 bits, with a sign and without', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    const script = 'id -u; id -g';
    expect(output(script, { uid: -(2 ** 31), gid: 2 ** 32 - 2 })).toBe('2147483648\n4294967294\n');
    expect(output(script, { uid: -2, gid: -(2 ** 31) })).toBe('4294967294\n2147483648\n');
  });

  test('all 64 capabilities', () => {
    expect(output('echo started', { keptCapabilities: 2n ** 64n - 1n })).toBe('started\n');
  });

  test('an agent with three parts of a message', () => {
    const state = ['a', 'b', 'c'];
    expect(spawnSync({ ...listener, agent: { path: '/no/such/agent', state } })).toMatchObject({ error: ENOENT });
  });
});

test.each<[string, (members: object) => unknown]>([
  ['install', (members) => Reflect.apply(addon().install, undefined, [members])],
  ['probe', (members) => Reflect.apply(addon().probe, undefined, [members, new BigUint64Array(8), false])],
])('%s refuses a listener', (_, call) => {
  const { noNewPrivileges, filters, unconfined } = request;
  expect(() => call({ noNewPrivileges, filters, unconfined, ...listener })).toThrowError(
    /^filterFlags request a listener, which only the filter of a child may have$/,
  );
});

test('the kernel tells which actions it has, and which flags of filters', () => {
  const { actionAvailable, filterFlagsKnown } = addon();
  expect([0x7fff_0000, 0x5_0000, 0x1234_0000].map((action) => actionAvailable(action))).toEqual([0, 0, EOPNOTSUPP]);
  expect([0, 1, 8, 2 ** 31, 2 ** 31 + 1].map((flags) => filterFlagsKnown(flags))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  for (const wrong of [-1, 2 ** 32, '0', undefined])
    for (const ask of [actionAvailable, filterFlagsKnown])
      expect(() => Reflect.apply(ask, undefined, [wrong])).toThrowError(/usage: /);
});

describe('limits of spawnSync are refused with', () => {
  test.each<[string, object]>([
    ['timeout', { timeout: '1' }],
    ['maxBuffer', { maxBuffer: 1n }],
    ['killSignal', { killSignal: 0.5 }],
    ['forceKillAfter', { forceKillAfter: undefined }],
    ['input', { input: 'text' }],
  ])('a %s of another type', (name, members) => {
    const call = () => Reflect.apply(addon().spawnSync, undefined, [request, { ...limits, ...members }]);
    expect(call).toThrowError(RegExp(`^limits\\.${name} must be `));
  });
});
