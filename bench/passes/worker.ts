/** Compiles the policies of a file, which v8.serialize wrote, and prints what their filters cost, as JSON. */
import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { SeccompError } from '../../lib/errors.js';
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
  if (filter !== undefined && 'call' in prove(filter)) throw new Error('without the pass, a filter decides otherwise');
const times = policies.map(() => Number.POSITIVE_INFINITY);
for (let round = 0; round < ROUNDS; round++) {
  policies.forEach((policy, i) => {
    const start = performance.now();
    compiled(policy);
    times[i] = Math.min(times[i] ?? 0, performance.now() - start);
  });
}
console.log(JSON.stringify(policies.map((policy, i) => costsOf(policy, filters[i], times[i] ?? 0))));

/** Null for a filter that has more instructions than the kernel takes. */
function costsOf(policy: Policy, filter: Filter | undefined, compile: number): Costs | null {
  if (filter === undefined) return null;
  const { instructions } = filter;
  return { instructions: instructions.length, ...stepsOf(instructions, policy), compile };
}

/** Without a proof, and so without a look at the precompiled programs. */
function compiled(policy: Policy): Filter | undefined {
  try {
    return compilePolicy(policy, { prove: false });
  } catch (error) {
    if (error instanceof SeccompError && error.code === 'ERR_SECCOMP_TOO_LARGE') return undefined;
    throw error;
  }
}
