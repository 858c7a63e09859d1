/** Which rules are accepted in which format, and that a document without repeated keys is not copied. */
import { describe, expect, test } from 'vitest';
import { Diagnostics } from '../../../lib/profile/document/diagnostics.js';
import type { ProfileFormat } from '../../../lib/profile/document/options.js';
import { mergeRepeatedKeys } from '../../../lib/profile/document/repeated-keys.js';
import type { Rule } from '../../../lib/profile/document/types.js';
import { checkRule } from '../../../lib/profile/document/validate.js';
import { parseJson } from '../../../lib/profile/json/parser.js';

const FORMATS: readonly ProfileFormat[] = ['docker', 'podman', 'oci'];

/** The checked rule; null if there is anything to report about it. */
function checked(input: unknown, format: ProfileFormat): Rule | null {
  const diagnostics = new Diagnostics('strict');
  const rule = checkRule(input, [], { format, diagnostics });
  return diagnostics.count > 0 ? null : (rule ?? null);
}

describe('a rule', () => {
  const comparison = { index: 0, value: 1, op: 'SCMP_CMP_EQ' };
  test.each<[string, number, (length: number) => object]>([
    ['names', 16_384, (length) => ({ names: Array(length).fill('read') })],
    ['comparisons', 4096, (length) => ({ args: Array(length).fill(comparison) })],
    ['capabilities', 16_384, (length) => ({ includes: { caps: Array(length).fill('CAP_CHOWN') } })],
  ])('with many %s is accepted up to %i of them', (_, most, fields) => {
    const read = (length: number) =>
      checked({ names: ['read'], action: 'SCMP_ACT_ALLOW', ...fields(length) }, 'docker');
    expect([read(most) === null, read(most + 1)]).toEqual([false, null]);
  });

  test.each<[string, object, readonly ProfileFormat[]]>([
    ['with arguments', { args: [{ index: 0, value: 2n ** 64n - 1n, op: 'SCMP_CMP_EQ' }] }, FORMATS],
    ['with a mask', { args: [{ index: 5, value: 1, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }] }, FORMATS],
    ['with a comment', { comment: 'why' }, FORMATS],
    ['with a condition', { includes: { caps: ['CAP_CHOWN'] }, excludes: {} }, ['docker', 'podman']],
    ['with a kernel version', { includes: { minKernel: '4.8' } }, ['docker']],
    ['with an empty kernel version', { excludes: { minKernel: '' } }, []],
    ['with an errno', { action: 'SCMP_ACT_ERRNO', errnoRet: 1 }, FORMATS],
    ['with an errno that its action does not return', { errnoRet: 1 }, []],
    ['with an unknown name', { names: ['rad'] }, []],
  ])('%s is accepted in the formats that read it', (_, fields, formats) => {
    const input = { names: ['read'], action: 'SCMP_ACT_ALLOW', ...fields };
    expect(FORMATS.filter((format) => checked(input, format) !== null)).toEqual(formats);
  });
});

describe('a document without repeated keys', () => {
  const merged = (document: unknown) =>
    mergeRepeatedKeys(document, { entries: new Map(), repeats: [], diagnostics: new Diagnostics('strict') });
  const rule = { names: ['read'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] };

  test.each<[string, unknown]>([
    [
      'with every kind of field',
      { defaultAction: 'SCMP_ACT_LOG', defaultErrnoRet: 1, flags: [], syscalls: [rule, {}] },
    ],
    ['with an unknown key', { defaultAction: 'SCMP_ACT_LOG', x: { names: 1 }, syscalls: [{ y: 1 }] }],
    ['with values of other types', { defaultAction: 1, syscalls: { 0: rule }, archMap: [null, 1, []], flags: 'x' }],
    ['that is no object', 'x'],
  ])('is the same object: %s', (_, document) => {
    expect(merged(document)).toBe(document);
  });

  test.each<[string, object]>([
    ['a key of a rule', { syscalls: [{ Names: ['read'] }] }],
    ['a key of an argument', { syscalls: [{ args: [{ Index: 0 }] }] }],
    ['a key of a condition', { syscalls: [{}, { includes: { CAPS: [] } }] }],
    ['its own key', { Syscalls: [] }],
    ['the key of a config.json', { linux: { seccomp: {} } }],
    ['that key in another case', { LINUX: {} }],
  ])('is copied if another key could name the same field: %s', (_, document) => {
    expect(merged(document)).toEqual(document);
    expect(merged(document)).not.toBe(document);
  });
});

test('read-only properties of Object.prototype do not prevent properties of a rule', () => {
  const text =
    '{"names": ["read"], "action": "SCMP_ACT_ALLOW", "comment": "why", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}';
  const { value: input } = parseJson(text);
  const expected = checked(input, 'docker');
  const names = ['comment', 'index', 'errnoRet'];
  for (const name of names) Object.defineProperty(Object.prototype, name, { value: 'theirs', configurable: true });
  const rule = checked(input, 'docker');
  for (const name of names) Reflect.deleteProperty(Object.prototype, name);
  expect(expected).toMatchObject({ comment: 'why', args: [{ index: 0 }] });
  expect(rule).toStrictEqual(expected);
});
