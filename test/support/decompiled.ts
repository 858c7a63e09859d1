/** Decompiles filters of other programs, and compiles the result again. */
import { expect } from 'vitest';
import { decodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { decompile } from '../../lib/filter/verify/decompile.js';
import { proveProgram } from '../../lib/filter/verify/prove.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import type { Abi } from '../../lib/syscalls/abi.js';
import { tellingCalls } from './calls.js';
import { corpusOn } from './corpus.js';
import { libseccompFilter, runcRules } from './libseccomp.js';

/**
 * Expects that the policy is proven equal to the program, and that its own filter is equal too, by proof and when run.
 */
export function checkMeaning(bytes: Uint8Array) {
  const theirs = decodeInstructions(bytes, 'little');
  const policy = decompile(bytes);
  expect(proveProgram({ policy, bytes, gate: [] })).not.toHaveProperty('call');
  const ours = compilePolicy(policy).instructions;
  const abis = policy.abis.map(({ abi }) => abi.name);
  for (const call of tellingCalls(abis, policy)) {
    const [a, b] = [interpret(theirs, call, 'little').value, interpret(ours, call, 'little').value];
    if (a !== b) expect({ call, value: b }).toEqual({ call, value: a });
  }
  return { policy, theirs, ours };
}

/** Expects filters compiled from decompiled ones, ours and libseccomp's, to be at most twice as long: for a part of the corpus. */
export function checkLengths(abi: Abi, isTaken: (position: number) => boolean): void {
  const host: Host = { abi: abi.name, abis: [], kernel: { major: 6, minor: 18 }, capabilities: new Set() };
  const entries = corpusOn(host, isTaken);
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) {
    if ('refusal' in entry) continue;
    const ours = compilePolicy(resolve(entry.profile, host)).bytes;
    for (const bytes of [ours, libseccompFilter(runcRules(entry.profile, host))]) {
      const again = compilePolicy(decompile(bytes, abi.endian));
      expect(again.bytes.length, entry.name).toBeLessThanOrEqual(2 * bytes.length);
    }
  }
}
