/** Caveats of a recording: calls that no profile can allow, and calls that the recording may lack. */
import type { ObservedCall } from '../decode/observed-call.js';
import { PATH_CALLS } from '../landlock/denials/path-calls.js';
import { grantText } from '../landlock/programs/missing-grants.js';
import type { UnseenFiles } from '../notify/listener.js';
import { hiddenBy, unseenFilesText } from '../notify/violations/unseen-calls.js';
import { denialOf } from '../policy/confinement-denials.js';
import { denialsFor } from '../policy/denials.js';
import type { SandboxedProcess } from '../sandbox/child/process/child-process.js';
import { endedProgram, grantLackedBy } from '../sandbox/path-hints.js';
import { constantOn } from '../syscalls/constants.js';
import { syscallNumber } from '../syscalls/table.js';
import { has, own } from '../util/own-data.js';

/**
 * Returns one sentence for each caveat.
 *
 * @param others - The number of calls beyond the kinds that a listener keeps apart.
 * @param hasTerminal - Whether the program was given a terminal.
 */
export function caveats(calls: readonly ObservedCall[], others: number, hasTerminal: boolean): readonly string[] {
  const hidden = new Set(calls.map(hiddenBy));
  const nameless = calls.filter(({ abi, syscall }) => syscallNumber(abi, syscall) === undefined);
  return [
    ...(others > 0
      ? [`${others} calls are of further kinds that were not recorded separately: the profile may lack some of them`]
      : []),
    ...new Set(
      nameless.map(({ abi, syscall }) => `${syscall} of ${abi} has no known name, so no profile can allow it`),
    ),
    ...(hidden.has('io_uring') ? [IO_URING_CAVEAT] : []),
    ...(hidden.has('filter') ? [OWN_FILTER_CAVEAT] : []),
    ...new Set(calls.flatMap((call) => isolationCaveat(call, hasTerminal))),
  ];
}

/** The caveats for a program that was recorded under `paths`. */
export function pathCaveats(child: SandboxedProcess): readonly string[] {
  const { paths } = own({ ...child.enforcement });
  if (paths === undefined || !has(paths, 'by')) return [];
  const missing = grantLackedBy(endedProgram(child));
  return [...(missing === undefined ? [] : [grantText(missing)]), PATHS_CAVEAT];
}

/**
 * The caveats of recorded files.
 *
 * @param unseen - The number of calls whose files are not among the recorded ones.
 * @param isSeen - Whether any file was seen.
 */
export function fileCaveats(calls: readonly ObservedCall[], unseen: UnseenFiles, isSeen: boolean): readonly string[] {
  const unread = isSeen ? [] : calls.filter(({ syscall }) => PATH_CALLS.has(syscall));
  const usesUnixSockets = calls.some(
    ({ abi, syscall, args: [family = 0n] }) =>
      syscall === 'socket' && BigInt(constantOn(abi, 'AF_UNIX') ?? -1) === BigInt.asUintN(32, family),
  );
  return [
    ...unseenFilesText(unseen).map((reason) => `paths may lack files: ${reason}`),
    ...(unread.length > 0 ? [unreadCaveat(unread.map(({ syscall }) => syscall))] : []),
    ...(usesUnixSockets ? [UNIX_SOCKETS_CAVEAT] : []),
    ...(calls.some(({ syscall }) => syscall === 'io_uring_enter') ? [RING_FILES_CAVEAT] : []),
  ];
}

const unreadCaveat = (syscalls: readonly string[]) =>
  `paths lacks the files of the program: none of those that it named (by ${[...new Set(syscalls)].join(', ')}) could be read; ` +
  'record it where this process may read the memory of the programs that it starts, and /proc';

const UNIX_SOCKETS_CAVEAT =
  'the program made a Unix socket, whose connections are not recorded: with paths, Linux before 7.1 denies all Unix ' +
  'sockets, and a newer one needs write for the paths to which the program connects';

const RING_FILES_CAVEAT = 'paths lacks the files that the program opened by io_uring';

const PATHS_CAVEAT =
  'the program was recorded with paths: the recording lacks calls that paths denied, and what the program does where ' +
  'they are not denied; run the program with the same paths under this profile';

const IO_URING_CAVEAT =
  'the program used io_uring, whose requests are not syscalls: the recording lacks them, and seccomp filters do not ' +
  'see them; without io_uring (sysctl kernel.io_uring_disabled, or a profile that denies it) programs make syscalls';

const OWN_FILTER_CAVEAT =
  'the program attached its own seccomp filter: the recording lacks calls that this filter denied';

/** The caveat for a call that isolation denies under any profile. */
function isolationCaveat({ abi, syscall, args }: ObservedCall, hasTerminal: boolean): readonly string[] {
  const denial = denialOf(abi, syscall, args, { ...denialsFor(true), withoutTerminal: !hasTerminal });
  if (denial === undefined) return [];
  const unless = denial.why.includes(': ') ? 'otherwise, ' : ''; // A remedy is after the colon.
  return [`${denial.why}; ${unless}under the profile, the program needs isolate: false`];
}
