/** Policies and calls of callers: every part is checked, and copied before it is used. */
import { describe, expect, test } from 'vitest';
import { refuseIn } from '../../lib/errors.js';
import { decide } from '../../lib/policy/evaluate.js';
import { isPolicy, readCall, readPolicy } from '../../lib/policy/read-policy.js';
import { abiOf } from '../../lib/syscalls/abi.js';

const ALLOW = { kind: 'allow' };
const KILL = { kind: 'kill-process' };
const X86_64 = abiOf('x86_64');
const MAX = 2n ** 64n - 1n;

const condition = { index: 5, width: 64, op: 'eq', value: MAX };
const decision = { conditions: [condition], action: { kind: 'errno', errno: 4095 }, rule: 3 };
const policy = {
  abis: [{ abi: X86_64, syscalls: new Map([[0, [decision]]]), ranges: [{ first: 5, last: 7, decisions: [decision] }] }],
  defaultAction: ALLOW,
  foreignAction: KILL,
};

const read = (given: unknown) => readPolicy(given, refuseIn('policy'));
const withAbi = (more: object) => ({ ...policy, abis: [{ ...policy.abis[0], ...more }] });
const withDecision = (more: object) => withAbi({ syscalls: new Map([[0, [{ ...decision, ...more }]]]) });
const withCondition = (more: object) => withDecision({ conditions: [{ ...condition, ...more }] });
const withRanges = (...ranges: object[]) => withAbi({ ranges });
const range = (first: unknown, last: unknown): object => ({ first, last, decisions: [] });

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

test('a policy is copied', () => {
  const given = structuredClone(policy);
  const copy = read(given);
  expect(copy).toEqual(policy);
  given.abis[0]?.syscalls.clear();
  expect(copy).toEqual(policy);
});

test('the data of a trap may be left out', () => {
  const { abis } = read(withDecision({ action: { kind: 'trap' } }));
  expect(abis[0]?.syscalls.get(0)?.[0]?.action).toStrictEqual({ kind: 'trap' });
});

test('lists of decisions that syscalls share are read once', () => {
  const list = [decision];
  const { abis } = read(
    withAbi({
      syscalls: new Map([
        [0, list],
        [1, list],
      ]),
    }),
  );
  expect(abis[0]?.syscalls.get(0)).toBe(abis[0]?.syscalls.get(1));
});

test('ranges may be left out, and so may the rule', () => {
  const { abis } = read(withAbi({ syscalls: new Map([[0, [{ conditions: [], action: ALLOW }]]]), ranges: undefined }));
  expect(abis).toMatchObject([
    { ranges: [], syscalls: new Map([[0, [{ conditions: [], action: ALLOW, rule: undefined }]]]) },
  ]);
});

describe('accepted at the limit:', () => {
  test.each<[string, object]>([
    ['number 2³² − 1', withAbi({ syscalls: new Map([[0xffff_ffff, []]]) })],
    ['a range of all numbers', withRanges(range(0, 0xffff_ffff))],
    ['ranges that touch', withRanges(range(0, 0), range(1, 1), range(2, 0xffff_ffff))],
    ['argument 0 with 16 bits', withCondition({ index: 0, width: 16, value: 0xffffn })],
    ['a mask of all bits', withCondition({ op: 'masked-eq', mask: MAX })],
    ['a message of 16 bits', withDecision({ action: { kind: 'trace', message: 0xffff } })],
    ['data of 16 bits', withDecision({ action: { kind: 'trap', data: 0xffff } })],
    ['errno 0', withDecision({ action: { kind: 'errno', errno: 0 } })],
  ])('%s', (_, given) => {
    expect(read(given)).toMatchObject(given);
  });
});

