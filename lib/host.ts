/** This machine as profiles see it. */
import { release } from 'node:os';
import { SeccompError } from './errors.ts';
import type { Host } from './profile/resolve.ts';
import type { AbiName } from './syscalls/abi.ts';

/** process.arch to ABIs. */
const NATIVE: Readonly<Record<string, AbiName>> = {
  x64: 'x86_64',
  ia32: 'x86',
  arm64: 'aarch64',
  arm: 'arm',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
  s390x: 's390x',
  ppc64: 'ppc64le',
};

/**
 * This machine, for a process that holds `capabilities`. On a system that is not Linux the kernel counts as the newest.
 * @throws SeccompError ERR_SECCOMP_UNSUPPORTED on a CPU that this package has no ABI for.
 */
export function thisHost(capabilities: readonly string[] = [], abis?: readonly AbiName[]): Host {
  const abi = NATIVE[process.arch];
  if (abi === undefined)
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', `no syscall table for the CPU ${process.arch}`);
  const version = process.platform === 'linux' ? /^(\d+)\.(\d+)/.exec(release()) : null;
  const kernel =
    version === null ? { major: 255, minor: 255 } : { major: Number(version[1]), minor: Number(version[2]) };
  return { abi, kernel, capabilities: new Set(capabilities), ...(abis === undefined ? {} : { abis }) };
}
