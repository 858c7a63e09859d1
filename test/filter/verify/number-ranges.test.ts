import { describe, expect, test } from 'vitest';
import { assemble } from '../../../lib/filter/bpf/assemble.js';
import { GraphBuilder } from '../../../lib/filter/bpf/graph.js';
import { ARCH_OFFSET, argumentOffset, NR_OFFSET } from '../../../lib/filter/bpf/instruction.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { type NumberPath, numberPaths } from '../../../lib/filter/verify/number-ranges.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { abiOf } from '../../../lib/syscalls/abi.js';

const { audit } = abiOf('x86_64');
const factory = new GraphBuilder();
const [yes, no] = [factory.return(1), factory.return(2)];
const numbersIn = (paths: readonly NumberPath[]) => paths.toSorted((a, b) => a.first - b.first);

function follow(root: Parameters<typeof assemble>[0]) {
  const { instructions } = assemble(root);
  return numbersIn(numberPaths({ instructions, gate: new Map() }, audit)).map(({ first, last, at }) => {
    const { k } = instructions[at ?? -1] ?? {};
    return [first, last, k];
  });
}

describe('numberPaths', () => {
  test('assigns each number to one instruction', () => {
    const profile = loadProfile('docker-default');
    const policy = resolve(profile, {
      abi: 'x86_64',
      abis: ['x86_64', 'x86', 'x32'],
      kernel: { major: 6, minor: 12 },
      capabilities: new Set(),
    });
    const { instructions } = compilePolicy(policy, { prove: false });
    for (const arch of [audit, abiOf('x86').audit]) {
      const ranges = numbersIn(numberPaths({ instructions, gate: new Map() }, arch));
      expect(ranges.at(0)?.first).toBe(0);
      expect(ranges.at(-1)?.last).toBe(2 ** 32 - 1);
      for (const [i, { first, last, at }] of ranges.entries()) {
        expect(first).toBe(i === 0 ? 0 : (ranges[i - 1]?.last ?? 0) + 1);
        expect(last).toBeGreaterThanOrEqual(first);
        expect(at, 'two bounds are enough for what we make').toBeDefined();
      }
    }
  });

  test.each([
    [
      'jeq',
      [
        [0, 4, 2],
        [5, 5, 1],
        [6, 2 ** 32 - 1, 2],
      ],
    ],
    [
      'jge',
      [
        [0, 4, 2],
        [5, 2 ** 32 - 1, 1],
      ],
    ],
    [
      'jgt',
      [
        [0, 5, 2],
        [6, 2 ** 32 - 1, 1],
      ],
    ],
  ] as const)('cuts along %s', (name, parts) => {
    expect(follow(factory.load(NR_OFFSET, factory.branch(name, 5, yes, no)))).toEqual(parts);
  });

  test.each([
    ['jge', 5, [5, 2 ** 32 - 1, 3]],
    ['jgt', 4, [5, 2 ** 32 - 1, 3]],
    ['jgt', 2 ** 32 - 1, [5, 2 ** 32 - 1, 2]],
  ] as const)('does not cut where all numbers have one answer: from 5, by %s %i', (name, k, range) => {
    const from5 = factory.branch(name, k, factory.return(3), no);
    expect(follow(factory.load(NR_OFFSET, factory.branch('jge', 5, from5, yes)))).toEqual([[0, 4, 1], range]);
  });

  test.each([
    ['jge', 4, [[0, 3, 2]], [4, 4, 3]],
    ['jge', 5, [], [0, 4, 2]],
    ['jgt', 3, [[0, 3, 2]], [4, 4, 3]],
    ['jgt', 4, [], [0, 4, 2]],
    ['jeq', 4, [[0, 3, 2]], [4, 4, 3]],
    ['jeq', 0, [[0, 0, 3]], [1, 4, 2]],
    ['jeq', 5, [], [0, 4, 2]],
  ] as const)('cuts at the bounds of what is left: up to 4, by %s %i', (name, k, before, range) => {
    const upTo4 = factory.branch(name, k, factory.return(3), no);
    const paths = follow(factory.load(NR_OFFSET, factory.branch('jge', 5, yes, upTo4)));
    expect(paths).toEqual([...before, range, [5, 2 ** 32 - 1, 1]]);
  });

  test('evaluates a test of bits for each number', () => {
    const bits = factory.branch('jset', 5, yes, no);
    const below8 = factory.load(NR_OFFSET, factory.branch('jge', 8, factory.return(3), bits));
    expect(follow(below8)).toEqual([
      [0, 0, 2],
      [1, 1, 1],
      [2, 2, 2],
      [3, 7, 1],
      [8, 2 ** 32 - 1, 3],
    ]);
  });

  test('compares the rest of a number after a high bit is cleared', () => {
    const cleared = factory.load(NR_OFFSET, factory.and(0x7fff_ffff, factory.branch('jge', 5, yes, no)));
    expect(follow(cleared)).toEqual([
      [0, 4, 2],
      [5, 2 ** 31 - 1, 1],
      [2 ** 31, 2 ** 31 + 4, 2],
      [2 ** 31 + 5, 2 ** 32 - 1, 1],
    ]);
  });

  test('leaves to symbolic execution what two bounds cannot describe, and tests of the number after arguments', () => {
    const all = [[0, 2 ** 32 - 1, undefined]];
    expect(follow(factory.load(NR_OFFSET, factory.branch('jset', 2, yes, no)))).toEqual(all);
    expect(follow(factory.load(NR_OFFSET, factory.and(0xff, factory.branch('jeq', 2, yes, no))))).toEqual(all);
    const argument = argumentOffset(0, 'low', 'little');
    for (const offset of [NR_OFFSET, ARCH_OFFSET]) {
      const again = factory.load(offset, factory.branch('jeq', 5, yes, no));
      expect(follow(factory.load(argument, factory.branch('jeq', 5, again, no)))).toEqual(all);
    }
  });
});
