/** Compares the compiler with the evaluator, over random profiles and calls. */
import { describe, expect, test } from 'vitest';
import { BPF, MAX_INSTRUCTIONS } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { ABIS, abiOf } from '../../lib/syscalls/abi.js';
import { syscallsOf } from '../../lib/syscalls/table.js';
import { numberOf, policyOfAny } from '../support/arbitrary.js';
import { checkEverywhere, checkRandom } from '../support/everywhere.js';

const x86_64: Host = { abi: 'x86_64', abis: [], kernel: { major: 6, minor: 1 }, capabilities: new Set() };

function filterOf(document: ProfileDocument, on: Host = x86_64) {
  return compilePolicy(policyOfAny(document, on));
}

describe('interpreter = evaluator', () => {
  // test/slow/compile.test.ts has more.
  test('over random profiles, hosts and calls', () => checkRandom(25));

  test('for every syscall number of every ABI, and the numbers around the ABIs’ borders', () => {
    const names = ['read', 'write', 'openat', 'mount', 'exit_group', 'clone', 'fork', 'getrandom', 'statx', 'futex'];
    for (const { name, audit } of ABIS.values()) {
      const filter = filterOf(
        { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] },
        { ...x86_64, abi: name },
      );
      const numbers = [...syscallsOf(name).values()].flatMap((n) => [n, n + 1]);
      for (const number of [...numbers, 0, 0x3fff_ffff, 0x4000_0000, 0xffff_fffe, 0xffff_ffff]) {
        checkEverywhere(filter, { arch: audit, number, args: [0n, 0n, 0n, 0n, 0n, 0n] });
      }
    }
  });
});

describe('what the kernel reads is what is compared', () => {
  const value = (filter: ReturnType<typeof filterOf>, number: number, first: bigint) =>
    interpret(filter.instructions, { arch: abiOf('x86_64').audit, number, args: [first, 0n, 0n, 0n, 0n, 0n] }, 'little')
      .value;

  test('an int argument is compared by its low 32 bits', () => {
    const filter = filterOf({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['socket'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 40, op: 'SCMP_CMP_EQ' }] }],
    });
    expect(value(filter, numberOf('x86_64', 'socket'), 40n)).toBe(0x5_0001);
    expect(value(filter, numberOf('x86_64', 'socket'), 40n | (1n << 32n))).toBe(0x5_0001);
    expect(value(filter, numberOf('x86_64', 'socket'), 41n)).toBe(0x7fff_0000);
  });

  test('a 64-bit argument is compared whole', () => {
    const filter = filterOf({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        {
          names: ['brk'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 18446744073709551615n, op: 'SCMP_CMP_EQ' }],
        },
      ],
    });
    expect(value(filter, numberOf('x86_64', 'brk'), 18446744073709551615n)).toBe(0x7fff_0000);
    expect(value(filter, numberOf('x86_64', 'brk'), 18446744073709551614n)).toBe(0x5_0001);
    expect(value(filter, numberOf('x86_64', 'brk'), 0xffff_ffffn)).toBe(0x5_0001);
  });
});

