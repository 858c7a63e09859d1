/** The number tree: right for every number, and as cheap as the cost model allows. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, type GraphNode } from '../../../lib/filter/bpf/graph.js';
import { BPF } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import type { Filter } from '../../../lib/filter/filter.js';
import { buildNumberTree, NONE_EMULATED } from '../../../lib/filter/optimize/number-tree.js';
import type { AbiPolicy, Policy } from '../../../lib/policy/policy.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { checkEverywhere } from '../../support/everywhere.js';

const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };

/** Ranges with few outcomes, many of them of a single number. */
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.nat(2)), { minLength: 1, maxLength: 24 })
  .map((steps) => {
    const factory = new GraphBuilder();
    const list: { start: number; outcome: GraphNode }[] = [];
    let start = 0;
    for (const [length, value] of steps) {
      const outcome = factory.return(value);
      if (list.at(-1)?.outcome !== outcome) list.push({ start, outcome });
      start += length;
    }
    return { list, factory, end: start };
  });

function decided(tree: GraphNode, number: number): GraphNode {
  let node = tree;
  while (node.kind === 'branch') {
    const { test, k } = node;
    const holds = test === 'jeq' ? number === k : test === 'jge' ? number >= k : (number & k) !== 0;
    node = holds ? node.yes : node.no;
  }
  return node;
}

function steps(filter: Filter, abi: AbiName, count: number): number {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const call = (number: number) => ({ arch: abiOf(abi).audit, number, args: [] });
  return numbers.reduce((sum, number) => sum + interpret(filter.instructions, call(number), 'little').steps, 0);
}

function policyOf(abis: readonly AbiName[], allowed: (abi: AbiName) => readonly number[]): Policy {
  const one = (name: AbiName): AbiPolicy => ({
    abi: abiOf(name),
    syscalls: new Map(allowed(name).map((number) => [number, [{ conditions: [], action: { kind: 'allow' } }]])),
  });
  const foreignAction = { kind: 'kill-process' } as const;
  return { abis: abis.map(one), defaultAction: { kind: 'errno', errno: 1 }, foreignAction };
}

describe('a tree', () => {
  test('leads each number to the outcome of its range', () => {
    fc.assert(
      fc.property(ranges, fc.boolean(), ({ list, factory, end }, asked) => {
        const tree = buildNumberTree(list, asked ? { first: 0, end } : NONE_EMULATED, factory);
        for (const number of [...Array(end + 1).keys(), 0x4000_0000, 0xffff_ffff]) {
          expect(decided(tree, number)).toBe(list.findLast(({ start }) => start <= number)?.outcome);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('uses one test of bits where that distinguishes all numbers', () => {
    const filter = compilePolicy(policyOf(['x86_64'], () => [1, 3, 5, 7, 9, 11, 13, 15]));
    const tests = filter.instructions.filter(({ code, k }) => code === BPF.jset && k === 1);
    expect(tests).toHaveLength(1);
    expect(filter.instructions.length).toBeLessThan(11);
  });
});

describe('x32', () => {
  const odd = Array.from({ length: 150 }, (_, i) => 3 * i);

  test('shares the tree of x86_64, except for the numbers that it decides differently', () => {
    const x32 = odd.filter((number) => number !== 30).map((number) => 0x4000_0000 + number);
    const alone = compilePolicy(policyOf(['x86_64'], () => odd)).instructions.length;
    const both = compilePolicy(policyOf(['x86_64', 'x32'], (abi) => (abi === 'x32' ? x32 : odd)));
    expect(both.instructions.some(({ code, k }) => code === BPF.and && k === 0xbfff_ffff)).toBe(true);
    expect(both.instructions.length).toBeLessThan(alone + 10);
  });

  test('has a separate tree if few numbers are decided as on x86_64', () => {
    const filter = compilePolicy(policyOf(['x86_64', 'x32'], (abi) => (abi === 'x32' ? [0x4000_0005] : odd)));
    expect(filter.instructions.some(({ code }) => code === BPF.and)).toBe(false);
  });

  test('is decided as in its policy, for every number and at the boundaries of its numbers', () => {
    const table = fc.uniqueArray(fc.nat(40), { maxLength: 30 });
    const borders = [0x3fff_ffff, 0x7fff_ffff, 0x8000_0005, 0xbfff_ffff, 0xc000_0005, 0xffff_fffe, 0xffff_ffff];
    fc.assert(
      fc.property(table, table, (own, other) => {
        const x32 = [...own.filter((_, i) => i % 4 !== 0), ...other.slice(0, 2)].map((number) => 0x4000_0000 + number);
        const filter = compilePolicy(policyOf(['x86_64', 'x32'], (abi) => (abi === 'x32' ? [...new Set(x32)] : own)));
        for (const number of [...Array(45).keys()].flatMap((each) => [each, each + 0x4000_0000]).concat(borders)) {
          checkEverywhere(filter, { arch: abiOf('x86_64').audit, number, args: [] });
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** The figures of bench/README.md for docker-default. Kernel 6.18 emulates 470 numbers of each ABI. */
describe('docker-default', () => {
  const profile = loadProfile('docker-default');
  const compiled = (abis: readonly AbiName[]) => {
    return compilePolicy(resolve(profile, { ...host, abis }));
  };

  test('is small, and its paths are short, on x86_64 + x86 + x32', () => {
    const filter = compiled(['x86', 'x32']);
    expect(filter.instructions.length).toBeLessThanOrEqual(190);
    expect(steps(filter, 'x86_64', 470) + steps(filter, 'x86', 470)).toBeLessThanOrEqual(10_100);
  });

  test('is small on x86_64 alone', () => {
    expect(compiled([]).instructions.length).toBeLessThanOrEqual(70);
  });
});
