import { SeccompError } from '../errors.js';
import { argumentError } from '../util/node-error.js';
import { describe } from '../util/option-errors.js';
import type { ProblemKind } from '../util/own-data.js';
import { shown } from './json/value.js';

/**
 * @param kind - Set for a wrong argument.
 * @throws {TypeError | RangeError} Node's error for a wrong argument, else {SeccompError} ERR_SECCOMP_OPTION.
 */
export function fail(message: string, kind?: ProblemKind): never {
  if (kind !== undefined) throw argumentError(kind, message);
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}

/** Formats a value that a caller passed for a message: as `shown` does, a number as such, others as Node's errors do. */
export function received(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? shown(value) : describe(value);
}
