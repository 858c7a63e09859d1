/** The ABIs, as linux/audit.h and the profile formats have them. */
import { expect, test } from 'vitest';
import { ABIS, type AbiName, abiOf, findAbi, isX32 } from '../../lib/syscalls/abi.js';

/** AUDIT_ARCH_*, the name in Docker's profiles, the bits of a register, and the byte order. */
test.each<[AbiName, number, string, 32 | 64, 'little' | 'big']>([
  ['x86_64', 0xc000_003e, 'amd64', 64, 'little'],
  ['x86', 0x4000_0003, 'x86', 32, 'little'],
  ['x32', 0xc000_003e, 'x32', 64, 'little'],
  ['aarch64', 0xc000_00b7, 'arm64', 64, 'little'],
  ['arm', 0x4000_0028, 'arm', 32, 'little'],
  ['riscv64', 0xc000_00f3, 'riscv64', 64, 'little'],
  ['loongarch64', 0xc000_0102, 'loongarch64', 64, 'little'],
  ['s390x', 0x8000_0016, 's390x', 64, 'big'],
  ['s390', 0x0000_0016, 's390', 32, 'big'],
  ['ppc64le', 0xc000_0015, 'ppc64le', 64, 'little'],
  ['ppc64', 0x8000_0015, 'ppc64', 64, 'big'],
  ['ppc', 0x0000_0014, 'ppc', 32, 'big'],
  ['mips', 0x0000_0008, 'mips', 32, 'big'],
  ['mips64', 0x8000_0008, 'mips64', 64, 'big'],
  ['mips64n32', 0xa000_0008, 'mips64n32', 32, 'big'],
  ['mipsel', 0x4000_0008, 'mipsel', 32, 'little'],
  ['mipsel64', 0xc000_0008, 'mipsel64', 64, 'little'],
  ['mipsel64n32', 0xe000_0008, 'mipsel64n32', 32, 'little'],
  ['parisc', 0x0000_000f, 'parisc', 32, 'big'],
  ['parisc64', 0x8000_000f, 'parisc64', 64, 'big'],
  ['m68k', 0x0000_0004, 'm68k', 32, 'big'],
  ['sh', 0x4000_002a, 'sh', 32, 'little'],
  ['sheb', 0x0000_002a, 'sheb', 32, 'big'],
])('%s', (name, audit, docker, bits, endian) => {
  const scmp = `SCMP_ARCH_${name.toUpperCase()}`;
  expect(ABIS.get(name)).toEqual({ name, audit, scmp, docker, bits, endian });
});

test('there are no others, and another name is undefined or an error', () => {
  expect(ABIS.size).toBe(23);
  expect([findAbi('amd64'), findAbi(undefined), findAbi(['x86'])]).toEqual([undefined, undefined, undefined]);
  expect(() => abiOf('amd64' as 'x86')).toThrow(new RangeError('unknown ABI amd64'));
});

test('numbers of x32 have bit 30 or a higher one, except for -1', () => {
  expect([0x3fff_ffff, 0x4000_0000, 0x8000_0000, 0xffff_fffe, 0xffff_ffff].map(isX32)).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
});
