/** The machines that test/arch boots under qemu-system, and the kernels that scripts/checks/arch-test.sh fetched for them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationEnforcement } from '../../lib/landlock/enforcement.js';
import type { AbiName } from '../../lib/syscalls/abi.js';

/** A CPU that qemu emulates, and the compilers for its programs. */
interface Cpu {
  /** Debian's name for the architecture. */
  readonly architecture: 'arm64' | 'riscv64' | 'amd64';
  /** The ABIs that its kernels support, the native one first. */
  readonly abis: readonly [AbiName, ...AbiName[]];
  readonly compilers: ReadonlyMap<AbiName, string>;
  /** The loader of dynamic programs: its absolute path. */
  readonly loader: string;
  readonly qemu: string;
  readonly options: readonly string[];
  /** Kernel parameters. Source: Documentation/admin-guide/kernel-parameters.txt. */
  readonly parameters: string;
}

/** A CPU with a kernel. */
export interface Machine extends Cpu {
  /** As in the table of scripts/checks/arch-test.sh. */
  readonly name: string;
  /** The version of its Landlock ABI; 0 without Landlock. A newer kernel of a `newest` machine may have a newer one. */
  readonly landlock: number;
}

/** A Cortex-A57 runs 32-bit programs too. */
const CORTEX: Cpu = {
  architecture: 'arm64',
  abis: ['aarch64', 'arm'],
  compilers: new Map([
    ['aarch64', 'aarch64-linux-gnu-gcc'],
    ['arm', 'arm-linux-gnueabihf-gcc'],
  ]),
  loader: '/lib/ld-linux-aarch64.so.1',
  qemu: 'qemu-system-aarch64',
  options: ['-machine', 'virt', '-accel', 'tcg', '-cpu', 'cortex-a57'],
  parameters: 'console=ttyAMA0',
};

const RISCV: Cpu = {
  architecture: 'riscv64',
  abis: ['riscv64'],
  compilers: new Map([['riscv64', 'riscv64-linux-gnu-gcc']]),
  loader: '/lib/ld-linux-riscv64-lp64d.so.1',
  qemu: 'qemu-system-riscv64',
  options: ['-machine', 'virt', '-accel', 'tcg', '-cpu', 'max'],
  parameters: 'console=ttyS0',
};

/**
 * One compiler for all ABIs: a 64-bit program can make the calls of x86 and x32 too. Debian's kernels need a parameter
 * for x32. KVM is not used: where the machine itself is virtual, it may be there and never boot these kernels.
 */
const PC: Cpu = {
  architecture: 'amd64',
  abis: ['x86_64', 'x86', 'x32'],
  compilers: new Map((['x86_64', 'x86', 'x32'] as const).map((abi) => [abi, 'x86_64-linux-gnu-gcc'])),
  loader: '/lib64/ld-linux-x86-64.so.2',
  qemu: 'qemu-system-x86_64',
  options: ['-machine', 'pc', '-accel', 'tcg', '-cpu', 'max'],
  parameters: 'console=ttyS0 syscall.x32=y',
};

/** Source of the Landlock ABIs: LANDLOCK_ABI_VERSION in security/landlock/syscalls.c of these kernels. */
export const ARM64: Machine = { ...CORTEX, name: 'arm64-6.12', landlock: 6 };
export const RISCV64: Machine = { ...RISCV, name: 'riscv64-newest', landlock: 10 };
const AMD64: readonly Machine[] = [
  { ...PC, name: 'amd64-5.10', landlock: 0 },
  { ...PC, name: 'amd64-6.1', landlock: 2 },
  { ...PC, name: 'amd64-6.12', landlock: 6 },
  { ...PC, name: 'amd64-newest', landlock: 10 },
];

export const MACHINES: readonly Machine[] = [ARM64, RISCV64, ...AMD64];

/** The directory for downloads and builds of scripts/checks/arch-test.sh, and the machines to test. */
const KEPT = process.env['SECCOMP_TEST_KERNELS'];
const ASKED = process.env['SECCOMP_TEST_MACHINES']?.split(' ');

/** The directory of the machine: `vmlinuz`, `release`, `busybox`, and `modules/`, which may be empty. */
export function keptFor({ name }: Machine): string {
  return join(KEPT ?? '', name);
}

/** The directory of the machine's CPU: `package/`, this package built for it, and `node/`, except for riscv64. */
export function builtFor({ architecture }: Machine): string {
  return join(KEPT ?? '', architecture);
}

/** The reason why the machine can't be booted; undefined if it can. */
export function obstacleTo(machine: Machine): string | undefined {
  if (KEPT === undefined) return '`scripts/checks/arch-test.sh` boots it';
  if (ASKED !== undefined && !ASKED.includes(machine.name)) return 'SECCOMP_TEST_MACHINES leaves it out';
  return existsSync(kernelOf(machine).image) ? undefined : `no kernel in ${keptFor(machine)}`;
}

/** The kernel's file, and its release with the source of the package. */
export function kernelOf(machine: Machine): { readonly image: string; readonly release: string } {
  const release = join(keptFor(machine), 'release');
  return {
    image: join(keptFor(machine), 'vmlinuz'),
    release: existsSync(release) ? readFileSync(release, 'utf8').trim() : 'of unknown release',
  };
}

/** Whether the machine's kernel is of this version or newer. */
export function isSince(machine: Machine, since: readonly [major: number, minor: number]): boolean {
  const [major = 0, minor = 0] = kernelOf(machine).release.split('.').map(Number);
  return major > since[0] || (major === since[0] && minor >= since[1]);
}

/**
 * How this package isolates children on the machine, unless a kernel parameter disables Landlock. Landlock has scopes since
 * ABI 6, and the right that a domain without scopes needs since ABI 2.
 */
export function isolationOn({ landlock }: Machine): IsolationEnforcement['by'] {
  return landlock >= 6 ? 'scopes' : landlock >= 2 ? 'domain' : undefined;
}

/** The C compiler for an ABI of the machine. */
export function compilerFor({ name, compilers }: Machine, abi: AbiName): string {
  const compiler = compilers.get(abi);
  if (compiler === undefined) throw new RangeError(`no compiler for ${abi} on ${name}`);
  return compiler;
}
