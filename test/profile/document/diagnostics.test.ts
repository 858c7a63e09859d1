/** Diagnostics on rules that conflict, that have no effect, or whose effect is not the one that they seem to have. */
import { describe, expect, test } from 'vitest';
import { checkProfile } from '../../../lib/analysis/check.js';
import { ProfileError } from '../../../lib/errors.js';
import type { ProfileDocument, RuleDocument } from '../../../lib/profile/document/types.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../../lib/profile/source.js';
import { arg, DENY, decide, documentOf, HOST, policyFor, rule, said } from '../../support/meaning.js';

const DEFAULT = { action: 'SCMP_ACT_ERRNO' } as const;
const KILL = { action: 'SCMP_ACT_KILL_PROCESS' } as const;
const LETS_ALL = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
const one = [arg(0, 'EQ', 1)];
const small = [arg(0, 'LT', 5)];
const both = [...one, arg(1, 'EQ', 2)];

type Rules = readonly RuleDocument[];

describe('an error in strict and a warning in compat, because more calls would be allowed than written', () => {
  test.each<[string, Rules, Partial<ProfileDocument>, RegExp]>([
    [
      'a denial after an allowance',
      [rule('brk'), rule('brk', [], DENY)],
      {},
      /syscalls\[1\]: has no effect on brk: syscalls\[0\] comes first/,
    ],
    [
      'a denial with conditions before one without',
      [rule('brk', one, KILL), rule('brk')],
      {},
      /syscalls\[0\]: has no effect on brk: syscalls\[1\] has no conditions/,
    ],
    [
      'a denial with the default errno',
      [rule('brk', [], DEFAULT), rule('brk')],
      {},
      /syscalls\[0\]: container runtimes drop this rule.* syscalls\[1\] lets brk through/,
    ],
    [
      'one with conditions that an allowance shares',
      [rule('brk', one, DEFAULT), rule('brk', small)],
      {},
      /syscalls\[0\]: container runtimes drop this rule/,
    ],
    [
      'an argument compared twice',
      [rule('brk', [arg(0, 'GT', 1), arg(0, 'LT', 5)])],
      {},
      /syscalls\[0\]\.args\[1\]\.index: argument 0 is compared twice/,
    ],
    [
      'a mask of 0',
      [rule('brk', [arg(0, 'MASKED_EQ', 0, 4n)])],
      {},
      /args\[0\]\.value: a mask of 0 holds for every argument/,
    ],
    [
      'bits outside of the mask',
      [rule('brk', [arg(0, 'MASKED_EQ', 4, 7n)])],
      {},
      /args\[0\]\.valueTwo: has bits outside of the mask 4/,
    ],
    [
      'a denial that never holds',
      [rule('socket', [arg(0, 'LT', 0)], DENY)],
      LETS_ALL,
      /args\[0\]\.value: never holds for socket/,
    ],
    [
      'one above what the kernel reads',
      [rule('socket', [arg(0, 'GT', 0xffff_ffff)], DENY)],
      LETS_ALL,
      /never holds for socket: arguments are unsigned, here of 32 bits/,
    ],
    [
      'a value above what the kernel reads',
      [rule('socket', [arg(0, 'EQ', 1n << 32n)])],
      {},
      /args\[0\]\.value: 4294967296 does not fit: on x86_64 the kernel reads 32 bits of argument 0 of socket/,
    ],
  ])('%s', (_, rules, rest, message) => {
    const document = documentOf(rules, rest);
    expect(said(document).join('\n')).toMatch(new RegExp(`^error .*${message.source}`, 'm'));
    expect(said(document, { mode: 'compat' }).join('\n')).toMatch(new RegExp(`^warning .*${message.source}`, 'm'));
    expect(() => resolve(profileOf(document), HOST)).toThrow(ProfileError);
    expect(() => resolve(profileOf(document, { mode: 'compat' }), HOST)).not.toThrow();
  });
});

