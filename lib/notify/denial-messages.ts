/** Denied calls in the messages of errors: one line each. */
import type { Violation } from './violation.js';
import type { Violations } from './violation-log.js';

/** How many kinds of denied calls a message lists; `violations` has them all. */
const LISTED = 3;
/** Characters of a line; paths in it have up to 256 each. */
const LONGEST_LINE = 400;

/** A call as it is written in C: `socket(AF_INET, SOCK_RAW, 0)`; with its ABI if that is one of 32-bit programs. */
export function callInWords({ syscall, decoded, abi }: Pick<Violation, 'syscall' | 'decoded' | 'abi'>): string {
  const name = abi === 'x86' || abi === 'x32' || abi === 'arm' ? `${syscall} [${abi}]` : syscall;
  return `${name}(${decoded.join(', ')})`;
}

/** A line for each of the first kinds of denied calls, and one for the rest. Those that programs expect are left out. */
export function denialLines({ violations, unlistedViolations }: Violations): readonly string[] {
  const denials = violations.filter(({ fallback }) => !fallback);
  const more = denials.length - LISTED;
  return [
    ...denials.slice(0, LISTED).map(denialLine),
    ...(more > 0 ? [`and ${more} more ${more === 1 ? 'kind' : 'kinds'} of denied calls: see violations`] : []),
    ...(unlistedViolations > 0
      ? [`and ${unlistedViolations} denied calls of kinds that violations does not list`]
      : []),
  ];
}

function denialLine(violation: Violation): string {
  const { profile, rule, why, count } = violation;
  const by = profile === null || rule === null ? `: ${why}` : ` by ${profile}, ${rule.path}`;
  const line = `denied: ${callInWords(violation)}${count === 1 ? '' : ` (${count} times)`}${by}`;
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}

/** How a shell exits if it can't execute a program, or does not find it. */
const NOT_EXECUTED: readonly (number | null)[] = [126, 127];
/** How a shell exits if SIGSYS ended its last program. */
const ENDED_BY_SIGSYS = 128 + 31;

/** Whether a program ended as the kernel ends it for a call that is killed or trapped. */
export function endedBySigsys(exitCode: number | null, signal: NodeJS.Signals | null): boolean {
  return signal === 'SIGSYS' || exitCode === ENDED_BY_SIGSYS;
}

/** What a program that SIGSYS ended did, as far as it is known, and how to learn the rest: `way` names denied calls. */
export function sigsysText(way: string): string {
  const actions = 'SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD or SCMP_ACT_TRAP';
  return `SIGSYS ends a program that makes a call whose action is ${actions}; the kernel does not say which call: to learn it, run the program with SCMP_ACT_ERRNO in place of these and with ${way}`;
}

/** How to learn of denied calls that a message does not name, if the end looks like one. Empty if not. */
export function hintAt(exitCode: number | null, signal: NodeJS.Signals | null, isWatched: boolean): string {
  if (endedBySigsys(exitCode, signal)) return `hint: ${sigsysText('onViolation: true')}`;
  if (!isWatched && NOT_EXECUTED.includes(exitCode))
    return 'hint: a profile that denies execve, also of the interpreter of a script, leads to exit codes 126 and 127; with onViolation: true the error names denied calls';
  return '';
}