describe('the program', () => {
  test('is a tree: each path is much shorter than the number of syscalls', () => {
    const names = [...syscallsOf('x86_64').keys()].filter((_, i) => i % 2 === 0);
    const filter = filterOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] });
    const steps = [...syscallsOf('x86_64').values()].map(
      (number) => interpret(filter.instructions, { arch: abiOf('x86_64').audit, number, args: [] }, 'little').steps,
    );
    expect(Math.max(...steps)).toBeLessThan(20);
  });

  test('is correct if jumps are longer than 255 instructions', () => {
    const syscalls = [...syscallsOf('x86_64').keys()].map((name, i) => ({
      names: [name],
      action: 'SCMP_ACT_ERRNO' as const,
      errnoRet: 2 + (i % 300),
      args: [{ index: 1, value: i, op: 'SCMP_CMP_EQ' as const }],
    }));
    const filter = filterOf({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: syscalls.filter(({ args: [a] }) => a !== undefined && a.value < 200),
    });
    expect(filter.instructions.length).toBeGreaterThan(600);
    expect(filter.instructions.some(({ code }) => code === BPF.ja)).toBe(true);
    for (const number of syscallsOf('x86_64').values()) {
      for (const second of [0n, 1n, 77n, 199n]) {
        checkEverywhere(filter, { arch: abiOf('x86_64').audit, number, args: [0n, second, 0n, 0n, 0n, 0n] });
      }
    }
  });

  test('tests no condition twice on a path', () => {
    const condition = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_EQ' as const });
    const rule = (errnoRet: number, ...args: ReturnType<typeof condition>[]) => ({
      names: ['mmap'],
      action: 'SCMP_ACT_ERRNO' as const,
      errnoRet,
      args,
    });
    const shared = [1, 2, 3, 4, 5, 6].map((value) => rule(10 + value, condition(0, 99), condition(1, value)));
    const filter = filterOf({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: shared });
    const asked = filter.instructions.filter(({ code, k }) => code === BPF.jeq && k === 99);
    expect(asked).toHaveLength(1);
  });

  test('whose rules on one syscall overlap in very many ways is still proven', () => {
    const syscalls = Array.from({ length: 60 }, (_, i) => ({
      names: ['mmap'],
      action: 'SCMP_ACT_ERRNO' as const,
      errnoRet: 1 + i,
      args: [
        { index: 0, value: 2 ** (i % 20), op: 'SCMP_CMP_GE' as const },
        { index: 1, value: 2 ** (i % 19), op: 'SCMP_CMP_MASKED_EQ' as const },
        { index: 2, value: i % 17, op: 'SCMP_CMP_EQ' as const },
      ],
    }));
    const { instructions, proof } = filterOf({ defaultAction: 'SCMP_ACT_ALLOW', syscalls });
    expect(instructions.length).toBeLessThan(MAX_INSTRUCTIONS);
    expect(proof?.steps).toBeLessThan(1_000_000);
  });

  test('that is longer than the kernel accepts is refused, with the excess length and the largest syscalls', () => {
    const syscalls = Array.from({ length: 2000 }, (_, i) => ({
      names: ['lseek'],
      action: 'SCMP_ACT_ERRNO' as const,
      args: [
        { index: 1, value: i * 3, op: 'SCMP_CMP_EQ' as const },
        { index: 2, value: i * 5, op: 'SCMP_CMP_EQ' as const },
      ],
    }));
    const light = { ...syscalls[0], names: ['brk'], action: 'SCMP_ACT_ERRNO' as const };
    expect(() => filterOf({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [light, ...syscalls] })).toThrowError(
      expect.objectContaining({
        code: 'ERR_SECCOMP_TOO_LARGE',
        message: expect.stringMatching(
          /^the filter has (\d{4,}) instructions, \d{4,} more than the 4096 that the kernel accepts: .*lseek on x86_64 \(\d{4,} instructions\), brk on x86_64 \(\d instructions\)/,
        ),
      }),
    );
    expect(MAX_INSTRUCTIONS).toBe(4096);
  });

  test('has the byte order of its ABI', () => {
    const document: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] };
    expect([...filterOf(document).bytes.slice(0, 2)]).toEqual([BPF.ld, 0]);
    expect([...filterOf(document, { ...x86_64, abi: 's390x' }).bytes.slice(0, 2)]).toEqual([0, BPF.ld]);
  });
});

describe('the exec gate', () => {
  const gate = ['execve', 'exit_group'];
  const compiled = (document: ProfileDocument) => compilePolicy(resolve(profileOf(document), x86_64), { gate });

  test('is left out of a filter that allows execve and exit_group', () => {
    expect(compiled({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }).gate).toEqual([]);
    const names = ['execve', 'exit_group'];
    expect(compiled({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] }).gate).toEqual(
      [],
    );
  });

  test('has six instructions for each denied call, even if the action depends on arguments', () => {
    const names = ['execve'];
    const halves = (document: ProfileDocument) =>
      compiled(document)
        .gate.map(({ half }) => half)
        .toSorted();
    expect(halves({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }] })).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    const args = [{ index: 2, value: 0, op: 'SCMP_CMP_EQ' as const }];
    expect(halves({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO', args }] })).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    expect(halves({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] })).toEqual([0, 1, 2, 3, 4, 5]); // The calls share one gate.
  });

  test('lets through only calls with the value that is written into it, and decides all others as the policy does', () => {
    const filter = compiled({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] });
    const words = [0x1111_2222_3333_4444n, 0x5555_6666_7777_8888n, 0x9999_aaaa_bbbb_ccccn];
    const patched = filter.instructions.map((instruction, i) => {
      const site = filter.gate.find(({ instruction }) => instruction === i);
      if (site === undefined) return instruction;
      const word = words[Math.floor(site.half / 2)] ?? 0n;
      return { ...instruction, k: Number(BigInt.asUintN(32, site.half % 2 === 0 ? word : word >> 32n)) };
    });
    const answer = (name: string, secret: readonly bigint[]) =>
      interpret(
        patched,
        { arch: abiOf('x86_64').audit, number: numberOf('x86_64', name), args: [1n, 2n, 3n, ...secret] },
        'little',
      ).value;
    const killed = 0x8000_0000;
    expect(answer('execve', words)).toBe(0x7fff_0000);
    expect(answer('exit_group', words)).toBe(0x7fff_0000);
    expect(answer('read', words)).toBe(killed);
    for (let bit = 0; bit < 192; bit++) {
      const wrong = words.map((word, i) => (Math.floor(bit / 64) === i ? word ^ (1n << BigInt(bit % 64)) : word));
      expect(answer('execve', wrong), `bit ${bit}`).toBe(killed);
    }
  });
});
