/** The options for how a profile is read, which several commands share. */
import { type Command, Option } from 'commander';
import type { ProfileFormat, ProfileOptions } from '../../index.js';

/** The description of an argument or option that names a profile. */
export const PROFILE_FORMS = "a built-in's name, a path, JSON text, or - for stdin";

export interface ProfileFlags {
  readonly compat?: boolean;
  readonly format?: ProfileFormat;
}

/** Adds the options to a command. */
export function withProfileOptions(command: Command): Command {
  return command
    .option('--compat', 'read the profile as container runtimes do: what they accept is at most a warning')
    .addOption(
      new Option('--format <format>', 'the format of the profile, if it is not detected').choices([
        'docker',
        'podman',
        'oci',
      ]),
    );
}

/**
 * Returns the library's options. Flags that are not given are absent, since `unconfined` and built-ins refuse options
 * without effect.
 */
export function profileOptions({ compat, format }: ProfileFlags): ProfileOptions {
  return { ...(compat && { mode: 'compat' }), ...(format && { format }) };
}

/** The command's flag for each option of the library. */
const FLAG_OF_OPTION: ReadonlyMap<string, string> = new Map([
  ['mode', '--compat'],
  ['format', '--format'],
  ['capabilities', '--capability'],
  ['abis', '--abi'],
  ['noNewPrivileges', '--new-privileges'],
  ['isolate.abstractSockets', '--abstract-sockets'],
]);

/**
 * Returns the message of an error. An option of the library that begins the message is replaced by the command's flag.
 */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace('give bestEffort: true', 'give --best-effort')
    .replace(/^options\.(\w+(?:\.abstractSockets)?)/, (option, name) => FLAG_OF_OPTION.get(name) ?? option);
}
