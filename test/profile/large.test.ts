/** Documents that are large, deep or full of mistakes are read, or refused with a message that can be read. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../lib/analysis/check.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { MOST_DIAGNOSTICS } from '../../lib/profile/document/diagnostics.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { parseProfile } from '../../lib/profile/source.js';

const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };
const MANY = 50_000;
const times = (make: (i: number) => string, count = MANY) => Array.from({ length: count }, (_, i) => make(i)).join(',');
const document = (syscalls: string) => `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [${syscalls}]}`;

/** The time limit for slow machines. */
const PATIENCE = 300_000;

describe('a document', { timeout: PATIENCE }, () => {
  test('of 50,000 rules is read and resolved', () => {
    const text = document(times(() => '{"names": ["brk"], "action": "SCMP_ACT_ALLOW"}'));
    const rules = parseProfile(text);
    expect(rules.document.syscalls).toHaveLength(MANY);
    expect(resolve(rules, host).abis[0]?.syscalls.size).toBe(1);
  });

  test('with too many errors is refused, with the first of them and a message of limited length', () => {
    const names = times((i) => `"x${i}"`, 10_010);
    expect(() => parseProfile(document(`{"names": [${names}], "action": "SCMP_ACT_ERRNO"}`))).toThrow(
      expect.objectContaining({
        issues: expect.objectContaining({ length: MOST_DIAGNOSTICS + 1 }),
        message: expect.stringMatching(/^(.*\n){8}inline: and 9993 more errors$/),
      }),
    );
    const unknown = document(times(() => '{"names": ["read"], "action": "SCMP_ACT_ALOW"}', 10_010));
    expect(checkProfile(unknown).at(-1)).toMatchObject({
      severity: 'error',
      path: 'syscalls[10000].action',
      message: 'there are more than 10000 errors: the others are not reported',
    });
  });

  test('with too many warnings is read, and errors after them are found', () => {
    const warned = times((i) => `{"names": ["x${i}"], "action": "SCMP_ACT_ALLOW"}`, 10_010);
    const mistaken = `${warned}, {"names": ["x"], "action": "SCMP_ACT_KILL", "includes": {"caps": ["CAP_X"]}}`;
    const errors = checkProfile(document(mistaken)).filter(({ severity }) => severity === 'error');
    expect(errors.map(({ path }) => path)).toEqual(['syscalls[10010].names[0]', 'syscalls[10010].includes.caps[0]']);
    const read = parseProfile(document(mistaken), { mode: 'compat' });
    expect(read.document.syscalls).toHaveLength(10_011);
    expect(read.warnings).toHaveLength(MOST_DIAGNOSTICS + 1);
    expect(parseProfile(document(warned)).warnings).toHaveLength(MOST_DIAGNOSTICS + 1);
    expect(read.warnings.at(-1)?.message).toBe('there are more than 10000 warnings: the others are not reported');
  });

  const BIG: readonly (readonly [what: string, text: string, path: string, message: RegExp])[] = [
    [
      'a million values and more',
      `{"a": [${times(() => '1', 1 << 20)}]}`,
      '',
      /too large for a profile or a sandbox: it has more than 1048576 values/,
    ],
    ['many keys', `{${times((i) => `"x${i}": 1`, (1 << 17) + 1)}}`, '', /more than 131072 keys in one object/],
    [
      'many names in a rule',
      document(`{"names": [${times(() => '"read"')}], "action": "SCMP_ACT_ALLOW"}`),
      'syscalls[0].names',
      /^has 50000 elements, far more than a filter can hold/,
    ],
    [
      'many comparisons in a rule',
      document(`{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [${times(() => '0', 4097)}]}`),
      'syscalls[0].args',
      /^has 4097 elements, far more than a filter can hold/,
    ],
    [
      'many ABIs',
      `{"defaultAction": "SCMP_ACT_LOG", "architectures": [${times(() => '"SCMP_ARCH_X86"')}]}`,
      'architectures',
      /^has 50000 elements/,
    ],
  ];

  test.each(BIG)('with %s is refused, regardless of other errors', (_, text, path, message) => {
    // What is no profile is refused before the mode counts.
    for (const mode of path === '' ? (['strict'] as const) : (['strict', 'compat'] as const)) {
      const errors = checkProfile(text, { mode }).filter(({ severity }) => severity === 'error');
      expect(errors).toMatchObject([{ path, message: expect.stringMatching(message) }]);
    }
  });

  test('with too many rules with arguments is read, and refused before they are resolved', () => {
    const argument = (i: number) => `[{"index": 0, "value": ${i}, "op": "SCMP_CMP_EQ"}]`;
    const compared = parseProfile(
      document(times((i) => `{"names": ["brk"], "action": "SCMP_ACT_ALLOW", "args": ${argument(i)}}`, 16_385)),
    );
    expect(compared.document.syscalls).toHaveLength(16_385);
    expect(() => resolve(compared, host)).toThrow(
      'syscalls: 16385 comparisons of arguments on 1 ABIs exceed the limit of 16384: write fewer rules',
    );
    const many = times(() => '"brk"', 16_384);
    const repeated = parseProfile(document(`{"names": [${many}], "action": "SCMP_ACT_ALLOW", "args": ${argument(1)}}`));
    expect(resolve(repeated, host).abis[0]?.syscalls.get(12)).toHaveLength(16_384);
    const on: Host = { ...host, abis: ['x86', 'x32'] };
    const of = (names: number) => `{"names": [${times(() => '"read"', names)}], "action": "SCMP_ACT_ALLOW"}`;
    const most = `${times(() => of(10_000), 16)}, ${of(6_666)}`;
    expect(() => resolve(parseProfile(document(`${most}, ${of(1)}`)), on)).toThrow(
      'syscalls: 500001 names on 3 ABIs exceed the limit of 500000:',
    );
    expect(resolve(parseProfile(document(most)), on).abis[0]?.syscalls.size).toBe(1);
  });

  test('whose rules compare many values of many arguments is refused for its length', () => {
    const argument = (i: number) => `[{"index": ${i % 6}, "value": ${i}, "op": "SCMP_CMP_EQ"}]`;
    const rule = (name: string) => (i: number) =>
      `{"names": ["${name}"], "action": "SCMP_ACT_ALLOW", "args": ${argument(i * 7)}}`;
    const names = ['clone', 'copy_file_range', 'futex', 'mmap', 'move_pages', 'sendto', 'splice', 'statx'];
    const rules = parseProfile(document(names.map((name) => times(rule(name), 300)).join(',')));
    expect(() => compilePolicy(resolve(rules, host))).toThrow(/^the filter has \d+ instructions/);
  });

  test('with one key 50,000 times is refused, for one reason', () => {
    const text = `{${times(() => '"defaultAction": "SCMP_ACT_ERRNO"')}}`;
    expect(checkProfile(text)).toEqual([
      expect.objectContaining({ path: 'defaultAction', message: expect.stringContaining('is repeated') }),
    ]);
  });

  test.each(['strict', 'compat'] as const)('that nests 9,000 levels deep is refused, in %s', (mode) => {
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
    expect(issue?.message).toMatch(/^9{60} must be an unsigned integer/);
  });

  test.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('with a key %s has an unknown key', (key) => {
    const text = `{"${key}": {"defaultAction": "SCMP_ACT_ALLOW"}, "defaultAction": "SCMP_ACT_LOG"}`;
    expect(checkProfile(text).map(({ path }) => path)).toEqual([key]);
    expect(parseProfile(text, { mode: 'compat' }).document.defaultAction).toBe('SCMP_ACT_LOG');
  });

  test('with lone surrogates has them replaced, as Go does', () => {
    const [issue] = checkProfile(document('{"names": ["\\ud800"], "action": "SCMP_ACT_ALLOW"}'));
    expect(issue?.message).toContain('unknown syscall "\\ufffd"');
  });
});
