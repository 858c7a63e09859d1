/** A rule on socket also decides sockets that are made through socketcall; likewise for ipc. */
import { describe, expect, test } from 'vitest';
import type { ProfileDocument, RuleDocument } from '../../../lib/profile/document/types.js';
import type { Host } from '../../../lib/profile/resolve/resolve.js';
import { ABIS, type AbiName } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { arg, DENY, decide, documentOf, HOST, policyFor, rule, said } from '../../support/meaning.js';

const x86: Host = { ...HOST, abis: ['x86'] };
const LETS_ALL = { defaultAction: 'SCMP_ACT_ALLOW' } as const;
const unix = [arg(0, 'EQ', 1)];
const [SOCKET, CONNECT, RECV, SEMOP, SEMTIMEDOP] = [1n, 3n, 10n, 1n, 4n];

/** The action on x86 for socketcall or ipc, if it makes this call. */
function through(
  name: 'socketcall' | 'ipc',
  call: bigint,
  rules: readonly RuleDocument[],
  rest: Partial<ProfileDocument> = {},
) {
  return decide(policyFor(documentOf(rules, rest), {}, x86), name, [call], 'x86');
}

describe('socketcall and ipc', () => {
  test('allow what the profile allows, and nothing else', () => {
    const rules = [rule('socket'), rule('recv'), rule('semop')];
    expect(through('socketcall', SOCKET, rules)).toBe('allow');
    expect(through('socketcall', RECV, rules)).toBe('allow');
    expect(through('socketcall', CONNECT, rules)).toBe('errno 1');
    expect(through('socketcall', 99n, rules)).toBe('errno 1');
    expect(through('ipc', SEMOP, rules)).toBe('allow');
    expect(through('ipc', SEMTIMEDOP, rules)).toBe('errno 1');
  });

  test('deny what the profile denies, and nothing else', () => {
    const rules = [rule('socket', [], DENY), rule('semtimedop', [], DENY)];
    expect(through('socketcall', SOCKET, rules, LETS_ALL)).toBe('errno 13');
    expect(through('socketcall', CONNECT, rules, LETS_ALL)).toBe('allow');
    expect(through('ipc', SEMTIMEDOP, rules, LETS_ALL)).toBe('errno 13');
  });

  test('are compared in the bits that the kernel reads: ipc has a version in the bits above its call number', () => {
    const rules = [rule('semop', [], DENY), rule('socket', [], DENY)];
    expect(through('ipc', (1n << 16n) | SEMOP, rules, LETS_ALL)).toBe('errno 13');
    expect(through('socketcall', (1n << 32n) | SOCKET, rules, LETS_ALL)).toBe('errno 13');
    expect(through('socketcall', (1n << 16n) | SOCKET, rules, LETS_ALL)).toBe('allow');
  });

  test.each<[string, readonly RuleDocument[], Partial<ProfileDocument>, string]>([
    ['the default action, if an allowance has conditions', [rule('socket', unix)], {}, 'errno 1'],
    ['the denial, if it has conditions', [rule('socket', unix, DENY)], LETS_ALL, 'errno 13'],
    [
      'the most restrictive of several',
      [rule('socket', unix, DENY), rule('socket', [arg(0, 'GT', 3)], { action: 'SCMP_ACT_KILL_PROCESS' })],
      LETS_ALL,
      'kill-process',
    ],
    [
      'the errno of the first of several',
      [rule('socket', unix, DENY), rule('socket', [arg(0, 'GT', 3)], { action: 'SCMP_ACT_ERRNO', errnoRet: 5 })],
      LETS_ALL,
      'errno 13',
    ],
    [
      'the errno of the first of several, whatever their values',
      [rule('socket', unix, { action: 'SCMP_ACT_ERRNO', errnoRet: 5 }), rule('socket', [arg(0, 'GT', 3)], DENY)],
      LETS_ALL,
      'errno 5',
    ],
    ['what all alternatives have in common', [rule('socket', unix), rule('socket', [arg(0, 'NE', 1)])], {}, 'allow'],
    ['what an unconditional rule says', [rule('socket', unix), rule('socket')], {}, 'allow'],
  ])('get, because a filter cannot read the arguments, %s', (_, rules, rest, expected) => {
    expect(through('socketcall', SOCKET, rules, rest)).toBe(expected);
  });

  test('lead to a warning, once for each ABI', () => {
    const rules = [rule('socket', unix), rule('read')];
    expect(said(documentOf(rules), {}, x86)).toEqual([
      expect.stringMatching(
        /^warning syscalls\[0\]\.args: on x86, programs can also make socket by socketcall, .*: such calls get errno 1,/,
      ),
    ]);
    expect(said(documentOf(rules))).toEqual([]);
  });

  test('are decided by rules that name them', () => {
    expect(through('socketcall', SOCKET, [rule('socketcall'), rule('socket', unix)])).toBe('allow');
    expect(through('socketcall', SOCKET, [rule('socketcall', [], DENY), rule('socket')])).toBe('errno 13');
    expect(through('socketcall', SOCKET, [rule('socketcall', [arg(0, 'EQ', CONNECT)]), rule('socket')])).toBe(
      'errno 1',
    );
    expect(said(documentOf([rule('socketcall'), rule('socket', unix)]), {}, x86)).toEqual([]);
  });

  test('are not decided by a rule that names them and does not apply to the host', () => {
    const elsewhere = rule('socketcall', [], { includes: { caps: ['CAP_SYS_ADMIN'] } });
    expect(through('socketcall', SOCKET, [elsewhere, rule('socket', [], DENY)], LETS_ALL)).toBe('errno 13');
  });

  test.each([...ABIS.keys()].filter((abi) => syscallNumber(abi, 'socketcall') !== undefined))(
    'on %s',
    (abi: AbiName) => {
      const policy = policyFor(documentOf([rule('socket'), rule('msgctl')]), {}, { ...HOST, abi });
      expect(decide(policy, 'socketcall', [SOCKET], abi)).toBe('allow');
      expect(decide(policy, 'socketcall', [CONNECT], abi)).toBe('errno 1');
      expect(decide(policy, 'ipc', [14n], abi)).toBe('allow');
    },
  );
});
