/** Values that do not fit their argument: their meaning in compat mode, and comparisons of all 64 bits. */
import { describe, expect, test } from 'vitest';
import type { RuleDocument } from '../../../lib/profile/document/types.js';
import type { Host } from '../../../lib/profile/resolve/resolve.js';
import type { AbiName } from '../../../lib/syscalls/abi.js';
import { arg, DENY, decide, documentOf, HOST, policyFor, rule, said } from '../../support/meaning.js';

const host: Host = { ...HOST, abis: ['x86', 'x32'] };
const HIGH = 1n << 32n;
const compat = { mode: 'compat' } as const;

/** The actions for brk (a long) or socket (an int) with each value as its first argument. */
function answers(abi: AbiName, rules: readonly RuleDocument[], values: readonly bigint[], denies = false) {
  const rest = denies ? ({ defaultAction: 'SCMP_ACT_ALLOW' } as const) : {};
  const policy = policyFor(documentOf(rules, rest), compat, host);
  return values.map((value) => decide(policy, rules[0]?.names[0] ?? '', [value], abi));
}

describe('in compat mode, a value above 32 bits', () => {
  test('for an int of a 64-bit ABI is compared with the whole register, as runtimes do', () => {
    const allow = [rule('socket', [arg(0, 'EQ', HIGH + 5n)])];
    expect(answers('x86_64', allow, [5n, HIGH + 5n])).toEqual(['errno 1', 'allow']);
    const deny = [rule('socket', [arg(0, 'EQ', (1n << 64n) - 1n)], DENY)];
    expect(answers('x86_64', deny, [(1n << 64n) - 1n, 1n], true)).toEqual(['errno 13', 'allow']);
  });

  // Runtimes drop the high bits on a 32-bit ABI: EQ 2³² + 5 becomes EQ 5. As written, the comparison never holds.
  test.each<[string, RuleDocument, readonly bigint[], readonly string[], readonly string[]]>([
    ['EQ', rule('brk', [arg(0, 'EQ', HIGH + 5n)]), [5n, 6n], ['errno 1', 'errno 1'], ['errno 13', 'allow']],
    ['NE', rule('brk', [arg(0, 'NE', HIGH + 5n)]), [5n, 6n], ['errno 1', 'allow'], ['errno 13', 'errno 13']],
    ['LT', rule('brk', [arg(0, 'LT', HIGH + 5n)]), [4n, 6n], ['allow', 'errno 1'], ['errno 13', 'errno 13']],
    ['LE', rule('brk', [arg(0, 'LE', HIGH + 5n)]), [5n, 6n], ['allow', 'errno 1'], ['errno 13', 'errno 13']],
    ['GT', rule('brk', [arg(0, 'GT', HIGH + 5n)]), [5n, 6n], ['errno 1', 'errno 1'], ['allow', 'errno 13']],
    ['GE', rule('brk', [arg(0, 'GE', HIGH + 5n)]), [4n, 6n], ['errno 1', 'errno 1'], ['allow', 'errno 13']],
    [
      'a mask',
      rule('brk', [arg(0, 'MASKED_EQ', HIGH + 1n, HIGH + 1n)]),
      [1n, 2n],
      ['errno 1', 'errno 1'],
      ['errno 13', 'allow'],
    ],
    [
      'a mask of high bits',
      rule('brk', [arg(0, 'MASKED_EQ', HIGH, HIGH)]),
      [1n, 2n],
      ['errno 1', 'errno 1'],
      ['errno 13', 'errno 13'],
    ],
    ['a mask of high bits that are 0', rule('brk', [arg(0, 'MASKED_EQ', HIGH, 0n)]), [1n], ['allow'], ['errno 13']],
  ])(
    'on a 32-bit ABI has two meanings, of which the more restrictive decides: %s',
    (_, allowing, values, allowed, denied) => {
      expect(answers('x86', [allowing], values), 'an allowance').toEqual(allowed);
      expect(answers('x86', [{ ...allowing, ...DENY }], values, true), 'a denial').toEqual(denied);
    },
  );

  test('on x32 has both a 32-bit and a 64-bit meaning', () => {
    const allow = [rule('socket', [arg(0, 'EQ', HIGH + 5n)])];
    expect(answers('x32', allow, [5n, HIGH + 5n])).toEqual(['errno 1', 'allow']);
    const deny = [rule('brk', [arg(0, 'EQ', HIGH + 5n)], DENY)]; // The kernel reads all of a long, runtimes do not.
    expect(answers('x32', deny, [5n, HIGH + 5n, 6n], true)).toEqual(['errno 13', 'errno 13', 'allow']);
    expect(
      answers('x32', [{ ...rule('socket', [arg(0, 'EQ', HIGH + 5n)]), ...DENY }], [5n, HIGH + 5n, 6n], true),
    ).toEqual(['errno 13', 'errno 13', 'allow']);
  });

  test('does not change the meaning of other rules on the syscall', () => {
    const rules = [rule('brk', [arg(0, 'EQ', HIGH + 5n)]), rule('brk', [arg(0, 'EQ', 7)])];
    expect(answers('x86', rules, [5n, 7n])).toEqual(['errno 1', 'allow']);
    expect(answers('x86', [...rules, rule('brk')], [5n, 8n])).toEqual(['allow', 'allow']);
  });
});

