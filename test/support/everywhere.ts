/** Compares the results of interpreter and evaluator. */
import { expect } from 'vitest';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import type { Filter } from '../../lib/filter/filter.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { PolicyCall } from '../../lib/policy/policy.js';

/** Expects the same result of the interpreter and the evaluator for one call. */
export function checkEverywhere(filter: Filter, call: PolicyCall): void {
  const endian = filter.policy.abis[0]?.abi.endian ?? 'little';
  const interpreted = interpret(filter.instructions, call, endian).value;
  const meant = returnValue(evaluate(filter.policy, call));
  expect(interpreted.toString(16), describe(call)).toBe(meant.toString(16));
}

function describe({ arch, number, args }: PolicyCall): string {
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  return `arch ${hex(arch)} number ${number} (${hex(number)}) args ${args.map(hex).join(', ')}`;
}
