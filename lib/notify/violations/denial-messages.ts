/** Describes denied calls in the messages of errors, one line for each kind. */
import { shownName } from '../../util/foreign-text.js';
import { denialsIn } from './fallback.js';
import type { Violation } from './violation.js';
import type { Violations } from './violation-log.js';

/** The most kinds that a message lists. The property `violations` has all of them. */
const LISTED = 3;
/** The most characters of a line. Each path in it has up to 256. */
const LONGEST_LINE = 400;

/**
 * A call as it is written in C: `socket(AF_INET, SOCK_RAW, 0)`. A call of a 32-bit ABI is marked: `socket [x86](…)`.
 */
export function callInWords({ syscall, decoded, abi }: Pick<Violation, 'syscall' | 'decoded' | 'abi'>): string {
  const name = abi === 'x86' || abi === 'x32' || abi === 'arm' ? `${syscall} [${abi}]` : syscall;
  return `${name}(${decoded.join(', ')})`;
}

/** Lines for the first kinds of denied calls, one for the rest, and one for each reason why there may be more. */
export function denialLines({ violations, unlistedViolations, unseenCalls }: Violations): readonly string[] {
  const denials = denialsIn(violations);
  const more = denials.length - LISTED;
  return [
    ...denials.slice(0, LISTED).map(denialLine),
    ...(more > 0 ? [`and ${more} more ${kinds(more)} of denied calls: see violations`] : []),
    ...(unlistedViolations > 0
      ? [`and ${unlistedViolations} denied calls of kinds that violations does not list`]
      : []),
    ...unseenCalls.map((reason) => `denied calls may be missing: ${reason}`),
  ];
}

const kinds = (count: number) => (count === 1 ? 'kind' : 'kinds');

function denialLine(violation: Violation): string {
  const { profile, rule, why, count } = violation;
  const by = profile === undefined || rule === undefined ? `: ${why}` : ` by ${shownName(profile)}, ${rule.path}`;
  const line = `denied: ${callInWords(violation)}${count === 1 ? '' : ` (${count} times)`}${by}`;
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

/** A shell's exit codes if it can't execute a program, or does not find it. */
const NOT_EXECUTED: readonly (number | null)[] = [126, 127];
/** How programs end whose C library or language runtime cannot start: a call that they need was denied. */
const FAILED_STARTS: readonly (NodeJS.Signals | null)[] = ['SIGABRT', 'SIGSEGV', 'SIGTRAP'];
/** A shell's exit code if SIGSYS ended its last program. */
const ENDED_BY_SIGSYS = 128 + 31;

/**
 * Whether SIGSYS ended a program, or the last program of a shell: the kernel sends it for the actions that kill or
 * trap.
 */
export function endedBySigsys(exitCode: number | null, signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGSYS' || exitCode === ENDED_BY_SIGSYS;
}

/**
 * Explains an end by SIGSYS, and how to learn which call led to it. `way` is the option of the function, or of the
 * command, that reports denied calls.
 */
export function sigsysText(way: string): string {
  const actions = 'SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD or SCMP_ACT_TRAP';
  const problem = `SIGSYS ends a program that makes a call whose action is ${actions}`;
  const remedy = `run the program with SCMP_ACT_ERRNO in place of these actions, and with ${way}`;
  return `${problem}; the kernel does not report which call it was. To find out, ${remedy}`;
}

/**
 * A hint for a program's end that a denied call or a missing grant of `paths` may have caused, if the message names no
 * denied call. Empty for other ends.
 *
 * @param grant - The grant of `paths` that the program probably lacked, as text; empty if none is known.
 */
export function hintAt(exitCode: number | null, signal: NodeJS.Signals | null, isWatched: boolean, grant = ''): string {
  if (endedBySigsys(exitCode, signal)) return `hint: ${sigsysText('onViolation: true')}`;
  if (grant !== '') return `hint: ${grant}`;
  if (isWatched) return '';
  const remedy = 'with onViolation: true, the error lists denied calls';
  if (FAILED_STARTS.includes(signal))
    return `hint: ${signal} can mean that the profile denies a call that the program needs to start; ${remedy}`;
  if (!NOT_EXECUTED.includes(exitCode)) return '';
  const denied = 'execve, of the program or of its interpreter, or a call that loads its libraries';
  return `hint: exit codes 126 and 127 can mean that the profile denies ${denied}; ${remedy}`;
}
