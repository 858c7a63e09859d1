/** The options for the files that a program may reach. */
import type { Command } from 'commander';
import type { ProgramOptions } from '../index.js';
import { several } from './repeated-options.js';

export interface PathFlags {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly execute?: readonly string[];
  readonly bestEffort?: boolean;
}

/** The path that stands for a directory of the program's own, which its parent removes. */
const PRIVATE_DIRECTORY = '@tmp';

/** Adds the options to a command. */
export function withPathOptions(command: Command): Command {
  return command
    .option(
      '--read <path>',
      'let COMMAND reach only the files that are named: read this file, or all beneath this directory; @system, @node and @tmp name sets of files; may be repeated',
      several,
    )
    .option(
      '--write <path>',
      'the same for reading and changing files, and for creating and removing them; may be repeated',
      several,
    )
    .option('--execute <path>', 'the same for reading and executing files; may be repeated', several)
    .option('--best-effort', 'start COMMAND even if the kernel cannot restrict the files that it reaches');
}

/** The flags that name paths, of those that were given. */
export function givenPathFlags({ read, write, execute }: PathFlags): readonly string[] {
  return Object.entries({ read, write, execute }).flatMap(([name, paths]) =>
    paths === undefined ? [] : [`--${name}`],
  );
}

/** Returns the library's options. */
export function pathOptions(flags: PathFlags): Pick<ProgramOptions, 'paths' | 'bestEffort'> {
  const { read, write, execute, bestEffort } = flags;
  if (givenPathFlags(flags).length > 0) return { paths: { read, write, execute }, bestEffort };
  if (bestEffort) throw new Error('--best-effort has no effect without --read, --write or --execute: leave it out');
  return {};
}

/** Whether the program has a directory of its own. */
export function hasPrivateDirectory({ read = [], write = [], execute = [] }: PathFlags): boolean {
  return [...read, ...write, ...execute].includes(PRIVATE_DIRECTORY);
}

/** What the library's messages about paths say, and what they say to users of the command. */
const IN_FLAGS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/^The property 'options\.paths\.(\w+)\[\d+\]'/, '--$1'],
  [/^options\.paths\.(\w+)\[\d+\]/, '--$1'],
  [/^options\.isolate\.abstractSockets/, '--abstract-sockets'],
  [/, or give \{ path, optional: true \}$/, ', or leave it out'],
  [/: put it into read$/, ': give it with --read'],
];

/** Names the command's options in a message of the library, instead of the library's. */
export function inPathFlags(message: string): string {
  return IN_FLAGS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), message);
}
