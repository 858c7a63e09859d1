/** Errnos by name. */
import { constantNames, constantOn, isErrno } from './constants.js';

let names: ReadonlyMap<number, string> | undefined;

/** The name of an errno, as the generic ABIs number them: `EPERM`; `errno 600` for one without a name. */
export function errnoName(errno: number): string {
  names ??= new Map([...errnos()].reverse().map(([name, number]) => [number, name]));
  return names.get(errno) ?? `errno ${errno}`;
}

let known: ReadonlyMap<string, number> | undefined;

/**
 * Names and numbers, as the generic ABIs have them. MIPS, PA-RISC, SPARC and Alpha number those above 34 otherwise: there a
 * profile gives the number.
 */
export function errnos(): ReadonlyMap<string, number> {
  if (known !== undefined) return known;
  const numbers = constantNames().flatMap((name): readonly (readonly [string, number])[] => {
    const number = isErrno(name) ? constantOn('x86_64', name) : undefined;
    return number === undefined ? [] : [[name, number]];
  });
  known = new Map([...numbers, ['ENOTSUP', 95]]); // Not the kernel's name: C libraries have it for EOPNOTSUPP.
  return known;
}
