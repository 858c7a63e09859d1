/** The parameters of the functions that start programs. */
import { SeccompError } from '../errors.js';
import { checkCommand, invalidType, readOptions } from './options/options.js';
import { loadSources, profileRequired, type Sources } from './plan/plan-filters.js';

/** The command, the arguments and the profile, however they were given. */
export interface Invocation<Options> {
  readonly command: string;
  readonly args: readonly string[];
  readonly sources: Sources;
  readonly options: Options;
}

/** Sorts out `(command, [args], profile, [options])`. */
export function invocation<Options extends object>(
  parameters: readonly unknown[],
  known: readonly string[],
): Invocation<Options> {
  const [file, second, ...others] = parameters;
  const list = Array.isArray(second) ? second : undefined;
  const [profile, options, ...more] = list === undefined ? [second, ...others] : others;
  const { command, args } = checkCommand(file, list ?? []);
  if (list === undefined && typeof options === 'string') throw invalidType('args', 'an instance of Array', profile);
  if (more.some((each) => each !== undefined))
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `there is more after the options: give (command, [args], profile, [options])`,
    );
  if (areOptions(profile, known)) throw profileRequired(options === undefined ? ', before the options' : '');
  return { command, args, options: readOptions(options ?? undefined, known), sources: loadSources(profile) };
}

/** Whether these are options, in the place of the profile: that is where node:child_process has them. */
function areOptions(profile: unknown, known: readonly string[]): boolean {
  if (typeof profile !== 'object' || profile === null || Object.getPrototypeOf(profile) !== Object.prototype)
    return false;
  const keys = Reflect.ownKeys(profile);
  return keys.length > 0 && keys.every((key) => key === 'profile' || known.some((name) => name === key));
}
