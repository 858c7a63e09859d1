/** record(): runs a program unfiltered, and makes the profile with the fewest calls under which it could have run. */
import { resolve as resolvePath } from 'node:path';
import { decode } from '../decode/decode.js';
import { type RecordedCall, recordedCall } from '../decode/observed-call.js';
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import type { CheckedPaths, Paths } from '../landlock/paths/option.js';
import { makePrivateDirectory, type PrivateDirectory } from '../landlock/paths/private-directory.js';
import type { ProgramEnd } from '../process-tree/program-end.js';
import type { Profile } from '../profile/profile.js';
import { loadSource, type ProfileSource } from '../profile/source.js';
import { normalizeArguments, type ProgramCall } from '../sandbox/arguments.js';
import { abortError } from '../sandbox/child/process/abort.js';
import type { SandboxedProcess } from '../sandbox/child/process/child-process.js';
import { start } from '../sandbox/child/start.js';
import { openStdio } from '../sandbox/child/stdio.js';
import type { SpawnOptions } from '../sandbox/options/types.js';
import { planObservation } from '../sandbox/plan/plan-filters.js';
import { own } from '../util/own-data.js';
import { caveats, fileCaveats, pathCaveats } from './caveats.js';
import { observe } from './observe.js';
import type { RecordedPaths } from './paths/grants.js';
import { placesOf } from './paths/places.js';
import { seenAccesses } from './paths/seen-files.js';
import { type RecordedFile, synthesizePaths } from './paths/synthesize-paths.js';
import { extendProfile, synthesize } from './synthesize.js';

/** Options of `record`: those of `spawn`, and those about the profile that is made. */
export interface RecordOptions
  extends Omit<
    SpawnOptions,
    'onViolation' | 'reportPaths' | 'notify' | 'notifyTimeout' | 'logDenied' | 'abis' | 'paths' | 'network'
  > {
  /**
   * Whether the profile compares the arguments that tell calls apart, such as the family of `socket`. Default false.
   */
  readonly compareArguments?: boolean;
  /** Whether the profile allows the calls by which container runtimes start a program. Default true. */
  readonly containerStart?: boolean;
  /** A profile, to which the calls that the program needs and the profile does not allow are added. Default: a new one. */
  readonly merge?: ProfileSource;
  /**
   * `true`: the recording has `paths`, the least that grant what the program did with files, which are not restricted. The
   * program gets a private directory for temporary files, in the variable TMPDIR. Otherwise as for `spawn`. Default: its
   * files are neither recorded nor restricted.
   */
  readonly paths?: Paths | true | undefined;
  /** Paths of an earlier recording, to which those of this one are added. Needs `paths: true`. Default none. */
  readonly mergePaths?: Paths | undefined;
}

/** Calls of one kind: the first of them, which is plain data, and their number. */
export interface RecordedKind extends RecordedCall {
  /** The arguments as a person reads them: paths, flags by name, addresses. */
  readonly decoded: readonly string[];
  /** How many calls of this kind there were. */
  readonly count: number;
}

/** The options after their checks. */
type CheckedOptions = Omit<RecordOptions, 'paths' | 'mergePaths'> & {
  readonly paths?: Paths | undefined;
  readonly mergePaths?: CheckedPaths | undefined;
};

