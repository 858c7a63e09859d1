/** Decompiles filters of other programs, and compiles the result again. */
import { expect } from 'vitest';
import { decodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { decompile } from '../../lib/filter/verify/decompile.js';
import { proveProgram } from '../../lib/filter/verify/prove.js';
import { callsOn } from './calls.js';

/**
 * Expects that the policy is proven equal to the program, and that its own filter is equal too, by proof and when run.
 */
export function checkMeaning(bytes: Uint8Array) {
  const theirs = decodeInstructions(bytes, 'little');
  const policy = decompile(bytes);
  expect(proveProgram({ policy, bytes, gate: [] })).not.toHaveProperty('call');
  const ours = compilePolicy(policy).instructions;
  const abis = policy.abis.map(({ abi }) => abi.name);
  for (const call of callsOn(abis, policy)) {
    const [a, b] = [interpret(theirs, call, 'little').value, interpret(ours, call, 'little').value];
    if (a !== b) expect({ call, value: b }).toEqual({ call, value: a });
  }
  return { policy, theirs, ours };
}
