/** compile(): compiles profiles or a policy to a filter. Does not attach it. */
import { refuseIn, SeccompError } from '../errors.js';
import { compilePolicy } from '../filter/compile.js';
import type { Filter } from '../filter/filter.js';
import type { Policy } from '../policy/policy.js';
import { isPolicy, readPolicy } from '../policy/read-policy.js';
import { refuseOptions } from '../profile/document/options.js';
import { UNCONFINED } from '../profile/source-names.js';
import { readOptions } from './options/table.js';
import type { CompileOptions } from './options/types.js';
import { type FilterSource, HOST_OPTIONS, resolveSources } from './plan/resolve-sources.js';

/**
 * Compiles a profile or a policy, by default for this machine and a process without capabilities.
 *
 * @param source - A profile as `spawn` takes it, or a policy. A list makes one filter, which gives each call the
 * strictest of their actions.
 * @param options - Options; see the table below.
 * @returns The filter, which can be attached to any number of programs.
 * @throws {ProfileError} if a profile is not valid.
 * @throws {SeccompError} ERR_SECCOMP_TOO_LARGE if the kernel would not take the filter, or it can't be proven;
 * ERR_SECCOMP_OPTION for an option that has no effect, and for `unconfined`, which has no filter.
 * @example
 * import { compile, disassemble } from 'seccomp';
 *
 * const filter = compile('docker-default');
 * console.log(filter.instructions.length);
 * console.log(disassemble(filter));
 */
export function compile(source: FilterSource | Policy, options: CompileOptions = {}): Filter {
  const given = readOptions<CompileOptions>('compile', options);
  if (isPolicy(source)) {
    refuseOptions(given, HOST_OPTIONS, 'a policy, which is resolved already');
    return compilePolicy(readPolicy(source, refuseIn('policy')));
  }
  const { policy, flags } = resolveSources(source, given, HOST_OPTIONS, 'source');
  if (policy !== undefined) return compilePolicy(policy, { flags });
  throw new SeccompError('ERR_SECCOMP_OPTION', `${UNCONFINED} has no filter to compile: give it to spawn as it is`);
}
