/** Records a run: the least profile that it needs. */
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { loadProfile, type ProfileSource } from '../profile/load.js';
import type { Profile } from '../profile/profile.js';
import { suggest } from '../profile/suggest.js';
import { decode } from '../supervisor/decode.js';
import { type RecordedCall, recordedCall } from '../supervisor/kind.js';
import { notesOn } from '../supervisor/notes.js';
import { extendProfile, synthesise } from '../supervisor/synthesis.js';
import { observe } from './observe.js';
import { checkCommand, SPAWN_OPTIONS, type SpawnOptions } from './options.js';

/** Options of record: those of spawn, and how the profile is made. */
export interface RecordOptions extends SpawnOptions {
  /** Whether the profile compares arguments that tell calls apart, such as the family of `socket`. Default false. */
  readonly compareArguments?: boolean;
  /** Whether the profile lets container runtimes start the program. Default true. */
  readonly containerStart?: boolean;
  /** A profile to which is added what the run needs and it does not allow. */
  readonly merge?: ProfileSource;
}

/** Calls that are alike: the first of them, which is plain data, and how many there were. */
export interface RecordedKind extends RecordedCall {
  /** The arguments as a person reads them: paths, flags by name, addresses. */
  readonly decoded: readonly string[];
  readonly count: number;
}

/** What a run showed. */
export interface Recording {
  readonly profile: Profile;
  /** Each kind of call: its first, how many there were, and who made it. */
  readonly calls: readonly RecordedKind[];
  /** What the recording can't show. */
  readonly notes: readonly string[];
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program with all its threads and children to their end, unfiltered, and makes the least profile under which it could
 * have run the same way.
 * @throws SeccompError ERR_SECCOMP_OPTION, ERR_SECCOMP_ATTACH; ProfileError for a wrong `merge`; rejects as spawn's event
 * `error` where the program can't be started.
 */
export async function record(
  command: string,
  args: readonly string[] = [],
  options: RecordOptions = {},
): Promise<Recording> {
  const { compareArguments, containerStart, merge, ...spawnOptions } = options;
  for (const key of Object.keys(options)) {
    if (KNOWN.includes(key)) continue;
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${key}: unknown option${suggest(key, KNOWN)}`);
  }
  for (const [name, value] of Object.entries({ compareArguments, containerStart })) {
    if (value === undefined || typeof value === 'boolean') continue;
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${name}: must be true or false`);
  }
  checkCommand(command, args);
  const before = merge === undefined ? null : loadProfile(merge);
  const { calls, others, exitCode, signal } = await observe(command, args, spawnOptions);
  const host = thisHost(options.capabilities);
  const made = {
    ...(compareArguments !== undefined && { compareArguments }),
    ...(containerStart !== undefined && { containerStart }),
  };
  const profile = before === null ? synthesise(calls, host, made) : extendProfile(before, calls, host, made);
  const kinds = calls.map((call) => ({
    ...recordedCall(call, call),
    decoded: decode(call),
    count: call.count,
  }));
  return { profile, calls: kinds, notes: notesOn(calls, others), exitCode, signal };
}

const KNOWN: readonly string[] = [...SPAWN_OPTIONS, 'compareArguments', 'containerStart', 'merge'];
