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

export function readingOf({ compat, format }: ReadingOptions): ProfileOptions {
  return { mode: compat ? 'compat' : 'strict', ...(format ? { format } : {}) };
}
