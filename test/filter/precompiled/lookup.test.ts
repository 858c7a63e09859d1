/** Precompiled programs: they are what the compiler makes, and are used only if they are proven. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { lookupPrecompiled, precompiledKey } from '../../../lib/filter/precompiled/lookup.js';
import { prove } from '../../../lib/filter/verify/prove.js';
import { compare } from '../../../lib/policy/algebra.js';
import { withDenials } from '../../../lib/policy/confinement-denials.js';
import { denialsFor } from '../../../lib/policy/denials.js';
import type { Action, Decision, Policy } from '../../../lib/policy/policy.js';
import { BUILTIN_DEFINITIONS } from '../../../lib/profile/builtin/index.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { programsText } from '../../../scripts/generate/programs.js';

const kernel = { major: 6, minor: 18 };

function policyOf(name: string, abi: 'x86_64' | 'aarch64' = 'x86_64'): Policy {
  const profile = loadProfile(name);
  return resolve(profile, { abi, kernel, capabilities: new Set() });
}

test('are up to date', () => {
  const file = readFileSync(new URL('../../../lib/filter/precompiled/programs.ts', import.meta.url), 'utf8');
  expect(file, 'run `npm run generate -- programs`').toBe(programsText());
});

test.each([...BUILTIN_DEFINITIONS.keys()])(
  '%s has one on x86_64 and aarch64, which compile returns with a proof',
  (name) => {
    for (const abi of ['x86_64', 'aarch64'] as const) {
      const policy = policyOf(name, abi);
      const filter = compilePolicy(policy);
      expect(Buffer.from(filter.bytes)).toEqual(Buffer.from(lookupPrecompiled(policy) ?? []));
      expect(filter.proof).not.toBeNull();
    }
  },
);

test.each([...BUILTIN_DEFINITIONS.keys()])(
  'so have children under %s, with a terminal or without, and with paths',
  (name) => {
    const isolated = denialsFor(true);
    const paths = denialsFor(true, { unixSockets: true, truncation: false, deviceIoctls: false });
    for (const denials of [isolated, { ...isolated, withoutTerminal: true }, { ...paths, withoutTerminal: true }]) {
      const policy = withDenials(policyOf(name), [], denials);
      const found = lookupPrecompiled(policy);
      expect(found).toBeDefined();
      expect(Buffer.from(compilePolicy(policy).bytes)).toEqual(Buffer.from(found ?? []));
    }
  },
);

describe('a policy that has the key of a built-in, but differs from it', () => {
  const allow: Action = { kind: 'allow' };

  /** docker-default, with two denied calls allowed instead of two others. */
  function swapped(): Policy {
    const policy = policyOf('docker-default');
    const [native, ...others] = policy.abis;
    if (native === undefined) throw new RangeError('no ABI');
    const number = (name: string) => syscallNumber('x86_64', name) ?? -1;
    const syscalls = new Map(native.syscalls);
    for (const name of ['read', 'pkey_free']) syscalls.delete(number(name));
    for (const name of ['mount', 'umount2']) syscalls.set(number(name), [{ conditions: [], action: allow }]);
    return { ...policy, abis: [{ ...native, syscalls }, ...others] };
  }

  test('is compiled', () => {
    const policy = swapped();
    expect(precompiledKey(policy)).toBe(precompiledKey(policyOf('docker-default')));
    const filter = compilePolicy(policy);
    expect(Buffer.from(filter.bytes)).not.toEqual(Buffer.from(lookupPrecompiled(policy) ?? []));
    expect(prove(filter)).toHaveProperty('steps');
  });
});

/** The policy with other indices of rules, as of a document with the same rules in other places. */
function renumbered(policy: Policy): Policy {
  const moved = (decisions: readonly Decision[]) =>
    decisions.map((decision, i) => ({ ...decision, rule: (decision.rule ?? 0) * 7 + i }));
  const abis = policy.abis.map((each) => ({
    ...each,
    syscalls: new Map([...each.syscalls].map(([number, decisions]) => [number, moved(decisions)])),
  }));
  return { ...policy, abis };
}

test.each(['docker-default', 'node'])('of %s does not depend on rule indices', (name) => {
  const policy = policyOf(name);
  const other = renumbered(policy);
  expect(precompiledKey(other)).toBe(precompiledKey(policy));
  const compiled = (each: Policy) => Buffer.from(compilePolicy(each, { prove: false }).bytes); // Not precompiled.
  expect(compiled(other)).toEqual(compiled(policy));
  expect(compare(other, policy)).toEqual({ relation: 'equal', differences: [] });
});

test('no precompiled program is used if a call needs the exec gate', () => {
  const policy = policyOf('compute');
  expect(lookupPrecompiled(policy)).toBeDefined();
  expect(compilePolicy(policy, { gate: ['execve'] }).gate).not.toEqual([]);
});