describe('an error in both modes, because runtimes refuse it', () => {
  test.each<[string, Rules, Partial<ProfileDocument>, RegExp]>([
    [
      'two actions under one condition',
      [rule('brk', one), rule('brk', one, KILL)],
      {},
      /syscalls\[1\]: gives brk a different action from syscalls\[0\] under the same conditions/,
    ],
    [
      'the same in another order',
      [rule('brk', both), rule('brk', both.toReversed(), KILL)],
      {},
      /syscalls\[1\]: gives brk a different action/,
    ],
    [
      'a comparison that takes in another one, to which a further one is added',
      [rule('read', [arg(1, 'GT', 4), arg(2, 'EQ', 4)], KILL), rule('read', [arg(1, 'GT', 3)])],
      {},
      /syscalls\[1\]: gives read a different action from syscalls\[0\], and container runtimes refuse/,
    ],
    [
      'fewer conditions after more',
      [rule('brk', both, KILL), rule('brk', one)],
      {},
      /syscalls\[1\]: .* container runtimes refuse this rule after that one: write this rule first/,
    ],
    [
      'notifying by default',
      [],
      { defaultAction: 'SCMP_ACT_NOTIFY' },
      /defaultAction: SCMP_ACT_NOTIFY cannot be the default/,
    ],
    [
      'notifying of write',
      [{ names: ['read', 'write'], action: 'SCMP_ACT_NOTIFY' }],
      {},
      /syscalls\[0\]\.names\[1\]: SCMP_ACT_NOTIFY cannot be used for write/,
    ],
  ])('%s', (_, rules, rest, message) => {
    for (const mode of ['strict', 'compat'] as const) {
      expect(said(documentOf(rules, rest), { mode }).join('\n')).toMatch(new RegExp(`^error .*${message.source}`, 'm'));
      expect(() => resolve(profileOf(documentOf(rules, rest), { mode }), HOST)).toThrow(ProfileError);
    }
  });

  test('architectures together with archMap, before any host is known', () => {
    const rest = { architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'SCMP_ARCH_X86_64' }] };
    for (const mode of ['strict', 'compat'] as const) {
      expect(() => profileOf(documentOf([], rest), { mode })).toThrow(/archMap: cannot be combined with architectures/);
    }
  });

  test('an ABI of the other byte order, unless the host lists it', () => {
    const document = documentOf([], { architectures: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_S390X'] });
    const { abis: _, ...host } = HOST;
    const expected = 'error architectures[1]: SCMP_ARCH_S390X has a different byte order from the native ABI, x86_64';
    expect(said(document, { mode: 'compat' }, host)).toEqual([expect.stringContaining(expected)]);
    expect(said(document, { mode: 'compat' }, { ...host, abis: ['s390x'] })).toEqual([]);
  });
});

describe('a warning in both modes, because no more calls are allowed', () => {
  test.each<[string, Rules, Partial<ProfileDocument>, RegExp]>([
    [
      'a rule with the default action',
      [rule('brk', [], DEFAULT)],
      {},
      /syscalls\[0\]\.action: SCMP_ACT_ERRNO is the default action: container runtimes drop/,
    ],
    [
      'a rule twice',
      [rule('brk'), rule('brk')],
      {},
      /syscalls\[1\]: is redundant for brk: syscalls\[0\] has the same effect/,
    ],
    [
      'a name twice',
      [{ names: ['brk', 'read', 'brk'], action: 'SCMP_ACT_ALLOW' }],
      {},
      /syscalls\[0\]: names brk twice/,
    ],
    ['conditions beside none', [rule('brk', one), rule('brk')], {}, /syscalls\[0\]: is redundant for brk: /],
    ['an allowance after a denial', [rule('brk', [], DENY), rule('brk')], {}, /syscalls\[1\]: has no effect on brk/],
    [
      'overlapping conditions',
      [rule('brk', one), rule('brk', small, KILL)],
      {},
      /syscalls\[1\]: overlaps with syscalls\[0\] for brk: where both match, the most restrictive/,
    ],
    ['an allowance that never holds', [rule('brk', [arg(0, 'LT', 0)])], {}, /args\[0\]\.value: never holds for brk/],
    ['a condition that always holds', [rule('brk', [arg(0, 'GE', 0)])], {}, /args\[0\]\.value: always holds for brk/],
    [
      'a denial with bits outside of the mask',
      [rule('brk', [arg(0, 'MASKED_EQ', 4, 7n)], DENY)],
      LETS_ALL,
      /has bits outside of the mask/,
    ],
    [
      'another errno with bits outside of the mask',
      [rule('brk', [arg(0, 'MASKED_EQ', 4, 7n)], DENY)],
      {},
      /has bits outside of the mask/,
    ],
  ])('%s', (_, rules, rest, message) => {
    const document = documentOf(rules, rest);
    for (const mode of ['strict', 'compat'] as const) {
      expect(said(document, { mode })).toEqual([expect.stringMatching(new RegExp(`^warning .*${message.source}`))]);
      expect(() => resolve(profileOf(document, { mode }), HOST)).not.toThrow();
    }
  });
});