test('with argumentWidth 64, whole registers are compared: 64 bits, or 32 on 32-bit ABIs and on x32', () => {
  const document = documentOf([rule('socket', [arg(0, 'EQ', 5)])]);
  const wide = policyFor(document, { argumentWidth: 64 }, host);
  const values = [5n, HIGH + 5n];
  expect(values.map((value) => decide(wide, 'socket', [value]))).toEqual(['allow', 'errno 1']);
  expect(values.map((value) => decide(wide, 'socket', [value], 'x32'))).toEqual(['allow', 'allow']);
  const narrow = policyFor(document, {}, host);
  expect(values.map((value) => decide(narrow, 'socket', [value]))).toEqual(['allow', 'allow']);
});

test('a foreign ABI kills the process, or the thread if the option says so', () => {
  const aarch64 = (foreignAction?: 'kill-thread') =>
    decide(policyFor(documentOf([]), foreignAction === undefined ? {} : { foreignAction }), 'read', [], 'aarch64');
  expect([aarch64(), aarch64('kill-thread')]).toEqual(['kill-process', 'kill-thread']);
});

test('in compat mode, an argument compared twice makes each comparison of the rule an alternative', () => {
  const rules = [rule('brk', [arg(0, 'EQ', 1), arg(0, 'EQ', 2), arg(1, 'EQ', 3)])];
  expect(answers('x86_64', rules, [1n, 2n, 3n])).toEqual(['allow', 'allow', 'errno 1']);
  expect(decide(policyFor(documentOf(rules), compat), 'brk', [0n, 3n])).toBe('allow');
});

test('a rule with the default action is dropped in compat mode, and applies in strict mode', () => {
  const document = documentOf([rule('brk', [], { action: 'SCMP_ACT_ERRNO' }), rule('brk')]);
  expect(decide(policyFor(document, compat), 'brk')).toBe('allow');
  expect(decide(policyFor(document), 'brk')).toBe('errno 1');
});

test('conditions on the host apply in Docker’s format; Podman ignores minKernel, and OCI has none of them', () => {
  const rules = [
    rule('brk', [], { includes: { minKernel: '99.0' } }),
    rule('read', [], { includes: { caps: ['CAP_BPF'] } }),
    rule('write', [], { excludes: { minKernel: '4.0' } }),
  ];
  const allowed = (format: 'docker' | 'podman' | 'oci') =>
    ['brk', 'read', 'write'].filter(
      (name) => decide(policyFor(documentOf(rules), { ...compat, format }), name) === 'allow',
    );
  expect([allowed('docker'), allowed('podman'), allowed('oci')]).toEqual([
    [],
    ['brk', 'write'],
    ['brk', 'read', 'write'],
  ]);
});

test('a value that does not fit is refused beside so many rules that both of its meanings would be too long', () => {
  const others = (count: number) => Array.from({ length: count }, (_, i) => rule('brk', [arg(0, 'EQ', i)]));
  const refusals = (count: number) =>
    said(documentOf([rule('brk', [arg(0, 'EQ', HIGH + 5n)]), ...others(count)]), compat, host).filter((each) =>
      each.includes('too many other rules'),
    );
  expect(refusals(120)).toEqual([]);
  expect(refusals(130)).toEqual([
    expect.stringMatching(/^error syscalls\[0\]: .*brk has too many other rules to combine it with: remove this rule$/),
  ]);
});
