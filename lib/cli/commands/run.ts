/**
 * `seccomp run`: replaces itself by a program under a profile. Where this system has no seccomp, the program is a child,
 * and `unconfined` is the only profile.
 */
import { Command } from 'commander';
import { unsupportedReason } from '../../addon/platform.js';
import type { AbiName, Enforcement, LoadedSandbox, ProgramOptions, SpawnOptions } from '../../index.js';
import { IsolationRefusal } from '../../landlock/domain.js';
import { kindOfString } from '../../profile/source-names.js';
import { executeProgram } from '../../sandbox/execve.js';
import { namesOf } from '../../sandbox/file/file-names.js';
import { shownName } from '../../util/foreign-text.js';
import { type EnvironmentFlags, environmentOption, withEnvironmentOption } from '../options/environment-options.js';
import { givenTreeLimits, type LimitFlags, limitOptions, withLimitOptions } from '../options/limit-options.js';
import {
  givenPathFlags,
  hasPrivateDirectory,
  type PathFlags,
  pathOptions,
  withPathOptions,
} from '../options/path-options.js';
import { PROFILE_FORMS, type ProfileFlags, profileOptions, withProfileOptions } from '../options/profile-options.js';
import { several } from '../options/repeated-options.js';
import {
  loadNamedSandbox,
  optionsOfRun,
  type SandboxFlags,
  warnOfOwnFiles,
  withSandboxOption,
} from '../options/sandbox-options.js';
import { reportMissingInterpreter, reportMissingLibraries } from '../path-hints.js';
import { loadArgument } from '../profile-argument.js';
import { runBeside } from '../report-violations.js';
import { reportUnenforced, runAsChild } from '../run-as-child.js';
import { reportStartFailure } from '../start-failure.js';

interface RunFlags extends ProfileFlags, PathFlags, LimitFlags, EnvironmentFlags, SandboxFlags {
  readonly profile: string;
  readonly capability?: readonly string[];
  readonly abi?: readonly AbiName[];
  readonly newPrivileges?: boolean;
  readonly isolate?: boolean;
  readonly abstractSockets?: boolean;
  readonly network: boolean;
  readonly logDenied?: boolean;
  readonly explain?: boolean;
  readonly keepDescendants?: boolean;
}

const HELP = `
Exit status: that of COMMAND; 124 if it ran longer than --timeout, 137 if it
was killed for its --memory; 125 if it could not be started because of the
profile, an option or the kernel; 126 if it is not executable, 127 if it was
not found.

Examples:
  seccomp run -- node server.js
  seccomp run -p ./profile.json --explain -- node server.js
  seccomp run -s untrusted -- python3 script.py
  seccomp run --timeout 90s --memory 512M --sampled --read @system --write . --write @tmp -- make
  seccomp run --read @system --read @node --read . --write ./dist -- node build.js`;

export function runCommand(): Command {
  const command = new Command('run').option('-p, --profile <profile>', PROFILE_FORMS, 'docker-default');
  return refuseBoth(
    withEnvironmentOption(withLimitOptions(withPathOptions(withProfileOptions(withSandboxOption(command))))),
  )
    .summary('run a command under a profile')
    .description(
      'Replaces itself with COMMAND under a profile: same process ID, descriptors and directory. With --timeout, --memory, --processes, --cpu, --explain or @tmp, COMMAND is a child.',
    )
    .usage('[options] [--] <command> [args...]')
    .argument('<command>')
    .argument('[args...]')
    .option(
      '--capability <name>',
      'keep this capability, drop those that are not named, and resolve the profile for it; may be repeated',
      several,
    )
    .option(
      '--abi <name>',
      'apply the profile to this ABI besides the native one, instead of those that it lists; may be repeated',
      several,
    )
    .option('--new-privileges', 'let set-user-ID programs gain privileges; needs CAP_SYS_ADMIN')
    .option('--isolate', 'fail if COMMAND cannot be isolated completely from other processes')
    .option('--no-isolate', 'let COMMAND reach memory, descriptors and signals of other processes of its user')
    .option('--abstract-sockets', "let COMMAND connect to abstract Unix sockets, such as X11's")
    .option('--no-network', 'deny the network to COMMAND: it can make only pairs of connected sockets')
    .option('--keep-descendants', 'let the processes that COMMAND started outlive it')
    .option(
      '--log-denied',
      'have the kernel log the calls that the profile denies and, from Linux 6.15 on with auditing on, the files that are denied',
    )
    .option('--explain', 'report on stderr which calls the profile denies, and why')
    .addHelpText('after', HELP)
    .passThroughOptions()
    .action(runUnderProfile);
}

