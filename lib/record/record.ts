/** record(): runs a program unfiltered, and makes the profile with the fewest calls under which it could have run. */
import { decode } from '../decode/decode.js';
import { type RecordedCall, recordedCall } from '../decode/observed-call.js';
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import type { Profile } from '../profile/profile.js';
import { loadSource, type ProfileSource } from '../profile/source.js';
import { normalizeArguments } from '../sandbox/arguments.js';
import { start } from '../sandbox/child/start.js';
import { openStdio } from '../sandbox/child/stdio.js';
import type { SpawnOptions } from '../sandbox/options/types.js';
import { planObservation } from '../sandbox/plan/plan-filters.js';
import { caveats, pathCaveats } from './caveats.js';
import { observe } from './observe.js';
import { extendProfile, synthesize } from './synthesize.js';

/** Options of `record`: those of `spawn`, and those about the profile that is made. */
export interface RecordOptions
  extends Omit<SpawnOptions, 'onViolation' | 'notify' | 'notifyTimeout' | 'logDenied' | 'abis'> {
  /**
   * Whether the profile compares the arguments that tell calls apart, such as the family of `socket`. Default false.
   */
  readonly compareArguments?: boolean;
  /** Whether the profile allows the calls by which container runtimes start a program. Default true. */
  readonly containerStart?: boolean;
  /** A profile, to which the calls that the program needs and the profile does not allow are added. Default: a new one. */
  readonly merge?: ProfileSource;
}

/** Calls of one kind: the first of them, which is plain data, and their number. */
export interface RecordedKind extends RecordedCall {
  /** The arguments as a person reads them: paths, flags by name, addresses. */
  readonly decoded: readonly string[];
  /** How many calls of this kind there were. */
  readonly count: number;
}

/** The result of a recorded run. */
export interface Recording {
  /** The profile that was made. */
  readonly profile: Profile;
  /** Each kind of call, in the order of the first one. */
  readonly calls: readonly RecordedKind[];
  /** The limits of this recording, one sentence each: calls that it may lack, or that no profile can allow. */
  readonly notes: readonly string[];
  /** The exit code of the program; null if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended the program; null if none did. */
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
 * The system's error if the program can't be started.
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
  const call = normalizeArguments<RecordOptions>('record', { command, args, profile: undefined, options });
  const { compareArguments, containerStart, merge, capabilities } = call.options;
  const before = merge === undefined ? undefined : loadSource(merge, undefined, 'options.merge');
  if (before?.isUnconfined)
    throw new SeccompError('ERR_SECCOMP_OPTION', 'options.merge: unconfined allows all calls already: leave it out');
  const plan = planObservation(call.options);
  const stdio = openStdio(call.options.stdio, 'record');
  const child = start(call, plan, stdio);
  const { calls, others, exitCode, signal } = await observe(child, call.options);

  const host = thisHost(capabilities);
  const made = {
    ...(compareArguments !== undefined && { compareArguments }),
    ...(containerStart !== undefined && { containerStart }),
  };
  const profile = before === undefined ? synthesize(calls, host, made) : extendProfile(before, calls, host, made);
  const kinds = calls.map((each) => ({ ...recordedCall(each, each), decoded: decode(each), count: each.count }));
  return { profile, calls: kinds, notes: [...caveats(calls, others), ...pathCaveats(child)], exitCode, signal };
}
