/** Records a run: the least profile that it needs. */

import { decode } from '../decode/decode.js';
import { type RecordedCall, recordedCall } from '../decode/observed-call.js';
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import type { Profile } from '../profile/profile.js';
import { loadProfile, type ProfileSource } from '../profile/source.js';
import { checkCommand, readOptions, SPAWN_OPTIONS, type SpawnOptions } from '../sandbox/options/options.js';
import { caveats } from './caveats.js';
import { observe } from './observe.js';
import { extendProfile, synthesize } from './synthesize.js';

/** Options of record: those of spawn, and how the profile is made. */
export interface RecordOptions extends Omit<SpawnOptions, 'onViolation' | 'notify' | 'notifyTimeout' | 'log' | 'abis'> {
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
 * have run the same way. Pipes, which `stdio` has by default, are at their end for the program that reads them, and what it
 * writes is dropped. After a timeout or an abort the recording is what was seen by then, even if children still run.
 * @throws SeccompError ERR_SECCOMP_OPTION, ERR_SECCOMP_ATTACH; ProfileError for a wrong `merge`; rejects as spawn's event
 * `error` where the program can't be started.
 */
export async function record(
  command: string,
  args: readonly string[] = [],
  options: RecordOptions = {},
): Promise<Recording> {
  const given = readOptions<RecordOptions>(options, [...TAKEN, ...NOT_TAKEN.keys()]);
  refuseUntaken(given);
  const { compareArguments, containerStart, merge } = given;
  for (const [name, value] of Object.entries({ compareArguments, containerStart })) {
    if (value === undefined || typeof value === 'boolean') continue;
    throw new SeccompError('ERR_SECCOMP_OPTION', `options.${name}: must be true or false`);
  }
  const program = checkCommand(command, args);
  const before = merge === undefined ? null : loadProfile(merge);
  if (merge !== undefined && before === null)
    throw new SeccompError('ERR_SECCOMP_OPTION', 'options.merge: unconfined allows all calls already: leave it out');
  const { calls, others, exitCode, signal } = await observe(program.command, program.args, given);
  const host = thisHost(given.capabilities);
  const made = {
    ...(compareArguments !== undefined && { compareArguments }),
    ...(containerStart !== undefined && { containerStart }),
  };
  const profile = before === null ? synthesize(calls, host, made) : extendProfile(before, calls, host, made);
  const kinds = calls.map((call) => ({
    ...recordedCall(call, call),
    decoded: decode(call),
    count: call.count,
  }));
  return { profile, calls: kinds, notes: caveats(calls, others), exitCode, signal };
}

const OWN_OPTIONS = ['compareArguments', 'containerStart', 'merge'] as const;

/** Options of spawn that have no meaning where nothing is filtered, with what to do instead. */
const NOT_TAKEN: ReadonlyMap<string, string> = new Map([
  ['onViolation', 'nothing is denied while a program is recorded: give it to spawn'],
  ['notify', 'every call is carried out while a program is recorded: give handlers to spawn'],
  ['notifyTimeout', 'it goes with notify, which spawn takes'],
  ['log', 'the kernel logs what a filter denies, and nothing is denied: the recording has all calls'],
  ['abis', 'the calls of all ABIs of this machine are recorded: leave it out'],
]);

const TAKEN: readonly string[] = [...SPAWN_OPTIONS.filter((name) => !NOT_TAKEN.has(name)), ...OWN_OPTIONS];

function refuseUntaken(options: object): void {
  for (const [name, why] of NOT_TAKEN) {
    if (Object.hasOwn(options, name) && Reflect.get(options, name) !== undefined)
      throw new SeccompError('ERR_SECCOMP_OPTION', `options.${name}: ${why}`);
  }
}
