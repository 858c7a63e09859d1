/** Properties that all built-in profiles share: a reason for each call, and a valid document. */
import { describe, expect, test } from 'vitest';
import { decisionsOf } from '../../../lib/policy/policy.js';
import {
  type BuiltinDefinition,
  groupsOf,
  namesOf,
  reasonsIn,
  refusalsOf,
} from '../../../lib/profile/builtin/definition.js';
import { BUILTIN_DEFINITIONS } from '../../../lib/profile/builtin/index.js';
import { type Profile, stringify } from '../../../lib/profile/profile.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../../../lib/profile/source.js';
import { ABIS } from '../../../lib/syscalls/abi.js';
import { syscallNames, syscallsOf } from '../../../lib/syscalls/table.js';

const KERNEL = { major: 6, minor: 18 };

test.each([...BUILTIN_DEFINITIONS])(
  '%s gives one reason for each call that is not always allowed on some CPU',
  (name, form) => {
    const profile = builtin(name);
    const explained = new Set(refusalsOf(form).flatMap(namesOf));
    for (const abi of ABIS.keys()) {
      const { abis } = resolve(profile, { abi, kernel: KERNEL, capabilities: new Set() });
      for (const policy of abis) {
        const refused = [...syscallsOf(policy.abi.name)].filter(([, number]) => {
          const [first] = decisionsOf(policy, number);
          return first?.action.kind !== 'allow' || first.conditions.length > 0;
        });
        const unexplained = refused.filter(([syscall]) => !explained.has(syscall)).map(([syscall]) => syscall);
        expect(unexplained, `${policy.abi.name} on ${abi}`).toEqual([]);
      }
    }
  },
);

describe.each([...BUILTIN_DEFINITIONS])('%s', (name, form) => {
  test('gives no refusal for a call that is always allowed, and names only syscalls', () => {
    const refused = refusalsOf(form).flatMap(namesOf);
    const always = new Set(allowedNames(form));
    expect(refused.filter((syscall) => always.has(syscall))).toEqual([]);
    const names = [...refused, ...groupsOf(form).flatMap(namesOf)];
    expect(names.filter((syscall) => !syscallNames().has(syscall))).toEqual([]);
    expect(refused, 'each once').toEqual([...new Set(refused)]);
  });

  test('lists each allowed call in one group', () => {
    expect(allowedNames(form)).toEqual([...new Set(allowedNames(form))]);
  });

  test('states the purpose of each group in one or two sentences', () => {
    for (const { why } of [...groupsOf(form), ...refusalsOf(form)])
      expect(why).toMatch(/^[A-Z]([^.]|\.\w)+\.( [A-Z]([^.]|\.\w)+\.)?$/);
  });

  test('is a document that is read without diagnostics, and unchanged', () => {
    const profile = builtin(name);
    const read = parseProfile(stringify(profile));
    expect(read.document).toEqual(profile.document);
    expect(read.warnings).toEqual([]);
  });
});

function builtin(name: string): Profile {
  const profile = loadProfile(name);
  return profile;
}

function allowedNames({ allowed }: BuiltinDefinition): readonly string[] {
  return reasonsIn(allowed).flatMap(namesOf);
}
