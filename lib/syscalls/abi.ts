/** The ABIs: syscall numberings, and how the kernel and the profile formats identify them. */

/** The name of an ABI, a numbering of syscalls, in this package. */
export type AbiName =
  | 'x86_64'
  | 'x86'
  | 'x32'
  | 'aarch64'
  | 'arm'
  | 'riscv64'
  | 'loongarch64'
  | 's390x'
  | 's390'
  | 'ppc64le'
  | 'ppc64'
  | 'ppc'
  | 'mips'
  | 'mips64'
  | 'mips64n32'
  | 'mipsel'
  | 'mipsel64'
  | 'mipsel64n32'
  | 'parisc'
  | 'parisc64'
  | 'm68k'
  | 'sh'
  | 'sheb';

/** An ABI, and its names in the kernel and in the profile formats. */
export interface Abi {
  readonly name: AbiName;
  /** `seccomp_data.arch`: AUDIT_ARCH_* of `linux/audit.h`. x86_64 and x32 have the same. */
  readonly audit: number;
  /** The name in the profile formats, `SCMP_ARCH_*`. */
  readonly scmp: string;
  /**
   * The name in `includes.arches` and `excludes.arches` of a Docker profile, for the most part Go's GOARCH. Source:
   * goToNative of moby/profiles.
   */
  readonly docker: string;
  /** The number of bits of a register that the syscalls of the ABI read. */
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
}

const AUDIT_64BIT = 0x8000_0000;
const AUDIT_LE = 0x4000_0000;
const AUDIT_N32 = 0x2000_0000;

/** ELF machine numbers of `linux/elf-em.h`. */
const EM = {
  x86: 3,
  m68k: 4,
  mips: 8,
  parisc: 15,
  ppc: 20,
  ppc64: 21,
  s390: 22,
  arm: 40,
  sh: 42,
  x86_64: 62,
  aarch64: 183,
  riscv: 243,
  loongarch: 258,
} as const;

const table: readonly (readonly [AbiName, number, string, string, 32 | 64, 'little' | 'big'])[] = [
  ['x86_64', EM.x86_64 | AUDIT_64BIT | AUDIT_LE, 'X86_64', 'amd64', 64, 'little'],
  ['x86', EM.x86 | AUDIT_LE, 'X86', 'x86', 32, 'little'],
  ['x32', EM.x86_64 | AUDIT_64BIT | AUDIT_LE, 'X32', 'x32', 64, 'little'],
  ['aarch64', EM.aarch64 | AUDIT_64BIT | AUDIT_LE, 'AARCH64', 'arm64', 64, 'little'],
  ['arm', EM.arm | AUDIT_LE, 'ARM', 'arm', 32, 'little'],
  ['riscv64', EM.riscv | AUDIT_64BIT | AUDIT_LE, 'RISCV64', 'riscv64', 64, 'little'],
  ['loongarch64', EM.loongarch | AUDIT_64BIT | AUDIT_LE, 'LOONGARCH64', 'loongarch64', 64, 'little'],
  ['s390x', EM.s390 | AUDIT_64BIT, 'S390X', 's390x', 64, 'big'],
  ['s390', EM.s390, 'S390', 's390', 32, 'big'],
  ['ppc64le', EM.ppc64 | AUDIT_64BIT | AUDIT_LE, 'PPC64LE', 'ppc64le', 64, 'little'],
  ['ppc64', EM.ppc64 | AUDIT_64BIT, 'PPC64', 'ppc64', 64, 'big'],
  ['ppc', EM.ppc, 'PPC', 'ppc', 32, 'big'],
  ['mips', EM.mips, 'MIPS', 'mips', 32, 'big'],
  ['mips64', EM.mips | AUDIT_64BIT, 'MIPS64', 'mips64', 64, 'big'],
  ['mips64n32', EM.mips | AUDIT_64BIT | AUDIT_N32, 'MIPS64N32', 'mips64n32', 32, 'big'],
  ['mipsel', EM.mips | AUDIT_LE, 'MIPSEL', 'mipsel', 32, 'little'],
  ['mipsel64', EM.mips | AUDIT_64BIT | AUDIT_LE, 'MIPSEL64', 'mipsel64', 64, 'little'],
  ['mipsel64n32', EM.mips | AUDIT_64BIT | AUDIT_LE | AUDIT_N32, 'MIPSEL64N32', 'mipsel64n32', 32, 'little'],
  ['parisc', EM.parisc, 'PARISC', 'parisc', 32, 'big'],
  ['parisc64', EM.parisc | AUDIT_64BIT, 'PARISC64', 'parisc64', 64, 'big'],
  ['m68k', EM.m68k, 'M68K', 'm68k', 32, 'big'],
  ['sh', EM.sh | AUDIT_LE, 'SH', 'sh', 32, 'little'],
  ['sheb', EM.sh, 'SHEB', 'sheb', 32, 'big'],
];

/** Every ABI that this package knows, in the order of the table. */
export const ABIS: ReadonlyMap<AbiName, Abi> = new Map(
  table.map(([name, audit, scmp, docker, bits, endian]) => [
    name,
    Object.freeze({ name, audit: audit >>> 0, scmp: `SCMP_ARCH_${scmp}`, docker, bits, endian }),
  ]),
);

/**
 * Returns the ABI of this name.
 * @throws {RangeError} if the name is unknown.
 */
export function abiOf(name: AbiName): Abi {
  const abi = findAbi(name);
  if (abi === undefined) throw new RangeError(`unknown ABI ${name}`);
  return abi;
}

/** Returns the ABI of this name; undefined if the name is unknown. */
export function findAbi(name: unknown): Abi | undefined {
  return typeof name === 'string' ? ABIS.get(name as AbiName) : undefined;
}

/** Returns the ABIs of the programs that a machine runs, the native one first. */
export function abisOfMachine(native: AbiName): readonly AbiName[] {
  return [native, ...(COMPATIBLE.get(native) ?? [])];
}

const COMPATIBLE: ReadonlyMap<AbiName, readonly AbiName[]> = new Map<AbiName, readonly AbiName[]>([
  ['x86_64', ['x86', 'x32']],
  ['aarch64', ['arm']],
]);

/** Bit 30 of a number, which distinguishes x32 from x86_64. Source: __X32_SYSCALL_BIT, asm/unistd.h. */
export const X32_BIT = 0x4000_0000;

/**
 * Whether a number is one of x32, in a call with the AUDIT_ARCH of x86_64. −1 is not: a tracer writes it to skip a
 * call.
 */
export function isX32(number: number): boolean {
  return number >= X32_BIT && number !== 0xffff_ffff;
}
