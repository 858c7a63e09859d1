/** How commands read the profiles that they are given. */
import { type Command, Option } from 'commander';
import type { ProfileFormat, ProfileOptions } from '../index.js';

export interface ReadingOptions {
  readonly compat: boolean;
  readonly format?: ProfileFormat;
}

/** Adds the options. */
export function withReading(command: Command): Command {
  return command
    .option('--compat', 'read profiles as the runtimes do: what they take is no more than a warning', false)
    .addOption(
      new Option('--format <format>', 'whose reading counts, if not by what the document holds').choices([
        'docker',
        'podman',
        'oci',
      ]),
    );
}

/** What was said of it: profiles such as `unconfined` refuse options that have no effect on them. */
export function readingOf({ compat, format }: ReadingOptions): ProfileOptions {
  return { ...(compat && { mode: 'compat' }), ...(format && { format }) };
}

/** The flags by which a user gives the library's options. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['mode', '--compat'],
  ['format', '--format'],
  ['capabilities', '--capability'],
  ['abis', '--abi'],
  ['noNewPrivileges', '--new-privileges'],
]);

/** The message of an error, which names flags where the library names its options. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^options\.(\w+)/, (option, name) => FLAGS.get(name) ?? option);
}
