/** Options where this system has no seccomp, and programs run under `unconfined` only. */
import { SeccompError } from '../../errors.js';
import { isOfNode } from '../options/table.js';

/** Options of this package that have their effect there as well. */
const HONORED = new Set(['profile', 'forceKillAfter', 'allowUnknownOptions']);

/**
 * Refuses options that need the addon or the kernel. False asks for nothing, so it is accepted.
 *
 * @param reason - Why this system is not supported.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED
 */
export function refuseUnsupported(options: object, reason: string): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && value !== false && !isOfNode(name) && !HONORED.has(name))
      throw unsupportedOption(name, reason, 'give it only on Linux');
}

export function unsupportedOption(name: string, reason: string, remedy: string): SeccompError {
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', `options.${name} can't be honored: ${reason}; ${remedy}`);
}
