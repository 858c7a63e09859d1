/**
 * Errnos by name. Filters return these numbers; the results of this process's own system calls are compared with
 * `constants.errno` of node:os.
 */
import { once } from '../util/memo.js';
import type { AbiName } from './abi.js';
import { constantNames, constantOn, isErrno } from './constants.js';

/** Errnos that this package makes filters return. Source: asm-generic/errno-base.h, asm-generic/errno.h. */
export const EPERM = 1;
export const EACCES = 13;
export const EINVAL = 22;
export const ENOSYS = 38;

/** Errnos that filters return and that differ between architectures: elsewhere, on MIPS, and on PA-RISC. */
const VARYING = { ENOSYS: [ENOSYS, 89, 251], EAFNOSUPPORT: [97, 124, 225] } as const;

/** Returns the number of an errno on an ABI. Reads no generated table: the start of a program waits for it. */
export function errnoOn(abi: AbiName, name: keyof typeof VARYING): number {
  const [generic, mips, parisc] = VARYING[name];
  if (abi.startsWith('mips')) return mips;
  return abi.startsWith('parisc') ? parisc : generic;
}

/** The largest errno that a filter returns. Source: MAX_ERRNO of include/linux/err.h. */
export const MAX_ERRNO = 4095;

/** Returns the name of an errno by its number on the generic ABIs, such as `EPERM`; `errno 600` if it has none. */
export function errnoName(errno: number): string {
  return namesByNumber().get(errno) ?? `errno ${errno}`;
}

/** The names of errnos by their numbers. Of two names for one number, it has the first. */
export const namesByNumber = once(
  (): ReadonlyMap<number, string> => new Map([...errnos()].reverse().map(([name, number]) => [number, name])),
);

/**
 * The names and numbers of errnos on the generic ABIs. MIPS, PA-RISC, SPARC and Alpha have other numbers above 34:
 * profiles for them must give numbers.
 */
export const errnos = once((): ReadonlyMap<string, number> => {
  const numbers = constantNames().flatMap((name): readonly (readonly [string, number])[] => {
    const number = isErrno(name) ? constantOn('x86_64', name) : undefined;
    return number === undefined ? [] : [[name, number]];
  });
  return new Map([...numbers, ['ENOTSUP', 95]]); // Only C libraries have this name; the kernel has EOPNOTSUPP.
});
