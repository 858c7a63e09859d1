/** The option for the variables that a program gets. */
import type { Command } from 'commander';
import { COVERAGE, type Variables } from '../../sandbox/options/environment.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import { own } from '../../util/own-data.js';
import { several } from './repeated-options.js';

export interface EnvironmentFlags {
  readonly env?: readonly string[];
}

/** Adds the option to a command. */
export function withEnvironmentOption(command: Command): Command {
  return command.option(
    '--env <variable>',
    'let COMMAND have only the variables that are named, and those of --sandbox: NAME passes a variable on, NAME=VALUE sets it; may be repeated',
    several,
  );
}

/** Returns the library's option. */
export function environmentOption({ env }: EnvironmentFlags): { readonly env?: Variables } {
  if (env === undefined) return {};
  const given = env.map(readVariable);
  const names = given.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`--env: ${shownName(twice)} is named twice: leave one of them out`);
  return { env: own(Object.fromEntries([[COVERAGE, undefined], ...given])) };
}

/** Reads `NAME` or `NAME=VALUE`. Messages do not contain the value, which may be a secret. */
function readVariable(text: string): readonly [name: string, value: string | undefined] {
  const end = text.indexOf('=');
  const name = end < 0 ? text : text.slice(0, end);
  if (name === '') throw new Error('--env: must be NAME or NAME=VALUE, and the name is empty');
  if (name.startsWith('-')) throw new Error(`--env needs the name of a variable, and ${quoted(name)} follows it`);
  if (end >= 0) return [name, text.slice(end + 1)];
  if (Object.hasOwn(process.env, name)) return [name, process.env[name]];
  if (/[*?,$\s]/.test(name))
    throw new Error(`--env: there is no variable ${quoted(name)}: names are literal, so give --env once for each`);
  return [name, undefined];
}
