/** Which syscalls make a filter long. */
import { expect, test } from 'vitest';
import { GraphBuilder, type GraphNode } from '../../../lib/filter/bpf/graph.js';
import { largestSyscalls } from '../../../lib/filter/optimize/size-report.js';

const builder = new GraphBuilder();
const [allow, deny] = [builder.return(0x7fff_0000), builder.return(0x5_0001)];

/** Tests of `count` values, and then `end`: none of its nodes is shared with those of other values. */
const chain = (first: number, count: number, end: GraphNode = deny) =>
  Array.from({ length: count }, (_, i) => first + i).reduce((no, k) => builder.branch('jeq', k, allow, no), end);

const part = (number: number, outcome: GraphNode, abi: 'x86_64' | 'x86' = 'x86_64') => ({ abi, number, outcome });

test('names the three largest, by the instructions that no other syscall has', () => {
  const parts = [part(0, chain(100, 2)), part(1, chain(200, 4)), part(2, chain(300, 1)), part(3, chain(400, 3))];
  expect(largestSyscalls(parts)).toBe(
    'write on x86_64 (4 instructions), close on x86_64 (3 instructions), read on x86_64 (2 instructions)',
  );
});

test('names syscalls with the same rules once, and numbers without a name as numbers', () => {
  const shared = chain(500, 2);
  expect(largestSyscalls([part(0, shared), part(3, shared, 'x86')])).toBe('read on x86_64 and x86 (2 instructions)');
  expect(largestSyscalls([part(0, shared), part(1, shared), part(2, shared)])).toBe(
    'read on x86_64 and 2 more with the same rules (2 instructions)',
  );
  expect(largestSyscalls([part(9999, shared)])).toBe('syscall 9999 on x86_64 (2 instructions)');
});

test('counts no return, and no instruction of two syscalls', () => {
  const end = chain(600, 5);
  expect(largestSyscalls([part(0, chain(700, 1, end)), part(1, chain(800, 2, end))])).toBe(
    'write on x86_64 (2 instructions), read on x86_64 (1 instructions)',
  );
  expect(largestSyscalls([part(0, allow), part(1, deny)])).toBe('');
});
