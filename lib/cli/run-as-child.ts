/** Runs a program as a child of the command, as if the program had replaced it. */

import type { Descendants, Enforcement, LimitReason, SandboxedProcess, SpawnOptions, StartSource } from '../index.js';
import { ISOLATION_OFF } from '../landlock/domain.js';
import { grantText } from '../landlock/programs/missing-grants.js';
import { limitText } from '../process-tree/limit-reason.js';
import { denyingMode, endedProgram, grantLackedBy } from '../sandbox/path-hints.js';
import { startProgram } from '../sandbox/spawn.js';
import { shownName } from '../util/foreign-text.js';
import { exitAsProgram, exitAtLimit } from './exit-status.js';
import { prepareToStop } from './job-control.js';
import { listenToSignals } from './listen-to-signals.js';
import { inFlags } from './options/profile-options.js';
import { pathFlag } from './output/path-flags.js';
import { printMessage } from './output/print.js';

/** Signals that this process passes on to the program, for which they are meant. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT'];

/**
 * Runs a program with the standard streams of this process. Resolves when it has ended, and rejects if it can't be
 * started. Exits as the program does.
 *
 * @param descendants - What becomes of the program's descendants when it ends.
 * @param ended - Called when the program has ended.
 */
export async function runAsChild(
  command: string,
  args: readonly string[],
  profile: StartSource,
  options: Omit<SpawnOptions, 'stdio'>,
  descendants: Descendants,
  ended: (child: SandboxedProcess) => void = () => {},
): Promise<void> {
  // Before the start: a signal in between would end this process, and leave the program running.
  const unlisten = listenToSignals(PASSED_ON, (signal, isFromTerminal) => {
    if (!isFromTerminal || hasOwnSession(child)) child.kill(signal);
  });
  const stopWith = prepareToStop();
  const child = startProgram([command, args, profile, { ...options, stdio: 'inherit' }], descendants);
  if (child.pid !== undefined) reportUnenforced(child.enforcement);
  const unfollow = stopWith(child);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  }).finally(() => {
    unlisten();
    unfollow();
  });
  ended(child);
  const program = endedProgram(child);
  const missing = grantLackedBy(program);
  const { limit, end } = child;
  const mode = missing === undefined && limit === null && (end.code ?? 0) !== 0 ? denyingMode(program) : '';
  if (missing !== undefined) printMessage(grantText(missing, pathFlag));
  if (mode !== '') printMessage(mode);
  if (limit !== null) {
    printMessage(`${shownName(command)}: ${reachedText(child, limit)}`);
    exitAtLimit(limit, end);
    return;
  }
  exitAsProgram(end);
  const { signal } = end;
  // When nothing is left to do, such as to remove the program's own directory. If this process survives the signal, it
  // exits with a shell's status for it. So it does for a signal without a name: Node reports the death by one as code 0.
  if (signal !== null) process.once('beforeExit', () => process.kill(process.pid, signal));
}

/** Which limit ended the program, in words of the command. */
function reachedText({ end, enforcement }: SandboxedProcess, limit: LimitReason): string {
  if (limit === 'time') return 'it ran longer than it may (--timeout)';
  return inFlags(limitText(limit, end.signal, enforcement.limits));
}

/** Says what is not enforced: isolation and the end of the tree where there is no Landlock, and what `--best-effort` has left out. */
export function reportUnenforced({ isolation, paths, limits, tree }: Enforcement): void {
  // The filter alone closes some ways. Nothing is closed where no profile can be attached.
  const isWanted = isolation.reason !== ISOLATION_OFF && isolation.closed.length > 0;
  const isLeft = tree?.reason !== undefined && tree.by === undefined;
  if (isWanted && isolation.by === undefined)
    printMessage(
      `COMMAND is not isolated from other processes${isLeft ? ', and what it starts may outlive it' : ''}: ${isolation.reason}; with --isolate, it is not started`,
    );
  else if (isWanted && isLeft) printMessage(`what COMMAND starts may outlive it: ${tree.reason}`);
  if (paths?.reason !== undefined) printMessage(`the files that COMMAND reaches are not restricted: ${paths.reason}`);
  if (limits?.reason !== undefined) printMessage(`not all limits are enforced: ${limits.reason}`);
}

/** Whether the terminal of this process is not the program's, which therefore gets no signal of it. */
function hasOwnSession({ enforcement }: SandboxedProcess): boolean {
  return enforcement.tree?.by === 'process-group';
}
