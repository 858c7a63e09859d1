/** The layout of programs: a program decides as its graph does, however long its jumps are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemble } from '../../../lib/filter/bpf/assemble.js';
import { GraphBuilder, type GraphNode } from '../../../lib/filter/bpf/graph.js';
import { BPF, encodeInstructions } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';

/** Follows the graph itself, for a call with this number and first argument. */
function walk(root: GraphNode, number: number, argument: number): number {
  let accumulator = 0;
  for (let node = root; ; ) {
    if (node.kind === 'return') return node.value;
    if (node.kind === 'load') accumulator = node.offset === 0 ? number : argument;
    if (node.kind === 'and') accumulator = (accumulator & node.mask) >>> 0;
    if (node.kind !== 'branch') node = node.next;
    else node = holds(node.test, accumulator, node.k) ? node.yes : node.no;
  }
}

function holds(test: string, accumulator: number, k: number): boolean {
  if (test === 'jeq') return accumulator === k;
  if (test === 'jge') return accumulator >= k;
  if (test === 'jgt') return accumulator > k;
  return (accumulator & k) !== 0;
}

/** A graph whose nodes lead to any of the nodes made before, near or far. */
const graph = fc
  .array(
    fc.record({
      kind: fc.nat(9),
      test: fc.constantFrom('jeq', 'jge', 'jgt', 'jset'),
      k: fc.nat(20),
      yes: fc.nat(),
      no: fc.nat(),
    }),
    { minLength: 1, maxLength: 1200, size: 'max' },
  )
  .map((steps) => {
    const factory = new GraphBuilder();
    const nodes: GraphNode[] = Array.from({ length: 8 }, (_, i) => factory.return(i));
    const pick = (seed: number) => {
      const back = seed % 3 === 0 ? 1 + (seed % 5) : 1 + (seed % nodes.length);
      const node = nodes[Math.max(0, nodes.length - back)];
      if (node === undefined) throw new RangeError('no node');
      return node;
    };
    for (const { kind, test, k, yes, no } of steps) {
      if (kind === 0) nodes.push(factory.load(k % 2 === 0 ? 0 : 16, pick(yes)));
      else if (kind === 1) nodes.push(factory.and(k, pick(yes)));
      else
        nodes.push(
          factory.branch(test === 'jeq' || test === 'jge' || test === 'jgt' ? test : 'jset', k, pick(yes), pick(no)),
        );
    }
    return factory.load(0, pick(0));
  });

test('a program decides as its graph does, and every jump fits its field', () => {
  fc.assert(
    fc.property(graph, fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { minLength: 10, maxLength: 10 }), (root, inputs) => {
      const { instructions } = assemble(root);
      expect(Math.max(...instructions.flatMap(({ jt, jf }) => [jt, jf]))).toBeLessThan(256);
      for (const [number, argument] of inputs) {
        const call = { arch: 0, number, args: [BigInt(argument)] };
        expect(interpret(instructions, call, 'little').value).toBe(walk(root, number, argument));
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['yes', 'no'],
  ['no', 'yes'],
])('a jump at the limit, where moving the farther target, %s, closer pushes the other one away', (farther) => {
  for (let distance = 245; distance < 262; distance++) {
    const factory = new GraphBuilder();
    const one = factory.load(16, factory.branch('jeq', 1, factory.return(1), factory.return(2)));
    const other = factory.load(16, factory.branch('jeq', 2, factory.return(3), factory.return(4)));
    // The nodes in the order of emission: two targets, `distance` instructions, and the branch that leads to both.
    let between = factory.branch('jeq', 999, one, other);
    for (let i = 1; i < distance; i++) between = factory.branch('jeq', 1000 + i, between, factory.return(5));
    const [yes, no] = farther === 'yes' ? [one, other] : [other, one];
    const root = factory.load(0, factory.branch('jset', 8, factory.branch('jeq', 9, yes, no), between));
    const { instructions } = assemble(root);
    expect(() => encodeInstructions(instructions, 'little')).not.toThrow();
    for (const number of [5, 8, 9, 999, 1001]) {
      for (const argument of [1, 2, 3]) {
        const value = interpret(instructions, { arch: 0, number, args: [BigInt(argument)] }, 'little').value;
        expect(value, `distance ${distance} number ${number}`).toBe(walk(root, number, argument));
      }
    }
  }
});

test('the comparisons of the exec gate are listed in the order of their instructions', () => {
  const factory = new GraphBuilder();
  const [allow, deny] = [factory.return(7), factory.return(8)];
  const second = factory.load(40, factory.branch('jeq', 0, allow, deny, 1));
  const root = factory.load(44, factory.branch('jeq', 0, second, deny, 4));
  const { instructions, gate } = assemble(root);
  expect(gate.map(({ half }) => half)).toEqual([4, 1]);
  const offsets = gate.map(({ instruction }) => {
    expect(instructions[instruction]).toMatchObject({ code: BPF.jeq, k: 0 });
    return instructions[instruction - 1]?.k;
  });
  expect(offsets).toEqual([44, 40]);
});

test('instructions that do not fit are not encoded', () => {
  expect(() => encodeInstructions([{ code: 0x15, jt: 256, jf: 0, k: 0 }], 'little')).toThrow(RangeError);
});
