/** Errnos by name. */
import { constantNames, constantOn, isErrno } from './constants.js';

let names: ReadonlyMap<number, string> | undefined;

/** Returns the name of an errno by its number on the generic ABIs, such as `EPERM`; `errno 600` if it has none. */
export function errnoName(errno: number): string {
  names ??= new Map([...errnos()].reverse().map(([name, number]) => [number, name]));
  return names.get(errno) ?? `errno ${errno}`;
}

let known: ReadonlyMap<string, number> | undefined;

/**
 * The names and numbers of errnos on the generic ABIs. MIPS, PA-RISC, SPARC and Alpha have other numbers above 34:
 * profiles for them must give numbers.
 */
export function errnos(): ReadonlyMap<string, number> {
  if (known !== undefined) return known;
  const numbers = constantNames().flatMap((name): readonly (readonly [string, number])[] => {
    const number = isErrno(name) ? constantOn('x86_64', name) : undefined;
    return number === undefined ? [] : [[name, number]];
  });
  known = new Map([...numbers, ['ENOTSUP', 95]]); // Only C libraries have this name; the kernel has EOPNOTSUPP.
  return known;
}
