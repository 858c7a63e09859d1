/** `seccomp run --explain`: runs a program as a child, and reports the calls that the profile denies. */
import { constants } from 'node:os';
import type { ProfileSource, ProgramOptions, Violation } from '../index.js';
import { callInWords, endedBySigsys, sigsysText } from '../notify/denial-messages.js';
import { actionInWords } from './output/action-text.js';
import { printMessage } from './output/print.js';
import { messageWidth, wrap, wrapJson } from './output/wrap.js';
import { runAsChild } from './run-as-child.js';

/** Precedes a remedy in the summary. */
const REMEDY = '        to allow: ';

/** Runs a program, and rejects if it can't be started. Exits as the program does. */
export async function runBeside(
  command: string,
  args: readonly string[],
  profile: ProfileSource,
  options: ProgramOptions,
): Promise<void> {
  await runAsChild(command, args, profile, { ...options, onViolation: report }, (child) => {
    const isKilled = endedBySigsys(child.exitCode, child.signalCode);
    summarize(child.violations, child.unlistedViolations, isKilled);
    if (isKilled) printMessage(sigsysText('--explain'));
  });
}

/** Reports the first call of a kind. */
function report(violation: Violation): void {
  const { executable, pid, instruction, rule, why } = violation;
  const program = `${executable ?? 'process'} [${pid ?? 'unknown'}]`;
  const caller = instruction === null ? program : `${program}, at ${instruction}`;
  const place = rule?.line === undefined ? '' : ` (line ${rule.line})`;
  const reason = wrap(`${why}${place}`, 2, messageWidth());
  printMessage([outcomeText(violation), `by ${caller}`, reason, ...hints(violation)].join('\n  '));
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
    const lines = denials.map((violation) => `${countText(violation)}\n${REMEDY}${remedyText(violation)}`);
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
  if (rule === undefined) return wrapJson(JSON.stringify(remedy), REMEDY.length, messageWidth());
  return `change ${rule.path}, which denies it; if the default action denies too, add ${JSON.stringify(remedy)}`;
}
