/** Compares the results of interpreter and evaluator. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import type { Filter } from '../../lib/filter/filter.js';
import { returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { PolicyCall } from '../../lib/policy/policy.js';
import { call, host, policyOfAny, profile } from './arbitrary.js';

/** Compiles the filters of so many random profiles, which proves them, and compares some of their decisions. */
export function checkRandom(runs: number): void {
  const filters = host.chain((on) => profile(on).map((document) => compilePolicy(policyOfAny(document, on))));
  const property = filters.chain((filter) => {
    const calls = fc.array(call(filter.policy), { minLength: 20, maxLength: 20 });
    return fc.record({ filter: fc.constant(filter), calls });
  });
  fc.assert(
    fc.property(property, ({ filter, calls }) => {
      if (filter.proof === null) expect.fail('it is not proven');
      for (const each of calls) checkEverywhere(filter, each);
    }),
    { numRuns: runs },
  );
}

/** Expects the same result of the interpreter and the evaluator for one call. */
export function checkEverywhere(filter: Filter, call: PolicyCall): void {
  const endian = filter.policy.abis[0]?.abi.endian ?? 'little';
  const interpreted = interpret(filter.instructions, call, endian).value;
  const meant = returnValue(evaluate(filter.policy, call));
  // A message for each of many thousand calls takes longer than the calls.
  if (interpreted !== meant) expect(interpreted.toString(16), describe(call)).toBe(meant.toString(16));
}

function describe({ arch, number, args }: PolicyCall): string {
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  return `arch ${hex(arch)} number ${number} (${hex(number)}) args ${args.map(hex).join(', ')}`;
}
