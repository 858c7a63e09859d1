/** Compiles the policies of a file, which v8.serialize wrote, and prints what their filters cost, as JSON. */
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { compilePolicy } from '../../lib/filter/compile.js';
import type { Filter } from '../../lib/filter/filter.js';
import { prove } from '../../lib/filter/verify/prove.js';
import type { Policy } from '../../lib/policy/policy.js';
import { stepsOf } from '../filter-steps.js';
import type { Costs } from './costs.js';

/** Compilations of each policy, in rounds: the first ones let V8 optimize the compiler. */
const ROUNDS = 25;

const policies: readonly Policy[] = deserialize(readFileSync(process.argv[2] ?? ''));
const filters = policies.map(compiled);
for (const filter of filters)
  if ('call' in prove(filter)) throw new Error('without the pass, a filter decides otherwise');
const times = policies.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < ROUNDS; round++) {
  policies.forEach((policy, i) => {
    const start = performance.now();
    compiled(policy);
    times[i] = Math.min(times[i] ?? 0, performance.now() - start);
  });
}
console.log(
  JSON.stringify(policies.map((policy, i) => costsOf(policy, filters[i] ?? compiled(policy), times[i] ?? 0))),
);

function costsOf(policy: Policy, filter: Filter, compile: number): Costs {
  const { instructions } = filter;
  return { instructions: instructions.length, ...stepsOf(instructions, policy), compile };
}

/** Compiles without a proof, and so without the precompiled programs. */
function compiled(policy: Policy): Filter {
  return compilePolicy(policy, { prove: false });
}
