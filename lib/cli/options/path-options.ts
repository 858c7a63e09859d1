/** The options for the files that a program may reach. */
import type { Command } from 'commander';
import type { ProgramOptions } from '../../index.js';
import type { PathsForm } from '../../landlock/paths/messages.js';
import { readPaths } from '../../landlock/paths/option.js';
import { quoted, shownName } from '../../util/foreign-text.js';
import { givenFlags, several } from './repeated-options.js';

export interface PathFlags {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly execute?: readonly string[];
  readonly bestEffort?: boolean;
}

/** Adds the options to a command. */
export function withPathOptions(command: Command): Command {
  return command
    .option(
      '--read <path>',
      'let COMMAND reach only the files that are named, and read this one, or all in this directory; @system, @node and @tmp name sets of files; may be repeated',
      several,
    )
    .option(
      '--write <path>',
      'the same for reading and changing files, and for creating and removing them; may be repeated',
      several,
    )
    .option('--execute <path>', 'the same for reading and executing files; may be repeated', several)
    .option('--best-effort', 'start COMMAND even if its paths or limits cannot be enforced');
}

/** The flags that name paths, of those that were given. */
export function givenPathFlags({ read, write, execute }: PathFlags): readonly string[] {
  return givenFlags({ read, write, execute });
}

/**
 * Returns the library's options.
 *
 * @param isLimited - Whether there are limits, for which `--best-effort` has an effect too.
 */
export function pathOptions(flags: PathFlags, isLimited: boolean): Pick<ProgramOptions, 'paths' | 'bestEffort'> {
  const { read, write, execute, bestEffort } = flags;
  const given = givenPathFlags(flags);
  refuseMissingPaths(flags);
  if (given.length > 0) return { paths: readPaths({ read, write, execute }, asFlags(given)), bestEffort };
  if (bestEffort && !isLimited)
    throw new Error(
      '--best-effort has no effect without --read, --write, --execute, --memory, --processes or --cpu: leave it out',
    );
  return { bestEffort };
}

/** Refuses `--read --write out` and `--read -- cat`, in which the next word is taken as the path. */
function refuseMissingPaths(flags: PathFlags): void {
  for (const name of ['read', 'write', 'execute'] as const) {
    const word = flags[name]?.find((path) => path.startsWith('-'));
    if (word !== undefined)
      throw new Error(
        `--${name} needs a path, and ${quoted(word)} follows it; a file of that name is ${shownName(`./${word}`)}`,
      );
  }
}

/** Paths that are given by flags. */
function asFlags(given: readonly string[]): PathsForm {
  return {
    name: given.join(' and '),
    place: (list) => `--${list}`,
    several: (list) => `give --${list} once for each`,
    skip: 'leave it out',
    toRead: 'give it with --read',
    url: '',
    home: (rest) => `give "$HOME${rest}"`,
    variable: () => 'let the shell expand it: in double quotes, not in single ones',
    without: 'leave out --read, --write and --execute, or give --best-effort, with which COMMAND reaches all files',
  };
}

/** Whether the program has a directory of its own, which its parent removes. */
export function hasPrivateDirectory(paths: ProgramOptions['paths']): boolean {
  return paths !== undefined && readPaths(paths).words.has('@tmp');
}
