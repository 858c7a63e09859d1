import { SeccompError } from '../errors.js';
import { argumentError } from '../util/node-error.js';
import type { ProblemKind } from '../util/own-data.js';

/**
 * @param kind - Set for a wrong argument.
 * @throws {TypeError | RangeError} Node's error for a wrong argument, else {SeccompError} ERR_SECCOMP_OPTION.
 */
export function fail(message: string, kind?: ProblemKind): never {
  if (kind !== undefined) throw argumentError(kind, message);
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}
