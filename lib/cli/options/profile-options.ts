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
  ['host', '--host, --kernel and --capability'],
  ['abis', '--abi'],
  ['noNewPrivileges', '--new-privileges'],
  ['isolate.abstractSockets', '--abstract-sockets'],
  ['cwd', 'the working directory'],
  ['paths', '--read, --write and --execute'],
  ['paths.read', '--read'],
  ['paths.write', '--write'],
  ['paths.execute', '--execute'],
  ['limits', '--memory, --processes and --cpu'],
  ['limits.memory', '--memory'],
  ['limits.processes', '--processes'],
  ['limits.cpu', '--cpu'],
  ['network', '--no-network'],
  ['logDenied', '--log-denied'],
  ['onViolation', '--explain'],
  ['timeout', '--timeout'],
  ['rlimits.fsize', 'RLIMIT_FSIZE'],
  ['rlimits.cpu', 'RLIMIT_CPU'],
  ['signal', 'by a signal to seccomp'],
]);

/** Returns the message of an error, in the words of the command. */
export function messageOf(error: unknown): string {
  return inFlags(error instanceof Error ? error.message : String(error));
}

/** Returns a text of the library in which its options are replaced by the command's flags. */
export function inFlags(text: string): string {
  return text
    .replace('give bestEffort: true', 'give --best-effort')
    .replace("The argument 'file' cannot be empty. Received ''", 'COMMAND is empty: name a program')
    .replace('leave out listenerPath, or onViolation and notify', 'leave out listenerPath of the profile, or --explain')
    .replace('write "exact": "preferred" in it, which lets', 'give --sampled, which lets')
    .replace('or give options.env', 'or give --env')
    .replace(/give loadSandbox\('(\w+)'\)\.profile/, 'run programs in it with seccomp run -s $1')
    .replace(/^(unknown built-in sandbox [^:]*: .* is a profile): .*/, '$1: give it with -p')
    .replace('with noNewPrivileges: false', 'with --new-privileges')
    .replace(/(^|\()options\.(\w+)(?:\.(\w+))?/g, (whole, before, name, key) => {
      const flag = FLAG_OF_OPTION.get(`${name}.${key}`) ?? (key === undefined ? FLAG_OF_OPTION.get(name) : undefined);
      return flag === undefined ? whole : `${before}${flag}`;
    });
}
