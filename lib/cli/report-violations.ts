/** `seccomp run --explain`: stays beside the program, tells what it is denied, and ends as it ends. */
import { constants } from 'node:os';
import type { ProfileSource, ProgramOptions, Violation } from '../index.js';
import { spawn } from '../index.js';
import { callInWords, endedBySigsys, sigsysText } from '../notify/denial-messages.js';
import { errnoName } from '../syscalls/errno.js';
import { exitAsProgram } from './exit-status.js';
import { tell } from './output/print.js';

/** What a terminal sends to the program itself, as it sends it to us. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
/** What somebody may send to us and mean the program. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', ...FROM_TERMINAL];

/** Settles when the program has ended; rejects if it can't be started. */
export async function runBeside(
  command: string,
  args: readonly string[],
  profile: ProfileSource,
  options: ProgramOptions,
): Promise<void> {
  // Before the program runs: a signal that came sooner would end this process and leave the program alone.
  const stop = passSignals((signal) => child.kill(signal));
  const child = spawn(command, args, profile, { ...options, stdio: 'inherit', onViolation: report });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...end) => resolve(end));
  }).finally(stop);
  const isKilled = endedBySigsys(code, signal);
  summarise(child.violations, child.unlistedViolations, isKilled);
  if (isKilled) tell(sigsysText('--explain'));
  exitAsProgram(code, signal);
  if (signal !== null) process.kill(process.pid, signal); // If this process survives the signal, it has a shell's status for it.
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

function report(violation: Violation): void {
  const { executable, pid, instruction, rule, why } = violation;
  const who = `${executable === '' ? 'process' : executable} [${pid}]${instruction === undefined ? '' : `, at ${instruction}`}`;
  const place = rule?.line === undefined ? '' : ` (line ${rule.line})`;
  tell([shown(violation), `by ${who}`, `${why}${place}`, ...hints(violation)].join('\n  '));
}

/** What those who see it for the first time might take for more than it is. */
function hints({ action, fallback }: Violation): readonly string[] {
  if (fallback) return ['a fallback: programs expect this answer, and use an older call'];
  if (action.kind !== 'errno' || action.errno !== constants.errno.ENOSYS) return [];
  return ['as on a kernel without this call: most programs then use an older one'];
}

function summarise(violations: readonly Violation[], unlisted: number, isKilled: boolean): void {
  const denials = violations.filter(({ fallback }) => !fallback);
  const fallbacks = violations.filter(({ fallback }) => fallback);
  if (denials.length === 0 && !isKilled) tell('no call was denied');
  if (denials.length > 0) {
    const lines = denials.map((violation) => `${counted(violation)}\n        to allow: ${remedyText(violation)}`);
    tell(`${kinds(denials.length)} of calls denied\n${lines.join('\n')}`);
  }
  if (unlisted > 0) tell(`and ${unlisted} denied calls of more kinds than are kept apart`);
  if (fallbacks.length === 0) return;
  tell(`${kinds(fallbacks.length)} of calls that programs replace by older ones\n${fallbacks.map(counted).join('\n')}`);
}

function kinds(count: number): string {
  return count === 1 ? 'one kind' : `${count} kinds`;
}

function counted(violation: Violation): string {
  return `${`${violation.count}×`.padStart(7)} ${shown(violation)}`;
}

/** `socket(AF_NETLINK, SOCK_RAW, 0): EPERM` */
function shown(violation: Violation): string {
  return `${callInWords(violation)}: ${effect(violation.action)}`;
}

function effect(action: Violation['action']): string {
  return action.kind === 'errno' ? errnoName(action.errno) : action.kind;
}

/** A rule as it would stand in `syscalls`; one that is denied by another comes too late. */
function remedyText({ remedy, rule, deniedBy }: Violation): string {
  if (deniedBy === 'isolation') return 'start it with --no-isolate';
  if (remedy === null) return 'no rule allows just these calls';
  const text = JSON.stringify(remedy);
  if (rule === null) return text;
  return `change ${rule.path}, which denies it; if the default action denies too, add ${text}`;
}
