/** Filters as text. The golden files show the programs of docker-default. */
import { describe, expect, test } from 'vitest';
import { disassemble } from '../../../lib/filter/bpf/disassemble.js';
import { BPF, encodeInstructions } from '../../../lib/filter/bpf/instruction.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { compiledOf, filterOf } from '../../../lib/filter/filter.js';
import { type Host, resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../../lib/profile/source.js';

const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };

test('one instruction a line, with the ABI, syscalls, arguments and actions in words', () => {
  const document = {
    defaultAction: 'SCMP_ACT_ERRNO' as const,
    defaultErrnoRet: 38,
    syscalls: [
      { names: ['read', 'write'], action: 'SCMP_ACT_ALLOW' as const },
      {
        names: ['brk'],
        action: 'SCMP_ACT_LOG' as const,
        args: [{ index: 0, value: 5n << 32n, op: 'SCMP_CMP_GE' as const }],
      },
    ],
  };
  expect(disassemble(compilePolicy(resolve(profileOf(document), host)))).toMatchInlineSnapshot(`
    " 0: ld [4]                          ; ABI
     1: jeq  #0xc000003e, 2, 6          ; x86_64, x32
     2: ld [0]                          ; number
     3: jge  #0xd, 4, 7                 ; rt_sigaction
     4: jge  #0x40000000, 5, 12         ; read
     5: jeq  #0xffffffff, 12, 6
     6: ret  #0x80000000                ; kill-process
     7: jge  #0xc, 10, 8                ; brk
     8: jge  #0x2, 12, 9                ; open
     9: ret  #0x7fff0000                ; allow
    10: ld [20]                         ; argument 0, high half
    11: jge  #0x5, 13, 12
    12: ret  #0x50026                   ; errno(38)
    13: ret  #0x7ffc0000                ; log
    "
  `);
});

test('the instructions of an exec gate have comments', () => {
  const policy = resolve(profileOf({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] }), host);
  const lines = disassemble(compilePolicy(policy, { gate: ['execve'] })).split('\n');
  expect(lines.filter((line) => line.includes('of the exec gate')).length).toBe(6);
});

test('other programs have comments too: halves of words, unknown actions, and data of actions', () => {
  const filter = compilePolicy(resolve(profileOf({ defaultAction: 'SCMP_ACT_ALLOW' }), host));
  const program = [
    ...[8, 12, 16, 60].map((k) => ({ code: BPF.ld, jt: 0, jf: 0, k })),
    { code: BPF.and, jt: 0, jf: 0, k: 0xff },
    { code: BPF.jset, jt: 0, jf: 1, k: 2 },
    { code: BPF.ja, jt: 0, jf: 0, k: 1 },
    ...[0x7ff0_0005, 0x3_0007, 0x3_0000, 0x0001_0000].map((k) => ({ code: BPF.ret, jt: 0, jf: 0, k })),
  ];
  const bytes = encodeInstructions(program, 'little');
  const lines = disassemble(filterOf({ ...compiledOf(filter), instructions: program, bytes }))
    .trim()
    .split('\n');
  expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
    '0: ld [8] ; instruction pointer, low half',
    '1: ld [12] ; instruction pointer, high half',
    '2: ld [16] ; argument 0, low half',
    '3: ld [60] ; argument 5, high half',
    '4: and #0xff',
    '5: jset #0x2, 6, 7',
    '6: ja 8',
    '7: ret #0x7ff00005 ; trace(5)',
    '8: ret #0x30007 ; trap(7)',
    '9: ret #0x30000 ; trap',
    '10: ret #0x10000 ; kill-process (unknown action)',
  ]);
});

test('where a program has excluded an ABI, numbers have the names of the others', () => {
  const filter = compilePolicy(resolve(profileOf({ defaultAction: 'SCMP_ACT_ALLOW' }), host));
  const ret = { code: BPF.ret, jt: 0, jf: 0, k: 0 };
  const program = [
    { code: BPF.ld, jt: 0, jf: 0, k: 4 },
    { code: BPF.jeq, jt: 0, jf: 2, k: 0xc000_003e }, // x86_64
    { code: BPF.ld, jt: 0, jf: 0, k: 0 },
    { code: BPF.jeq, jt: 2, jf: 2, k: 0 },
    { code: BPF.ld, jt: 0, jf: 0, k: 0 },
    { code: BPF.jeq, jt: 0, jf: 0, k: 0 },
    ...[ret, ret],
  ];
  const bytes = encodeInstructions(program, 'little');
  const lines = disassemble(filterOf({ ...compiledOf(filter), instructions: program, bytes })).split('\n');
  expect([3, 5].map((at) => lines[at]?.replace(/.*; /, ''))).toEqual(['read', 'restart_syscall, io_setup']);
});

describe('docker-default', () => {
  test.each(['x86_64', 'aarch64', 's390x'] as const)('on %s', async (abi) => {
    const profile = loadProfile('docker-default');
    const text = disassemble(compilePolicy(resolve(profile, { ...host, abi })));
    await expect(text).toMatchFileSnapshot(`golden/docker-default.${abi}.asm`);
  });

  test.each([
    ['x86_64, x86 and x32', 240, {}],
    ['x86_64 alone', 80, { abis: [] }],
  ] as const)('for %s has at most %i instructions', (_, limit, abis) => {
    const profile = loadProfile('docker-default');
    expect(compilePolicy(resolve(profile, { ...host, ...abis })).instructions.length).toBeLessThanOrEqual(limit);
  });
});