async function runUnderProfile(
  command: string,
  args: readonly string[],
  flags: RunFlags,
  parsed: Command,
): Promise<void> {
  const { explain = false, abstractSockets = false, keepDescendants } = flags;
  if (abstractSockets) refuseBesideAbstractSockets(flags);
  const unsupported = unsupportedReason();
  if (unsupported !== undefined) refuseWithoutEffect(flags, unsupported);
  const sandbox = sandboxOf(flags, parsed);
  const profile = sandbox?.profile ?? (await loadArgument(flags.profile, profileOptions(flags)));
  const options = optionsOf(flags, sandbox);
  // A time and limits need a parent that says what ended COMMAND, and a private directory needs one that removes it.
  const { timeout, limits, paths } = options;
  const hasParent = hasPrivateDirectory(paths) || timeout !== undefined || limits !== undefined;
  const descendants = keepDescendants ? 'leave' : 'kill';
  try {
    if (unsupported !== undefined || (hasParent && !explain))
      await runAsChild(command, args, profile, options, descendants);
    else if (explain) await runBeside(command, args, profile, options, descendants, flags.profile, flags.sandbox);
    else {
      const report = (enforcement: Enforcement) => {
        reportMissingLibraries(command, options);
        reportUnenforced(enforcement);
      };
      executeProgram([command, args, profile, options], report, descendants);
    }
  } catch (error) {
    if (error instanceof IsolationRefusal) throw refusedIsolation(error, flags);
    reportStartFailure(command, args, error, options.env);
    reportMissingInterpreter(command, options, error);
  }
}

/** The library's options. */
function optionsOf(flags: RunFlags, sandbox: LoadedSandbox | undefined): ProgramOptions & SpawnOptions {
  const { capability, abi, newPrivileges, isolate, abstractSockets = false, logDenied, keepDescendants } = flags;
  const given = {
    capabilities: capability,
    abis: abi,
    noNewPrivileges: newPrivileges && false,
    isolate: abstractSockets ? { abstractSockets } : isolate,
    network: flags.network ? undefined : ('none' as const),
    logDenied,
    ...(keepDescendants ? { descendants: 'leave' as const } : {}),
    ...environmentOption(flags),
    ...pathOptions(flags, sandbox !== undefined || givenTreeLimits(flags).length > 0),
    ...limitOptions(flags, sandbox?.contents.limits !== undefined),
  };
  if (sandbox !== undefined) return optionsOfRun(sandbox, given);
  if (kindOfString(flags.profile) === 'path') warnOfOwnFiles(given.paths, namesOf(flags.profile), 'this profile');
  return given;
}

/** The sandbox of the flags; undefined without one. */
function sandboxOf(flags: RunFlags, parsed: Command): LoadedSandbox | undefined {
  if (flags.sandbox === undefined) return undefined;
  const other = ['profile', 'compat', 'format'].find((name) => parsed.getOptionValueSource(name) === 'cli');
  if (other !== undefined)
    throw new Error(`--${other} cannot be combined with --sandbox, which has a profile: leave one of them out`);
  return loadNamedSandbox(flags.sandbox);
}

function refuseBesideAbstractSockets({ isolate, network }: RunFlags): void {
  const other = isolate === undefined ? !network && '--no-network' : isolate ? '--isolate' : '--no-isolate';
  if (other) throw new Error(`--abstract-sockets cannot be combined with ${other}: leave one out`);
}

/** Refuses flags that need seccomp or Landlock. The library's errors name the options of its functions. */
function refuseWithoutEffect(flags: RunFlags, reason: string): void {
  const { capability, isolate, abstractSockets, network, logDenied, explain, sandbox } = flags;
  const given = [
    ...givenPathFlags(flags),
    ...givenTreeLimits(flags),
    sandbox !== undefined && '--sandbox',
    capability !== undefined && '--capability',
    isolate && '--isolate',
    abstractSockets && '--abstract-sockets',
    !network && '--no-network',
    logDenied && '--log-denied',
    explain && '--explain',
  ].find((flag) => flag);
  const isLinux = process.platform === 'linux';
  const remedy = isLinux
    ? 'run seccomp by Node.js'
    : `run this command on Linux only; on ${process.platform}: seccomp run -p unconfined -- …`;
  if (given) throw new Error(`${given} can't be honored: ${reason}: ${remedy}`);
}

/** The same refusal for users of the command: the library's error names options of its functions. */
function refusedIsolation({ reason, obstacle, isOfSandbox }: IsolationRefusal, { sandbox, isolate }: RunFlags): Error {
  const isByFile = sandbox !== undefined && isolate === undefined;
  const asked = isByFile ? `${shownName(sandbox)}: isolate` : '--isolate';
  const other = isOfSandbox ? 'give --best-effort' : `leave ${isByFile ? 'it' : '--isolate'} out`;
  // The reason of an obstacle ends with what would remove it.
  const remedy = obstacle === undefined ? ': start seccomp as another user, or on a newer kernel' : '';
  return new Error(`${asked} can't be honored: ${reason}${remedy}, or ${other}`);
}

/** Refuses --isolate together with --no-isolate. Commander would silently use the last one. */
function refuseBoth(command: Command): Command {
  const given = new Set<string>();
  for (const name of ['isolate', 'no-isolate']) {
    command.on(`option:${name}`, () => {
      if (given.add(name).size > 1) command.error('error: --isolate and --no-isolate: leave one of them out');
    });
  }
  return command;
}
