/** What the native supervisor is told of the calls: their arguments, their memory, and the files that they name. */
import { constants } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { capturesOf, distinguishing } from '../../../lib/decode/captures.js';
import { decodeInstructions } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { compiledOf } from '../../../lib/filter/filter.js';
import { thisHost } from '../../../lib/host.js';
import { PATH_CALLS } from '../../../lib/landlock/denials/path-calls.js';
import { addon } from '../../../lib/native.js';
import { localAgents, refuseLocalAgent } from '../../../lib/sandbox/plan/local-agents.js';
import { forwarding, observation, supervisionOf } from '../../../lib/sandbox/plan/native-config.js';
import { resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import { type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { argumentWidth, syscallNumber, syscallsOf } from '../../../lib/syscalls/table.js';

afterEach(() => {
  vi.restoreAllMocks();
});

type Options = Parameters<ReturnType<typeof addon>['supervision']>[0];

/** The options that the addon gets. */
function given(make: () => unknown): Options {
  const native = vi.spyOn(addon(), 'supervision').mockClear();
  make();
  return native.mock.calls[0]?.[0] ?? expect.fail('nothing was given');
}

/** The rows of a table, as texts. */
function rowsOf(words: Uint32Array, width: number): readonly string[] {
  expect(words.length % width).toBe(0);
  return Array.from({ length: words.length / width }, (_, i) => words.slice(i * width, (i + 1) * width).join());
}

const ABIS: readonly AbiName[] = ['x86_64', 'x86'];
const NONE = 6;
const numberOf = (abi: AbiName, name: string) => syscallNumber(abi, name) ?? expect.fail(`${abi} has no ${name}`);
const filterFor = (...abis: readonly AbiName[]) => {
  const host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set<string>(), abis } as const;
  const { policy } = resolveSources('docker-default', { host });
  return compiledOf(compilePolicy(policy ?? expect.fail('no policy')));
};
const NOTHING = { passesAll: false, reportsPaths: false };

describe('the calls', () => {
  test('have the arguments that tell their kinds apart, with their widths, on each ABI', () => {
    const { distinguishing: words } = given(() => observation(ABIS, false));
    const expected = ABIS.flatMap((abi) =>
      [...syscallsOf(abi)].flatMap(([name, number]) =>
        distinguishing(abi, name).map((argument) =>
          [abiOf(abi).audit, number, argument, argumentWidth(abi, name, argument)].join(),
        ),
      ),
    );
    expect(rowsOf(words, 4)).toEqual(expected);
    expect(expected).toContain([abiOf('x86_64').audit, numberOf('x86_64', 'socket'), 0, 32].join());
  });

  test('have the memory to read: texts and structs, with their size, or the argument that has it', () => {
    const { captures } = given(() => observation(ABIS, false));
    const rows = rowsOf(captures, 6);
    const row = (abi: AbiName, name: string, ...rest: readonly number[]) =>
      [abiOf(abi).audit, numberOf(abi, name), ...rest].join();
    expect(rows).toEqual(
      expect.arrayContaining([row('x86_64', 'mkdir', 0, 1, 256, NONE), row('x86', 'mkdir', 0, 1, 256, NONE)]),
    );
    expect(rows).toContain(row('x86_64', 'connect', 1, 0, 256, 2));
    const count = (abi: AbiName) => [...syscallsOf(abi)].reduce((sum, [name]) => sum + capturesOf(abi, name).length, 0);
    expect(rows).toHaveLength(count('x86_64') + count('x86'));
  });

  test('that are the same share their tables', () => {
    const [first, second, other] = [ABIS, [...ABIS], ['x86_64'] as const].map((abis) =>
      given(() => observation(abis, false)),
    );
    expect(second?.captures).toBe(first?.captures);
    expect(other?.captures).not.toBe(first?.captures);
  });
});

describe('the calls that name files', () => {
  const path = (abi: AbiName, name: string) => {
    const { paths } = given(() => observation(ABIS, true));
    const [audit, number] = [abiOf(abi).audit, numberOf(abi, name)];
    return rowsOf(paths, 10)
      .map((row) => row.split(',').map(Number))
      .filter(([first, second]) => first === audit && second === number)
      .map((row) => row.slice(2));
  };
  const { O_CREAT } = constants;
  const O_PATH = 0o10_000_000;
  const ALWAYS = 0xffff_ffff;

  // The argument, the directory, the size of an address, the distinguishing ones, flags, a struct of flags, what creates, what needs no right.
  test.each<[string, readonly (readonly number[])[]]>([
    ['open', [[0, NONE, NONE, 0b10, 1, NONE, O_CREAT, O_PATH]]],
    ['openat', [[1, 0, NONE, 0b100, 2, NONE, O_CREAT, O_PATH]]],
    ['openat2', [[1, 0, NONE, 0, NONE, 2, O_CREAT, O_PATH]]],
    ['creat', [[0, NONE, NONE, 0, NONE, NONE, ALWAYS, 0]]],
    ['unlinkat', [[1, 0, NONE, 0b100, NONE, NONE, 0, 0]]],
    [
      'renameat2',
      [
        [1, 0, NONE, 0b1_0000, NONE, NONE, 0, 0],
        [3, 2, NONE, 0b1_0000, NONE, NONE, ALWAYS, 0],
      ],
    ],
    ['bind', [[1, NONE, 2, 0, NONE, NONE, ALWAYS, 0]]],
  ])('have their arguments: %s', (name, rows) => {
    expect(path('x86_64', name)).toEqual(rows);
    expect(path('x86', name)).toEqual(rows);
  });

  test('are those of each ABI that has them, and are counted only if that is asked for', () => {
    const { paths } = given(() => observation(ABIS, true));
    const count = (abi: AbiName) =>
      [...PATH_CALLS].reduce(
        (sum, [name, each]) => sum + (syscallNumber(abi, name) === undefined ? 0 : each.paths.length),
        0,
      );
    expect(rowsOf(paths, 10)).toHaveLength(count('x86_64') + count('x86'));
    expect(given(() => observation(ABIS, false)).paths).toHaveLength(0);
    const filter = filterFor('x86_64');
    expect(given(() => supervisionOf(filter, NOTHING)).paths).toHaveLength(0);
    expect(given(() => supervisionOf(filter, { ...NOTHING, reportsPaths: true })).paths.length).toBeGreaterThan(0);
  });
});

describe('the answers', () => {
  const kindOf = (answers: Uint8Array, endian: 'little' | 'big' = 'little') =>
    interpret(decodeInstructions(answers, endian), { arch: 0, number: 0, args: [0n, 0n, 0n, 0n, 0n, 0n] }, endian)
      .value;
  const [ALLOW, NOTIFY] = [0x7fff_0000, 0x7fc0_0000];

  test('to a recording allow and count every call', () => {
    const { answers, countsAll, passesAll } = given(() => observation(['x86_64'], false));
    expect([kindOf(answers), countsAll, passesAll]).toEqual([ALLOW, true, false]);
  });

  test('of an agent are JavaScript’s, for every call, and nothing is counted or read', () => {
    const { answers, countsAll, passesAll, ...tables } = given(forwarding);
    const { endian } = abiOf(thisHost().abi);
    expect([kindOf(answers, endian), countsAll, passesAll]).toEqual([NOTIFY, false, false]);
    expect(Object.values(tables).map((table) => Object(table).length)).toEqual([0, 0, 0]);
  });

  test('to a child are those of its filter, on its ABIs', () => {
    const filter = filterFor('x86_64', 'x86');
    for (const passesAll of [true, false]) {
      const options = given(() => supervisionOf(filter, { ...NOTHING, passesAll }));
      expect(options).toMatchObject({ answers: filter.bytes, countsAll: false, passesAll });
      expect(options.captures).toEqual(
        given(() =>
          observation(
            filter.policy.abis.map(({ abi }) => abi.name),
            false,
          ),
        ).captures,
      );
    }
  });
});

test('an agent of this thread is refused by its path, as long as it listens', () => {
  const agents = ['/a', '/b'].map((path) => ({ isAt: (other: string) => other === path }));
  for (const agent of agents) localAgents.add(agent);
  expect(() => refuseLocalAgent('/b')).toThrow(
    expect.objectContaining({
      code: 'ERR_SECCOMP_OPTION',
      message:
        'listenerPath /b: its agent runs on this thread, and this function blocks the thread: use spawn, or run the agent in another process',
    }),
  );
  expect(() => refuseLocalAgent('/c')).not.toThrow();
  for (const agent of agents) localAgents.delete(agent);
  expect(() => refuseLocalAgent('/b')).not.toThrow();
});
