/** Tests of words as diagrams. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BPF } from '../../../lib/filter/bpf/instruction.js';
import { jumpHolds } from '../../../lib/filter/bpf/interpreter.js';
import { levelOf, testDiagram } from '../../../lib/filter/verify/program-bits.js';
import { Diagrams, FALSE } from '../../../lib/policy/diagrams/decision-diagram.js';

const word = fc.oneof(fc.nat(7), fc.nat(0xffff_ffff), fc.constantFrom(0xffff, 0x8000_0000, 0xffff_ffff));

test('a diagram is true for exactly the words for which the jump is taken, for any mask and constant', () => {
  const code = fc.constantFrom(BPF.jeq, BPF.jge, BPF.jgt, BPF.jset);
  fc.assert(
    fc.property(code, word, word, word, (code, k, mask, value) => {
      const diagrams = new Diagrams();
      const level = levelOf(16, 'little');
      const instruction = { code, jt: 0, jf: 1, k };
      const isValue = testDiagram(level, 0xffff_ffff, { ...instruction, code: BPF.jeq, k: value }, diagrams);
      const both = diagrams.both(isValue, testDiagram(level, mask, instruction, diagrams));
      expect(both !== FALSE).toBe(jumpHolds((value & mask) >>> 0, instruction));
    }),
    { numRuns: 2000 },
  );
});