/** The result of a recorded run. */
export interface Recording {
  /** The profile that was made. */
  readonly profile: Profile;
  /** Each kind of call, in the order of the first one. */
  readonly calls: readonly RecordedKind[];
  /** The grants under which the program could have run, for the option `paths`; absent unless that was `true`. */
  readonly paths?: RecordedPaths;
  /** What the program did with each file, the most frequent first; absent without `paths`. */
  readonly files?: readonly RecordedFile[];
  /** The limits of this recording, one sentence each: calls that it may lack, or that no profile can allow. */
  readonly notes: readonly string[];
  /**
   * False if a timeout, an abort or a limit ended the run early, or there were more kinds of calls than a recording keeps:
   * `notes` has the reasons.
   */
  readonly isComplete: boolean;
  /** The exit code of the program; null if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended the program; null if none did, or one without a name (a real-time signal). */
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program unfiltered to its end, with all its threads and children, and makes the profile with the fewest calls
 * under which it could have run in the same way. Through pipes, the default of `stdio`, the program reads no input, and
 * its output is dropped. After a timeout or an abort, the recording has the calls until then, even if children still
 * run.
 *
 * @param command - The program: a path, or a name that is looked for in `PATH`.
 * @param args - The program's arguments.
 * @param options - Options; see the table below.
 * @returns A promise of the recording.
 * @throws {SeccompError} as a rejection: ERR_SECCOMP_OPTION, or ERR_SECCOMP_ATTACH if the kernel refuses a listener.
 * The system's error if the program can't be started; an AbortError if `signal` is aborted already.
 * @throws {ProfileError} as a rejection, if `merge` is not valid.
 * @example
 * import { record, stringify } from 'seccomp';
 *
 * const { profile } = await record('uname', ['-s']);
 * console.log(stringify(profile));
 */
export async function record(
  command: string,
  args: readonly string[] = [],
  options: RecordOptions = {},
): Promise<Recording> {
  const { recording } = await recordWithEnd(command, args, options);
  return recording;
}

/**
 * The steps of record(). Returns with its recording how the program ended, also by a signal without a name.
 *
 * @param onStart - Called with the program's child before this function returns.
 */
export async function recordWithEnd(
  command: string,
  args: readonly string[],
  options: RecordOptions,
  onStart: (child: SandboxedProcess) => void = () => {},
): Promise<{ readonly recording: Recording; readonly end: ProgramEnd }> {
  const given = normalizeArguments<CheckedOptions>('record', { command, args, profile: undefined, options });
  const { compareArguments, containerStart, merge, mergePaths, capabilities } = given.options;
  const before = merge === undefined ? undefined : loadSource(merge, undefined, 'options.merge');
  if (before?.isUnconfined)
    throw new SeccompError('ERR_SECCOMP_OPTION', 'options.merge: unconfined allows all calls already: leave it out');
  const recordsFiles = (given.options.paths as unknown) === true;
  refuseWithoutFiles(given.options, recordsFiles);
  if (given.options.signal?.aborted) throw abortError(given.options.signal);
  const tmp = recordsFiles
    ? makePrivateDirectory(own({ uid: given.options.uid ?? undefined, gid: given.options.gid ?? undefined }))
    : undefined;
  try {
    const call = tmp === undefined ? given : inDirectory(given, tmp);
    const plan = planObservation(call.options, recordsFiles);
    const stdio = openStdio(call.options.stdio, 'record');
    const child = start(call, plan, stdio);
    onStart(child);
    const { calls, files, others, unseen, cutShort, end } = await observe(child, call.options);

    const host = thisHost(capabilities);
    const made = {
      ...(compareArguments !== undefined && { compareArguments }),
      ...(containerStart !== undefined && { containerStart }),
    };
    const profile = before === undefined ? synthesize(calls, host, made) : extendProfile(before, calls, host, made);
    const kinds = calls.map((each) => ({ ...recordedCall(each, each), decoded: decode(each), count: each.count }));
    const directory = directoryOf(call.options);
    const seen =
      tmp &&
      synthesizePaths(
        seenAccesses(files, directory),
        placesOf(directory, tmp.path, call.options.env?.['HOME'], plan.hasTerminal),
        mergePaths,
      );
    const ofFiles = seen === undefined ? [] : [...seen.notes, ...fileCaveats(calls, unseen, files.length > 0)];
    const cut = cutShort === undefined ? [] : [`the program was not recorded to its end: ${cutShort}`];
    const notes = [...cut, ...caveats(calls, others, plan.hasTerminal), ...pathCaveats(child), ...ofFiles];
    const ofPaths = seen && { paths: seen.paths, files: seen.files };
    const isComplete = cutShort === undefined && others + unseen.noRoom === 0;
    const { code: exitCode, signal } = end;
    return { recording: { profile, calls: kinds, ...ofPaths, notes, isComplete, exitCode, signal }, end };
  } finally {
    tmp?.removeSync();
  }
}

/** @throws {SeccompError} ERR_SECCOMP_OPTION for an option that has no effect. */
function refuseWithoutFiles({ mergePaths, bestEffort, limits }: CheckedOptions, recordsFiles: boolean): void {
  const refuse = (option: string, remedy: string): never => {
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${option}: ${remedy}`);
  };
  if (mergePaths !== undefined && !recordsFiles) refuse('mergePaths', 'has no effect without paths: true: add that');
  if (bestEffort && limits === undefined && recordsFiles)
    refuse('bestEffort', 'has no effect: paths: true restricts nothing');
}

/** The call of a program whose files are not restricted, and which puts temporary ones into the directory. */
function inDirectory(call: ProgramCall<CheckedOptions>, { variables }: PrivateDirectory): ProgramCall<CheckedOptions> {
  const env = own({ ...(call.options.env ?? process.env), ...variables });
  return { ...call, options: own({ ...call.options, paths: undefined, env }) };
}

const directoryOf = ({ cwd }: CheckedOptions): string => (cwd ? resolvePath(String(cwd)) : process.cwd());
