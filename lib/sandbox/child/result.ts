/** What became of a program: the result of run(), and the error that has the same properties. */

import type { Enforcement } from '../../landlock/enforcement.js';
import { denialLines } from '../../notify/denial-messages.js';
import type { Violation } from '../../notify/violation.js';
import { defineHidden, fromCaller, withoutFrames } from '../../util/caller.js';

/** What became of a program: `run` resolves to it, and rejects with an error that has all of it. */
export interface RunResult<Output = string> {
  /** The command and its arguments with spaces between them: to be read, not to be run. */
  readonly command: string;
  /** Empty if it is no pipe. */
  readonly stdout: Output;
  readonly stderr: Output;
  /** Null if a signal ended it, or it was not started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was ended because it took longer than `timeout`. */
  readonly timedOut: boolean;
  /** What was enforced on it, and what was not. */
  readonly enforcement: Enforcement;
  /** The calls that its profile did not let through, one of each kind; none unless onViolation is given. */
  readonly violations: readonly Violation[];
  /** How many calls were denied beyond the kinds that `violations` lists. */
  readonly unlistedViolations: number;
}

/**
 * The program was not started, was ended by us, or did not end with exit code 0. `message` has the last lines of its stderr,
 * and after them the first of the calls that were denied. `command`, `stdout`, `stderr`, `timedOut`, `enforcement`, `violations` and
 * `unlistedViolations` are not enumerable: printing the error does not print them.
 */
export class RunError<Output = string> extends Error implements RunResult<Output> {
  declare readonly name: 'RunError';
  /**
   * Why it was not started (ENOENT, EACCES, …), or was ended: ETIMEDOUT, ABORT_ERR, ERR_CHILD_PROCESS_STDIO_MAXBUFFER.
   * Undefined if it ended by itself.
   */
  readonly code: string | undefined;
  declare readonly command: string;
  declare readonly stdout: Output;
  declare readonly stderr: Output;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  declare readonly timedOut: boolean;
  declare readonly enforcement: Enforcement;
  declare readonly violations: readonly Violation[];
  declare readonly unlistedViolations: number;

  /** `hint`: the last line of the message. */
  constructor(reason: string, code: string | undefined, result: RunResult<Output>, options?: ErrorOptions, hint = '') {
    const first = `${firstLine(result.command)}: ${reason}`;
    const lines = [first, lastLines(String(result.stderr)), ...denialLines(result), hint];
    super(lines.filter((line) => line !== '').join('\n'), options);
    const { command, stdout, stderr, timedOut, enforcement, violations, unlistedViolations } = result;
    const hidden = { command, stdout, stderr, timedOut, enforcement, violations, unlistedViolations };
    for (const [name, value] of Object.entries(hidden)) defineHidden(this, name, value);
    this.code = code;
    this.exitCode = result.exitCode;
    this.signal = result.signal;
    withoutFrames(options?.cause);
    fromCaller(this);
  }

  /** What JSON.stringify writes. */
  toJSON(): object {
    const { name, code, message, command, exitCode, signal, timedOut, stdout, stderr } = this;
    const { enforcement, violations, unlistedViolations } = this;
    const ended = { name, code, message, command, exitCode, signal, timedOut, stdout, stderr };
    return { ...ended, enforcement, violations, unlistedViolations };
  }
}

defineHidden(RunError.prototype, 'name', 'RunError');

/** How much of stderr a message has: lines, and characters of them. */
const STDERR_LINES = 3;
const STDERR_CHARACTERS = 1000;

/** How many characters of a command a message has. */
const COMMAND_CHARACTERS = 200;

/** The last lines of a program's stderr. */
function lastLines(stderr: string): string {
  const all = stderr.trimEnd();
  const end = all.slice(-STDERR_CHARACTERS).split('\n').slice(-STDERR_LINES).join('\n');
  const printable = end.replace(/[^\P{Cc}\n\t]/gu, ''); // What a child writes does not control the reader's terminal.
  return end === all ? printable : `… (the end of stderr; the property has all of it)\n${printable}`;
}

/** The first line of a command. */
function firstLine(command: string): string {
  const [line = ''] = command.slice(0, COMMAND_CHARACTERS).split('\n');
  return line === command ? line : `${line}…`;
}
