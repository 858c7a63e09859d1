/** Filters as text. The golden files show the programs of docker-default. */
import { describe, expect, test } from 'vitest';
import { disassemble } from '../../../lib/filter/bpf/disassemble.js';
import { compilePolicy } from '../../../lib/filter/compile.js';
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
