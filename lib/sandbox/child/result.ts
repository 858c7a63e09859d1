/** The result of run(), and the error that has the same properties. */

import type { Enforcement } from '../../landlock/enforcement.js';
import { denialLines } from '../../notify/violations/denial-messages.js';
import type { Violation } from '../../notify/violations/violation.js';
import type { LimitReason } from '../../process-tree/limit-reason.js';
import type { Usage } from '../../process-tree/usage.js';
import { defineHidden, fromCaller, runAs, withoutFrames } from '../../util/caller.js';
import { printableLine } from '../../util/foreign-text.js';
import { invalidType } from '../../util/option-errors.js';
import { define, own } from '../../util/own-data.js';

/** The result of a program: `run` resolves with it, and rejects with a `RunError` that has the same properties. */
export interface RunResult<Output = string> {
  /** The command and its arguments with spaces between them, for messages. Arguments are not quoted. */
  readonly command: string;
  /** The output of descriptor 1: a string, or with the encoding `buffer` a Buffer. Empty if `stdio` makes no pipe for it. */
  readonly stdout: Output;
  /** The output of descriptor 2, as `stdout`. */
  readonly stderr: Output;
  /** The exit code. Null if the program was ended by a signal, or was not started. */
  readonly exitCode: number | null;
  /** The signal that ended the program. Null if none did, if it has no name (a real-time signal), or if nothing was started. */
  readonly signal: NodeJS.Signals | null;
  /** Whether the program was ended because it ran longer than `timeout`. */
  readonly timedOut: boolean;
  /**
   * The limit that ended the program: `time` (`timeout`), `output` (`maxBuffer`), `file-size` (`rlimits`), `cpu` (either), `memory`
   * or `processes` (`limits`). Null if none did.
   */
  readonly limit: LimitReason | null;
  /** What the program has used. Null if it was not started. */
  readonly usage: Usage | null;
  /** What was enforced on the program, and what was not. */
  readonly enforcement: Enforcement;
  /**
   * The calls that the profile denied, one Violation for each kind of call. Empty unless `onViolation` is given and not
   * false.
   */
  readonly violations: readonly Violation[];
  /** Number of denied calls of further kinds, which `violations` has no room for. */
  readonly unlistedViolations: number;
  /**
   * Why calls may have been denied that `violations` does not list, one sentence each: files that could not be looked for, a
   * filter of the program's own. Empty if no reason is known, and if violations are not collected.
   */
  readonly unseenCalls: readonly string[];
}

/**
 * The error of `run` for a program that was not started, was ended by a timeout, an abort or too much output, or did
 * not end with exit code 0. `message` has the last lines of the program's stderr, each after `stderr: `, and then the first
 * calls that were denied. Only `code`, `exitCode` and `signal` are enumerable: printing the error does not print the output
 * twice.
 *
 * @example
 * import { RunError, run } from 'seccomp';
 *
 * try {
 *   await run('sh', ['-c', 'echo broken >&2; exit 3'], 'docker-default');
 * } catch (error) {
 *   if (!(error instanceof RunError)) throw error;
 *   console.log(error.exitCode, error.stderr); // 3 'broken\n'
 * }
 */
export class RunError<Output = string> extends Error implements RunResult<Output> {
  /** `AbortError`, as Node's, if `code` is ABORT_ERR; otherwise the name of the class. */
  declare readonly name: 'RunError' | 'AbortError';
  /**
   * Why the program was not started (ENOENT, EACCES, …) or was ended: ETIMEDOUT, ABORT_ERR,
   * ERR_CHILD_PROCESS_STDIO_MAXBUFFER. Absent if it ended by itself.
   */
  declare readonly code?: string;
  declare readonly command: string;
  declare readonly stdout: Output;
  declare readonly stderr: Output;
  declare readonly exitCode: number | null;
  declare readonly signal: NodeJS.Signals | null;
  declare readonly timedOut: boolean;
  declare readonly limit: LimitReason | null;
  declare readonly usage: Usage | null;
  declare readonly enforcement: Enforcement;
  declare readonly violations: readonly Violation[];
  declare readonly unlistedViolations: number;
  declare readonly unseenCalls: readonly string[];

