/** Documents that are large, deep or full of mistakes are read, or refused with a message that can be read. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../lib/profile/load.js';
import { parseProfile } from '../../lib/profile/profile.js';

const MANY = 100_000;
const times = (make: (i: number) => string, count = MANY) => Array.from({ length: count }, (_, i) => make(i)).join(',');
const document = (syscalls: string) => `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${syscalls}]}`;

/** Slow machines take longer; what is too slow for them runs out of it. */
const PATIENCE = 120_000;

describe('a document', { timeout: PATIENCE }, () => {
  test('of 100,000 rules and 10 MB is read', () => {
    const argument = (i: number) => `{"index": 0, "value": ${i}, "op": "SCMP_CMP_EQ"}`;
    const rule = (i: number) => `{"names": ["brk"], "action": "SCMP_ACT_ALLOW", "args": [${argument(i)}]}`;
    const text = document(times(rule));
    expect(text.length).toBeGreaterThan(10_000_000);
    expect(parseProfile(text).document.syscalls).toHaveLength(MANY);
  });

  test('with a list of a million names is read', () => {
    const text = document(`{"names": [${times(() => '"read"', 1_000_000)}], "action": "SCMP_ACT_ALLOW"}`);
    expect(parseProfile(text).document.syscalls[0]?.names).toHaveLength(1_000_000);
  });

  test('with 100,000 unknown names is refused, with all of them in the issues and a message that ends', () => {
    const text = document(`{"names": [${times((i) => `"x${i}"`)}], "action": "SCMP_ACT_ERRNO"}`);
    expect(() => parseProfile(text)).toThrow(
      expect.objectContaining({
        issues: expect.objectContaining({ length: MANY }),
        message: expect.stringMatching(/^(.*\n){100}inline: and 99900 more errors$/),
      }),
    );
  });

  test('with 100,000 unknown keys is refused', () => {
    const text = `{"defaultAction": "SCMP_ACT_ERRNO", ${times((i) => `"x${i}": 1`)}}`;
    expect(checkProfile(text)).toHaveLength(MANY);
  });

  test('with one key 100,000 times is refused, for one reason', () => {
    const text = `{${times(() => '"defaultAction": "SCMP_ACT_ERRNO"')}}`;
    expect(checkProfile(text)).toEqual([
      expect.objectContaining({ path: 'defaultAction', message: expect.stringContaining('stands here twice') }),
    ]);
  });

  test('with 100,000 mistakes of one kind is refused', () => {
    const text = document(times(() => '{"names": ["read"], "action": "SCMP_ACT_ALOW"}'));
    expect(checkProfile(text)).toHaveLength(MANY);
  });

  test.each(['strict', 'compat'] as const)('that nests 9,000 deep is told from a profile, in %s', (mode) => {
    const deep = '['.repeat(9_000) + ']'.repeat(9_000);
    expect(checkProfile(`{"defaultAction": ${deep}}`, { mode })).toMatchObject([{ path: 'defaultAction' }]);
    expect(checkProfile(document(deep), { mode })).toMatchObject([
      { path: 'syscalls[0]', message: 'must be an object' },
    ]);
    const repeated = `{"a": ${'{"a": '.repeat(9_000)}1${'}'.repeat(9_000)}, "a": {"a": 1}, "defaultAction": "SCMP_ACT_LOG"}`;
    expect(checkProfile(repeated, { mode }).map(({ path }) => path)).toEqual(['a', 'a']);
  });

  test('with numbers of a million digits is refused', () => {
    const digits = '9'.repeat(1_000_000);
    const text = document(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": ${digits}}`);
    const [issue] = checkProfile(text);
    expect(issue?.message).toMatch(/^9{60} must be an unsigned whole number/);
  });

  test.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('with a key %s has an unknown key', (key) => {
    const text = `{"${key}": {"defaultAction": "SCMP_ACT_ALLOW"}, "defaultAction": "SCMP_ACT_LOG"}`;
    expect(checkProfile(text).map(({ path }) => path)).toEqual([key]);
    expect(parseProfile(text, { mode: 'compat' }).document.defaultAction).toBe('SCMP_ACT_LOG');
  });

  test('with lone surrogates has them replaced, as Go does', () => {
    const [issue] = checkProfile(document('{"names": ["\\ud800"], "action": "SCMP_ACT_ALLOW"}'));
    expect(issue?.message).toContain('unknown syscall "\uFFFD"');
  });
});
