import { SeccompError } from '../errors.js';

/** @throws {SeccompError} ERR_SECCOMP_OPTION with `message`. */
export function fail(message: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}
