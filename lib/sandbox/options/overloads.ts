/** The places of the parameters of the functions that start a program under a profile. */
import { SeccompError } from '../../errors.js';
import { invalidType } from '../../util/option-errors.js';
import { profileRequired } from './checks.js';
import { optionsOf, type ProgramFunction } from './table.js';

/** What a caller gave, by its place; nothing of it is checked. */
export interface ProgramParameters {
  readonly command: unknown;
  readonly args: object;
  readonly profile: unknown;
  readonly options: unknown;
}

/**
 * Finds the parameters of `(command, [args], profile, [options])` by their places. What they hold is checked later.
 *
 * @throws TypeError, SeccompError ERR_SECCOMP_OPTION for parameters in other places, such as node:child_process has them.
 */
export function parametersOf(by: ProgramFunction, parameters: readonly unknown[]): ProgramParameters {
  const [command, second, ...others] = parameters;
  const args = Array.isArray(second) ? second : undefined;
  const [profile, options, ...more] = args === undefined ? [second, ...others] : others;
  if (args === undefined && typeof options === 'string') throw invalidType('args', 'an instance of Array', profile);
  if (more.some((each) => each !== undefined)) {
    const message = 'there is more after the options: give (command, [args], profile, [options])';
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  if (areOptions(profile, optionsOf(by))) throw profileRequired(options === undefined ? ', before the options' : '');
  return { command, args: args ?? [], profile, options: options ?? undefined };
}

/** Whether these are options, in the place of the profile: node:child_process has its options there. */
function areOptions(profile: unknown, known: readonly string[]): boolean {
  if (typeof profile !== 'object' || profile === null || Object.getPrototypeOf(profile) !== Object.prototype)
    return false;
  const keys = Reflect.ownKeys(profile);
  return keys.length > 0 && keys.every((key) => key === 'profile' || known.some((name) => name === key));
}
