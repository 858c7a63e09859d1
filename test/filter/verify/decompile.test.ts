/** Decompiles the programs of this package and of libseccomp. */
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BPF, encodeInstructions, type Instruction } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { decompile } from '../../../lib/filter/verify/decompile.js';
import { proveProgram } from '../../../lib/filter/verify/prove.js';
import { returnValue } from '../../../lib/policy/action.js';
import { compare } from '../../../lib/policy/algebra.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Decision } from '../../../lib/policy/policy.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { call, host, policyOfAny, profile } from '../../support/arbitrary.js';

const x86: Host = { abi: 'x86_64', abis: ['x86', 'x32'], kernel: { major: 6, minor: 18 }, capabilities: new Set() };
const dockerDefault = () => {
  const found = loadProfile('docker-default');
  return resolve(found, x86);
};

/** Compares a program with its decompiled policy, and that policy with its compiled filter. */
function checkRoundTrip(bytes: Uint8Array, endian: 'little' | 'big' = 'little') {
  const policy = decompile(bytes, endian);
  expect(proveProgram({ policy, bytes, gate: [] }), 'the program decides as its policy').not.toHaveProperty('call');
  const again = compilePolicy(policy);
  expect(again.proof, 'and so does what we make of it').not.toBeNull();
  expect(again.bytes.length, 'which is not much longer').toBeLessThanOrEqual(2 * bytes.length);
  return policy;
}

