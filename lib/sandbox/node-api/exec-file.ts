/**
 * The output of a child as execFile and execFileSync report it: to a callback or as a return value, with Node's errors.
 */

import { denialLines } from '../../notify/violations/denial-messages.js';
import type { Violations } from '../../notify/violations/violation-log.js';
import { limitText } from '../../process-tree/limit-reason.js';
import { at, callSite, defineHidden, fromCaller } from '../../util/caller.js';
import { printableLine } from '../../util/foreign-text.js';
import { define, own } from '../../util/own-data.js';
import { systemErrorName } from '../../util/system-error.js';
import { OutputBuffer, type OutputLimits, overflowError } from '../child/output.js';
import type { SandboxedProcess } from '../child/process/child-process.js';
import { type EndedProgram, endedProgram, endHint } from '../path-hints.js';
import type { SyncOutcome, SyncResult } from '../spawn-sync.js';
import type { Callback } from './overloads.js';

/**
 * Gathers the output of a child, and calls `callback` once with it: when the child's pipes are closed, or when it could
 * not be started.
 *
 * @param command - The program and its arguments, for the error's message.
 */
export function reportOutput(
  child: SandboxedProcess,
  command: readonly string[],
  limits: OutputLimits,
  callback: Callback | undefined,
): void {
  const buffer = new OutputBuffer(child, limits);
  const site = callSite();
  let isReported = false;
  const report = (failure: Error | null) => {
    if (isReported) return;
    isReported = true;
    buffer.finish();
    const error = failure ?? (buffer.overflow === undefined ? null : overflowError(buffer.overflow));
    const placed = error === null ? null : define(at(site, error), { cmd: command.join(' ') });
    if (placed !== null) defineHidden(placed, 'limit', child.limit);
    callback?.(placed, buffer.output('stdout'), buffer.output('stderr'));
  };
  child.on('close', (code: number | null, signal: NodeJS.Signals | null) => {
    if (buffer.overflow !== undefined || (code === 0 && signal === null)) return report(null);
    const stderr = String(buffer.output('stderr'));
    const message = withReasons(`${command.join(' ')}\n${stderr}`, endedProgram(child), child, child.isWatched);
    report(commandFailed(message, { ...codeAndKilled(code, child, buffer), signal }));
  });
  child.on('error', (error) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    report(error);
  });
}

/** Two properties of Node's error. A negative exit code is the errno of a program that could not be started. */
function codeAndKilled(code: number | null, child: SandboxedProcess, buffer: OutputBuffer) {
  return {
    code: code !== null && code < 0 ? systemErrorName(code) : code,
    killed: child.killed || buffer.stopped,
  };
}

/**
 * Returns the output of a child that has ended: the return value of execFileSync and execSync.
 *
 * @param command - The command as the error's message shows it.
 * @param passesOnStderr - Whether to write the child's stderr to this process's, as Node does if `stdio` is not set.
 * @throws The error with which the child was not started or was ended, or an error for a status that is not 0.
 */
export function outputOrThrow(outcome: SyncOutcome, command: string, passesOnStderr: boolean): string | Buffer | null {
  const { result, isWatched, program } = outcome;
  if (passesOnStderr && result.stderr !== null) process.stderr.write(result.stderr);
  const { error } = own(result);
  if (error !== undefined) throw withResult(error, result);
  if (result.status === 0) return result.stdout;
  const stderr = result.stderr !== null && result.stderr.length > 0 ? `\n${result.stderr}` : '';
  const { enforcement, status: exitCode, signal: signalCode } = result;
  const ended = { program, enforcement, exitCode, signalCode };
  throw withResult(commandFailed(withReasons(`${command}${stderr}`, ended, result, isWatched)), result);
}

/** Gives an error the properties of a result: Node's are enumerable, and this package's are not. */
function withResult(error: Error, result: SyncResult): Error {
  return hideViolations(define(error, result));
}

/** Makes the properties that Node's results do not have not enumerable, so that a result prints and compares as Node's. */
export function hideViolations<Result extends object>(result: Result): Result {
  for (const name of ['limit', 'usage', 'violations', 'unlistedViolations', 'unseenCalls'])
    Object.defineProperty(result, name, own({ enumerable: false }));
  return result;
}

/** Appends to the message of Node's error why a program may have failed: its limit, denied calls, a hint. */
function withReasons(
  text: string,
  ended: EndedProgram,
  result: Violations & Pick<SyncResult, 'limit'>,
  isWatched: boolean,
): string {
  const all = [
    limitText(result.limit, ended.signalCode, own({ ...ended.enforcement }).limits),
    ...(isWatched ? denialLines(result) : []),
    endHint(ended, isWatched, true),
  ];
  const lines = all.filter((line) => line !== '').map(printableLine);
  return lines.length === 0 ? text : [text.trimEnd(), ...lines].join('\n');
}

function commandFailed(message: string, properties: object = {}): Error {
  return fromCaller(define(new Error(`Command failed: ${message}`), properties));
}