test.each<[string, unknown, string, string]>([
  [
    'two entries of an ABI',
    { ...policy, abis: [policy.abis[0], policy.abis[0]] },
    VALUE,
    '.abis[1].abi: x86_64 already has an entry',
  ],
  ['an unknown ABI', withAbi({ abi: { name: 'x86-64' } }), VALUE, '.abis[0].abi: must be one of the ABIs x86_64'],
  ['the name of an ABI', withAbi({ abi: 'x86_64' }), VALUE, '.abis[0].abi: must be one of the ABIs'],
  ['syscalls in an object', withAbi({ syscalls: {} }), TYPE, '.abis[0].syscalls: must be a Map'],
  [
    'number 2³²',
    withAbi({ syscalls: new Map([[2 ** 32, []]]) }),
    RANGE,
    '.abis[0].syscalls.4294967296: must be an integer from 0 to 4294967295',
  ],
  ['number −1', withAbi({ syscalls: new Map([[-1, []]]) }), RANGE, '.abis[0].syscalls.-1: must be an integer'],
  [
    'a name as a number',
    withAbi({ syscalls: new Map([['read', []]]) }),
    TYPE,
    '.abis[0].syscalls.read: must be an integer',
  ],
  ['no list', withAbi({ syscalls: new Map([[0, null]]) }), TYPE, '.abis[0].syscalls.0: must be an array'],
  [
    'a range that ends too early',
    withRanges(range(5, 4)),
    VALUE,
    '.abis[0].ranges[0]: must not overlap the range before it',
  ],
  ['ranges that overlap', withRanges(range(0, 4), range(4, 5)), VALUE, '.abis[0].ranges[1]: must not overlap'],
  ['a range above 2³²', withRanges(range(0, 2 ** 32)), RANGE, '.abis[0].ranges[0].last: must be an integer'],
  ['argument 6', withCondition({ index: 6 }), RANGE, '.conditions[0].index: must be an integer from 0 to 5'],
  ['8 bits', withCondition({ width: 8 }), VALUE, '.conditions[0].width: must be 16, 32 or 64'],
  ['an unknown operator', withCondition({ op: '==' }), VALUE, '.conditions[0].op: must be one of eq, ne, lt'],
  [
    'a value of 17 bits',
    withCondition({ width: 16, value: 0x1_0000n }),
    RANGE,
    '.conditions[0].value: must be a bigint from 0n to 65535n',
  ],
  ['a value below 0', withCondition({ value: -1n }), RANGE, '.conditions[0].value: must be a bigint from 0n'],
  ['a number as value', withCondition({ value: 5 }), TYPE, '.conditions[0].value: must be a bigint'],
  ['no mask', withCondition({ op: 'masked-eq' }), TYPE, '.conditions[0].mask: must be a bigint'],
  [
    'errno 4096',
    withDecision({ action: { kind: 'errno', errno: 4096 } }),
    RANGE,
    '.action.errno: must be an integer from 0 to 4095',
  ],
  ['no errno', withDecision({ action: { kind: 'errno' } }), TYPE, '.action.errno: must be an integer'],
  [
    'a message of 17 bits',
    withDecision({ action: { kind: 'trace', message: 0x1_0000 } }),
    RANGE,
    '.action.message: must be an integer from 0 to 65535',
  ],
  ['no message', withDecision({ action: { kind: 'trace' } }), TYPE, '.action.message: must be an integer'],
  [
    'data of 17 bits',
    withDecision({ action: { kind: 'trap', data: 0x1_0000 } }),
    RANGE,
    '.action.data: must be an integer',
  ],
  ['an unknown action', withDecision({ action: { kind: 'deny' } }), VALUE, '.action.kind: must be one of kill-process'],
  ['a rule −1', withDecision({ rule: -1 }), RANGE, '.rule: must be an integer'],
  ['no foreign action', { ...policy, foreignAction: undefined }, TYPE, '.foreignAction: must be an object'],
  ['a list in place of ABIs by name', { ...policy, abis: { 0: policy.abis[0] } }, TYPE, '.abis: must be an array'],
])('%s is refused', (_, given, code, message) => {
  expect(() => read(given)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

test('for one call, only the decisions on it are read', () => {
  const bad = [{ conditions: 'none' }];
  const given = withAbi({
    syscalls: new Map<number, readonly object[]>([
      [0, bad],
      [1, [decision]],
    ]),
    ranges: [range(5, 7), { ...range(8, 9), decisions: bad }],
  });
  const call = (number: number, arch = X86_64.audit) => ({ arch, number, args: [0n, 0n, 0n, 0n, 0n, MAX] });
  const only = (number: number, arch?: number) => {
    const asked = call(number, arch);
    return decide(readPolicy(given, refuseIn('policy'), asked), asked).action.kind;
  };
  expect([only(1), only(2), only(5), only(7), only(10), only(0, 1)]).toEqual([
    'errno',
    'allow',
    'allow',
    'allow',
    'allow',
    'kill-process',
  ]);
  for (const number of [0, 8, 9]) expect(() => only(number)).toThrow('conditions: must be an array');
});

test('a call has six registers at most, signed or unsigned', () => {
  const refuse = refuseIn('call');
  const call = { arch: 1, number: 0xffff_ffff, args: [-1n, -(2n ** 63n), MAX] };
  expect(readCall(call, refuse)).toEqual({ ...call, args: [MAX, 2n ** 63n, MAX], instructionPointer: 0n });
  expect(readCall({ ...call, args: [1n, 2n, 3n, 4n, 5n, 6n] }, refuse).args).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  expect(() => readCall({ ...call, args: Array(7).fill(0n) }, refuse)).toThrow('call.args: must have at most six');
  expect(readCall({ ...call, instructionPointer: 7n }, refuse).instructionPointer).toBe(7n);
  for (const value of [2n ** 64n, -(2n ** 63n) - 1n])
    expect(() => readCall({ ...call, args: [value] }, refuse)).toThrow(expect.objectContaining({ code: RANGE }));
  expect(() => readCall({ ...call, arch: 2 ** 32 }, refuse)).toThrow('call.arch: must be an integer');
});

test('a value with a foreignAction of its own is meant as a policy', () => {
  expect([policy, { foreignAction: undefined }, {}, Object.create(policy), null, 'x'].map(isPolicy)).toEqual([
    ...[true, true, false, false, false, false],
  ]);
});