describe('decompile', () => {
  test('docker-default: the same policy', () => {
    const policy = dockerDefault();
    expect(compare(checkRoundTrip(compilePolicy(policy).bytes), policy)).toEqual({
      relation: 'equal',
      differences: [],
    });
  });

  test('random profiles on every kind of machine', () => {
    const filters = host.chain((on) => profile(on).map((document) => compilePolicy(policyOfAny(document, on))));
    fc.assert(
      fc.property(filters, (filter) => {
        const policy = checkRoundTrip(filter.bytes, filter.policy.abis[0]?.abi.endian);
        for (const each of fc.sample(call(filter.policy), { numRuns: 20, seed: 1 })) {
          expect(returnValue(evaluate(policy, each))).toBe(returnValue(evaluate(filter.policy, each)));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('rules are recovered as written, as far as the program determines them', () => {
    const wide = { index: 0, width: 64 } as const;
    const decisions: readonly Decision[] = [
      { conditions: [{ ...wide, op: 'ne', value: 5n }], action: { kind: 'log' } },
      { conditions: [{ index: 1, width: 32, op: 'masked-eq', mask: 0x70n, value: 0x20n }], action: { kind: 'trap' } },
    ];
    const { abis, ...rest } = dockerDefault();
    const [native] = abis;
    if (native === undefined) throw new Error('docker-default has an ABI');
    const policy = { ...rest, abis: [{ abi: native.abi, syscalls: new Map([[9, decisions]]) }] };
    expect(checkRoundTrip(compilePolicy(policy).bytes).abis[0]?.syscalls.get(9)).toEqual(decisions);
  });

  test('one word of an argument beside another argument as a whole', () => {
    const decisions: readonly Decision[] = [
      {
        conditions: [
          { index: 0, width: 32, op: 'eq', value: 1n },
          { index: 1, width: 64, op: 'eq', value: 1n },
        ],
        action: { kind: 'trap' },
      },
    ];
    const { abis, ...rest } = dockerDefault();
    const [native] = abis;
    if (native === undefined) throw new Error('docker-default has an ABI');
    const policy = { ...rest, abis: [{ abi: native.abi, syscalls: new Map([[9, decisions]]) }] };
    const [found] = checkRoundTrip(compilePolicy(policy).bytes).abis[0]?.syscalls.get(9) ?? [];
    expect(found?.conditions.toSorted((a, b) => a.index - b.index)).toEqual(decisions[0]?.conditions);
  });

  test('a program that first rejects newer calls, as container runtimes do', () => {
    const ret = (k: number): Instruction => ({ code: BPF.ret, jt: 0, jf: 0, k });
    const program: readonly Instruction[] = [
      { code: BPF.ld, jt: 0, jf: 0, k: 4 },
      { code: BPF.jeq, jt: 1, jf: 0, k: 0xc000_003e },
      ret(0),
      { code: BPF.ld, jt: 0, jf: 0, k: 0 },
      { code: BPF.jset, jt: 3, jf: 0, k: 0x4000_0000 },
      { code: BPF.jgt, jt: 0, jf: 1, k: 466 },
      ret(0x5_0026),
      { code: BPF.jeq, jt: 1, jf: 0, k: 165 },
      ret(0x7fff_0000),
      ret(0x5_0001),
    ];
    const bytes = encodeInstructions(program, 'little');
    const policy = checkRoundTrip(bytes);
    for (const number of [
      0,
      165,
      166,
      466,
      467,
      0x3fff_ffff,
      0x4000_0000 + 165,
      0x4000_0000 + 500,
      0x8000_0001,
      0xffff_ffff,
    ]) {
      const each = { arch: 0xc000_003e, number, args: [] };
      expect(returnValue(evaluate(policy, each)), String(number)).toBe(interpret(program, each, 'little').value);
    }
  });

  test('a trap keeps its data, and a number that looks like an ABI is not taken for one', () => {
    const program: readonly Instruction[] = [
      { code: BPF.ld, jt: 0, jf: 0, k: 4 },
      { code: BPF.jeq, jt: 1, jf: 0, k: 0xc000_003e },
      { code: BPF.ret, jt: 0, jf: 0, k: 0 },
      { code: BPF.ld, jt: 0, jf: 0, k: 0 },
      { code: BPF.jeq, jt: 0, jf: 1, k: 0x4000_0028 }, // x32's dup2: AUDIT_ARCH_ARM has this number.
      { code: BPF.ret, jt: 0, jf: 0, k: 0x3_0007 },
      { code: BPF.ret, jt: 0, jf: 0, k: 0x3_0000 },
    ];
    const policy = checkRoundTrip(encodeInstructions(program, 'little'));
    expect(policy.abis.map(({ abi }) => abi.name)).toEqual(['x86_64', 'x32']);
    const trap = (number: number) => evaluate(policy, { arch: 0xc000_003e, number, args: [] });
    expect([trap(0x4000_0028), trap(0)]).toEqual([{ kind: 'trap', data: 7 }, { kind: 'trap' }]);
  });

  test('a program that tests the number after arguments has all conditions of each path', () => {
    const ret = (k: number): Instruction => ({ code: BPF.ret, jt: 0, jf: 0, k });
    const load = (k: number): Instruction => ({ code: BPF.ld, jt: 0, jf: 0, k });
    const isEqual = (k: number, jf: number): Instruction => ({ code: BPF.jeq, jt: 0, jf, k });
    const program: readonly Instruction[] = [
      load(4),
      isEqual(0xc000_003e, 7),
      load(16), // The low half of argument 0.
      isEqual(1, 6),
      load(24), // The low half of argument 1.
      isEqual(2, 4),
      load(0),
      isEqual(9, 2),
      ret(0x5_0001),
      ret(0),
      ret(0x7fff_0000),
    ];
    const policy = checkRoundTrip(encodeInstructions(program, 'little'));
    const conditions = [
      { index: 0, width: 32, op: 'eq', value: 1n },
      { index: 1, width: 32, op: 'eq', value: 2n },
    ];
    const [refusal] = policy.abis[0]?.syscalls.get(9) ?? [];
    expect(refusal).toEqual({ conditions, action: { kind: 'errno', errno: 1 } });
    for (const args of [
      [1n, 2n],
      [1n, 3n],
      [0n, 2n],
      [0n, 0n],
    ])
      for (const number of [8, 9, 10]) {
        const each = { arch: 0xc000_003e, number, args };
        expect(returnValue(evaluate(policy, each)), `${number} ${args}`).toBe(interpret(program, each, 'little').value);
      }
  });

  test('refuses a program that no policy can express', () => {
    const program = (k: number, code: number = BPF.ld) =>
      encodeInstructions(
        [
          { code, jt: 0, jf: 0, k },
          { code: BPF.jeq, jt: 0, jf: 1, k: 7 },
          { code: BPF.ret, jt: 0, jf: 0, k: 0 },
          { code: BPF.ret, jt: 0, jf: 0, k: 0x7fff_0000 },
        ],
        'little',
      );
    expect(() => decompile(program(8))).toThrow(RangeError);
    expect(() => decompile(program(0, 0x87))).toThrow(/can't follow instruction 0x87/);
  });
});

test('refuses values that are not bytes or not a byte order', () => {
  const { bytes } = compilePolicy(dockerDefault());
  const message = (given: unknown, endian?: unknown) => {
    try {
      decompile(given as Uint8Array, endian as 'little');
    } catch (error) {
      return error instanceof TypeError ? error.message : String(error);
    }
    return '';
  };
  for (const given of [undefined, null, 8, 'bytes', {}, [], bytes.buffer, new Uint16Array(4), Object.create(bytes)])
    expect(message(given)).toMatch(
      /^The "bytes" argument must be a Uint8Array of struct sock_filter, such as Filter\.bytes\. Received /,
    );
  for (const endian of [null, 'middle', 0, {}])
    expect(message(bytes, endian)).toMatch(/^The argument 'endian' must be "little" or "big", .* Received /);
});

test('accepts bytes from another realm', () => {
  const { bytes } = compilePolicy(dockerDefault());
  const foreign = runInNewContext('(bytes) => new Uint8Array(bytes)')(bytes);
  expect(decompile(foreign)).toEqual(decompile(bytes));
});