  /**
   * Makes an error with the properties of a result.
   *
   * @param reason - Why the program has no good result. The message begins with the command and this reason.
   * @param code - The value of `code`; undefined for none.
   * @param result - The result.
   * @param options - `cause`, the error that led to this one.
   * @param hint - The last line of the message.
   * @throws {TypeError} if a parameter has the wrong type.
   */
  constructor(reason: string, code: string | undefined, result: RunResult<Output>, options?: ErrorOptions, hint = '') {
    runAs(new.target, () => checkParameters(reason, code, result, options));
    const { limit = null, usage = null, unseenCalls = [] } = own({ ...result });
    const first = `${firstLine(result.command)}: ${reason}`;
    const lines = [first, ...lastLines(String(result.stderr ?? '')), ...denialLines({ ...result, unseenCalls }), hint];
    super(lines.flatMap((line) => (line === '' ? [] : printableLine(line))).join('\n'), options);
    const others = { limit, usage, unseenCalls, ...(code === 'ABORT_ERR' && { name: 'AbortError' }) };
    for (const name of HIDDEN) defineHidden(this, name, result[name]);
    for (const [name, value] of Object.entries(others)) defineHidden(this, name, value);
    const { exitCode, signal } = result;
    define(this, { ...(code === undefined ? {} : { code }), exitCode, signal });
    withoutFrames(options?.cause);
    fromCaller(this);
  }

  /** Returns all properties, for JSON.stringify. */
  toJSON(): object {
    const { name, message, command, exitCode, signal, timedOut, stdout, stderr } = this;
    const { limit, usage, enforcement, violations, unlistedViolations, unseenCalls } = this;
    const code = Object.hasOwn(this, 'code') ? { code: this.code } : {};
    const ended = { name, ...code, message, command, exitCode, signal, timedOut, stdout, stderr };
    return { ...ended, limit, usage, enforcement, violations, unlistedViolations, unseenCalls };
  }
}

/** The properties of a result that every error has, but that are not enumerable. */
const HIDDEN = ['command', 'stdout', 'stderr', 'timedOut', 'enforcement', 'violations', 'unlistedViolations'] as const;

defineHidden(RunError.prototype, 'name', 'RunError');

/** Checks what the message is made of. */
function checkParameters(reason: unknown, code: unknown, result: Partial<RunResult<unknown>>, options: unknown): void {
  if (typeof reason !== 'string') throw invalidType('reason', 'of type string', reason);
  if (code !== undefined && typeof code !== 'string') throw invalidType('code', 'of type string', code);
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw invalidType('options', 'of type object', options);
  if (typeof result !== 'object' || result === null) throw invalidType('result', 'of type object', result);
  const { command, violations } = result;
  if (typeof command !== 'string') throw invalidType('result.command', 'of type string', command);
  if (!Array.isArray(violations)) throw invalidType('result.violations', 'an instance of Array', violations);
  const { unseenCalls = [] } = own({ ...result });
  if (!Array.isArray(unseenCalls)) throw invalidType('result.unseenCalls', 'an instance of Array', unseenCalls);
  for (const [i, violation] of violations.entries())
    if (!Array.isArray(violation?.decoded))
      throw invalidType(`result.violations[${i}]`, 'a violation of a result', violation);
}

/** How much of stderr a message quotes: lines, and characters in them. */
const STDERR_LINES = 3;
const STDERR_CHARACTERS = 1000;
/** How many characters it looks for them in. */
const READ_CHARACTERS = 20_000;

/** How many characters of a command a message quotes. */
const COMMAND_CHARACTERS = 200;

/** A line that continues the one before: indented, the end of an inspected object, or Node's version after a stack trace. */
const CONTINUATION = /^(\s.*|[\])}]+,?|Node\.js v\d\S*)?$/;

/**
 * Returns the last lines of a program's stderr, marked as such: a program can write what looks like our messages. What
 * continues the last of them, such as the frames of a stack trace, is left out: it does not say what has failed.
 */
function lastLines(stderr: string): readonly string[] {
  const all = stderr.trimEnd();
  if (all === '') return [];
  const end = all.slice(-READ_CHARACTERS).split('\n');
  const last = end.findLastIndex((line) => !CONTINUATION.test(line));
  const said = last < 0 ? end : end.slice(0, last + 1);
  const shown = said.join('\n').slice(-STDERR_CHARACTERS).split('\n').slice(-STDERR_LINES);
  const first = last < 0 ? 0 : shown.findIndex((line) => !CONTINUATION.test(line));
  const lines = shown.slice(first);
  const isWhole = lines.join('\n') === all;
  return [
    ...(isWhole ? [] : ['… (a part of stderr; the property has all of it)']),
    ...lines.map((line) => `stderr: ${line.replace(/\r$/, '')}`),
  ];
}

/** Returns the first line of a command. */
function firstLine(command: string): string {
  const [line = ''] = command.slice(0, COMMAND_CHARACTERS).split('\n');
  return line === command ? line : `${line}…`;
}
