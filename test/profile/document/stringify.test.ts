/** A document that stringify wrote is read back exactly. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProfileError } from '../../../lib/errors.js';
import { type Profile, stringify } from '../../../lib/profile/profile.js';
import { loadProfile, parseProfile, profileOf } from '../../../lib/profile/source.js';
import { host, profile } from '../../support/arbitrary.js';
import { corpusFiles } from '../../support/corpus.js';

function again(written: Profile): Profile {
  const { format, mode } = written;
  return parseProfile(stringify(written), { format, mode });
}

test('any document', () => {
  const documents = host.chain(profile);
  fc.assert(
    fc.property(documents, (document) => {
      const read = profileOf(document);
      expect(again(read).document).toEqual(read.document);
    }),
    { numRuns: 50 },
  );
});

test('numbers of 64 bits, and an empty version', () => {
  const args =
    '"args": [{"index": 1, "value": 18446744073709551615, "valueTwo": 9007199254740993, "op": "SCMP_CMP_MASKED_EQ"}]';
  const rule = `{"names": ["brk"], "action": "SCMP_ACT_ALLOW", ${args}, "includes": {"minKernel": ""}}`;
  const read = parseProfile(`{"comment": "why", "defaultAction": "SCMP_ACT_KILL", "syscalls": [${rule}]}`);
  expect(stringify(read)).toBe(`{
  "comment": "why",
  "defaultAction": "SCMP_ACT_KILL",
  "syscalls": [
    {
      "names": ["brk"],
      "action": "SCMP_ACT_ALLOW",
      "args": [
        { "index": 1, "value": 18446744073709551615, "valueTwo": 9007199254740993, "op": "SCMP_CMP_MASKED_EQ" }
      ],
      "includes": { "minKernel": "" }
    }
  ]
}
`);
  expect(again(read).document).toEqual(read.document);
});

test('the built-ins', () => {
  const read = loadProfile('docker-default');
  expect(again(read).document).toEqual(read.document);
  expect(profileOf(JSON.parse(JSON.stringify(read))).document).toEqual(read.document);
});

describe('profiles of other projects', () => {
  test.each(['strict', 'compat'] as const)('that %s accepts', (mode) => {
    const profiles = corpusFiles.flatMap(({ text }) => read(text, mode));
    expect(profiles.length).toBeGreaterThan(corpusFiles.length / 2);
    for (const one of profiles) expect(again(one).document).toEqual(one.document);
  });
});

function read(text: string, mode: 'strict' | 'compat'): readonly Profile[] {
  try {
    return [parseProfile(text, { mode })];
  } catch (error) {
    if (error instanceof ProfileError) return [];
    throw error;
  }
}
