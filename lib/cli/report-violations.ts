/** `seccomp run --explain`: runs a program as a child, and reports the calls that the profile denies. */
import { constants } from 'node:os';
import type { ProfileSource, ProgramOptions, Violation } from '../index.js';
import { spawn } from '../index.js';
import { callInWords, endedBySigsys, sigsysText } from '../notify/denial-messages.js';
import { exitAsProgram } from './exit-status.js';
import { actionInWords } from './output/action-text.js';
import { printMessage } from './output/print.js';

/** Signals that a terminal sends to the program itself, as to every process in the foreground. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
/** Signals that this process passes on to the program, for which they are meant. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', ...FROM_TERMINAL];

/** Runs a program. Resolves when it has ended, and rejects if it can't be started. Exits as the program does. */
export async function runBeside(
  command: string,
  args: readonly string[],
  profile: ProfileSource,
  options: ProgramOptions,
): Promise<void> {
  // Before the start: a signal in between would end this process, and leave the program running.
  const stop = passSignals((signal) => child.kill(signal));
  const child = spawn(command, args, profile, { ...options, stdio: 'inherit', onViolation: report });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...end) => resolve(end));
  }).finally(stop);
  const isKilled = endedBySigsys(code, signal);
  summarize(child.violations, child.unlistedViolations, isKilled);
  if (isKilled) printMessage(sigsysText('--explain'));
  exitAsProgram(code, signal);
  // If this process survives the signal, it exits with a shell's status for it.
  if (signal !== null) process.kill(process.pid, signal);
}

function passSignals(passOn: (signal: NodeJS.Signals) => void): () => void {
  const handlers = PASSED_ON.map((signal) => {
    const handler = () => {
      if (!(process.stdin.isTTY && FROM_TERMINAL.includes(signal))) passOn(signal);
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** Reports the first call of a kind. */
function report(violation: Violation): void {
  const { executable, pid, instruction, rule, why } = violation;
  const program = `${executable ?? 'process'} [${pid ?? 'unknown'}]`;
  const caller = instruction === null ? program : `${program}, at ${instruction}`;
  const place = rule?.line === undefined ? '' : ` (line ${rule.line})`;
  printMessage([outcomeText(violation), `by ${caller}`, `${why}${place}`, ...hints(violation)].join('\n  '));
}

/** Notes on a denial that programs expect, which is usually harmless. */
function hints({ action, fallback }: Violation): readonly string[] {
  if (fallback) return ['a fallback: programs expect this error, and use an older call'];
  if (action.kind !== 'errno' || action.errno !== constants.errno.ENOSYS) return [];
  return ['as on a kernel without this call: most programs then use an older one'];
}

/** Reports all kinds of denied calls after the end of the program. */
function summarize(violations: readonly Violation[], unlisted: number, isKilled: boolean): void {
  const denials = violations.filter(({ fallback }) => !fallback);
  const fallbacks = violations.filter(({ fallback }) => fallback);
  if (denials.length === 0 && !isKilled) printMessage('no call was denied');
  if (denials.length > 0) {
    const lines = denials.map((violation) => `${countText(violation)}\n        to allow: ${remedyText(violation)}`);
    printMessage(`${kinds(denials.length)} of calls denied\n${lines.join('\n')}`);
  }
  if (unlisted > 0) printMessage(`${unlisted} more calls were denied, of kinds beyond those that are listed`);
  if (fallbacks.length === 0) return;
  const lines = fallbacks.map(countText);
  printMessage(`${kinds(fallbacks.length)} of calls that programs replace by older ones\n${lines.join('\n')}`);
}

function kinds(count: number): string {
  return count === 1 ? 'one kind' : `${count} kinds`;
}

function countText(violation: Violation): string {
  return `${`${violation.count}×`.padStart(7)} ${outcomeText(violation)}`;
}

/** `socket(AF_NETLINK, SOCK_RAW, 0): EPERM` */
function outcomeText(violation: Violation): string {
  return `${callInWords(violation)}: ${actionInWords(violation.action)}`;
}

/** What to do to allow a kind of calls. A rule that is added has no effect where another rule denies the call. */
function remedyText({ remedy, rule, deniedBy }: Violation): string {
  if (deniedBy === 'isolation') return 'run with --no-isolate';
  if (remedy === undefined) return 'no rule allows just these calls';
  const text = JSON.stringify(remedy);
  if (rule === undefined) return text;
  return `change ${rule.path}, which denies it; if the default action denies too, add ${text}`;
}