describe('no diagnostics', () => {
  test.each<[string, Rules]>([
    ['of conditions that exclude each other', [rule('brk', one), rule('brk', [arg(0, 'GT', 5)], KILL)]],
    ['of alternatives with one action', [rule('brk', one), rule('brk', small)]],
    ['of more conditions after fewer, of one action', [rule('brk', both), rule('brk', one)]],
    ['of two names for one call', [{ names: ['umount', 'umount2'], action: 'SCMP_ACT_ALLOW' }]],
    ['of names that the ABI does not have', [rule('socketcall'), rule('socketcall', [], DENY)]],
  ])('%s', (_, rules) => {
    expect(said(documentOf(rules))).toEqual([]);
  });
});

test('one diagnostic names all affected syscalls, on all ABIs', () => {
  const names = ['read', 'write', 'close', 'dup', 'pipe', 'fork', 'kill', 'sync'];
  const rules: Rules = [
    { names, action: 'SCMP_ACT_ALLOW' },
    { names, action: 'SCMP_ACT_ALLOW' },
  ];
  expect(said(documentOf(rules), {}, { ...HOST, abis: ['x86', 'x32'] })).toEqual([
    'warning syscalls[1]: is redundant for read, write, close, dup, pipe and 3 more: syscalls[0] has the same effect',
  ]);
});

test('ten thousand rules on one syscall are checked faster than by comparing each pair', () => {
  const rules = Array.from({ length: 10_000 }, (_, i) => rule('brk', [arg(0, 'EQ', i)], i % 2 === 0 ? {} : KILL));
  expect(said(documentOf(rules))).toEqual([expect.stringContaining('too many rules on brk to check for overlaps')]);
});

test('of two errnos, strict takes that of the earlier rule, and compat that of the one which libseccomp tries first', () => {
  const errno = (errnoRet: number) => ({ action: 'SCMP_ACT_ERRNO', errnoRet }) as const;
  const document = documentOf([
    rule('read', [arg(2, 'GT', 128)], errno(5)),
    rule('read', [arg(2, 'GT', 256)], errno(6)),
  ]);
  const answers = (mode: 'strict' | 'compat') =>
    [200n, 300n].map((size) => decide(policyFor(document, { mode }), 'read', [0n, 0n, size]));
  expect(answers('strict')).toEqual(['errno 5', 'errno 5']);
  expect(answers('compat')).toEqual(['errno 5', 'errno 6']);
  const overlap = 'warning syscalls[1]: overlaps with syscalls[0] for read: where both match, that of';
  expect(said(document)).toEqual([`${overlap} syscalls[0] applies`]);
  expect(said(document, { mode: 'compat' })).toEqual([`${overlap} this rule applies`]);
});

test('conflicts are found only on a host, since rules and ABIs depend on it', () => {
  const document = documentOf([rule('brk', [arg(0, 'GT', 1)]), rule('brk', [arg(0, 'GT', 2)], DENY)]);
  expect(profileOf(document).warnings).toEqual([]);
  expect(checkProfile(document)).toEqual([]);
  expect(checkProfile(document, { host: HOST })).toEqual([
    expect.objectContaining({ severity: 'warning', message: expect.stringContaining('overlaps with syscalls[0]') }),
  ]);
});

test('the first hundred problems of a document have suggestions', () => {
  const misspelled = Array.from({ length: 102 }, () => 'opena');
  const messages = checkProfile({ names: [], syscalls: [{ names: misspelled, action: 'SCMP_ACT_ALLOW' }] } as never);
  const withHint = messages.map(({ message }) => message.includes('did you mean'));
  expect([withHint.lastIndexOf(true), messages.length]).toEqual([99, 104]);
});
