/** Holds what several engines say of one call against each other. */
import { expect } from 'vitest';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import type { Filter } from '../../lib/filter/filter.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Call } from '../../lib/policy/policy.js';

/** Interpreter = evaluator, for one call. */
export function checkEverywhere(filter: Filter, call: Call): void {
  const endian = filter.policy.abis[0]?.abi.endian ?? 'little';
  const interpreted = interpret(filter.instructions, call, endian).value;
  const meant = returnValue(evaluate(filter.policy, call));
  expect(interpreted.toString(16), describe(call)).toBe(meant.toString(16));
}

function describe({ arch, number, args }: Call): string {
  return `arch 0x${arch.toString(16)} number ${number} (0x${number.toString(16)}) args ${args.map((a) => `0x${a.toString(16)}`).join(', ')}`;
}
