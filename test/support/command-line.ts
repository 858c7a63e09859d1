/** Runs the command `seccomp` in this process, for everything that does not need a process of its own. */
import { CommanderError } from 'commander';
import { vi } from 'vitest';
import { exitFailed } from '../../lib/cli/exit-status.js';
import { reportFailure } from '../../lib/cli/output/print.js';
import { createProgram } from '../../lib/cli/program.js';

/** Signals that the command handles until it exits. */
const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs the command as lib/cli/main.ts does. `stdout` and `stderr` are what the command prints itself: a program that it starts
 * prints to the streams of this process. Mock `executeProgram` where the command could replace this process.
 */
export async function seccomp(...args: readonly string[]) {
  const output = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      output[name] += String(text);
      return true;
    }),
  );
  const before = SIGNALS.map((signal) => process.listeners(signal));
  const atExit = process.listeners('beforeExit');
  process.exitCode = undefined;
  try {
    await createProgram('1.2.3').parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) reportFailure(error);
    else if (error.exitCode !== 0) exitFailed();
  }
  const status = process.exitCode ?? 0;
  process.exitCode = undefined;
  for (const [i, signal] of SIGNALS.entries())
    for (const listener of process.listeners(signal)) if (!before[i]?.includes(listener)) process.off(signal, listener);
  // Where a signal has ended the program, the command would end this process by it.
  for (const listener of process.listeners('beforeExit'))
    if (!atExit.includes(listener)) process.off('beforeExit', listener);
  for (const spy of spies) spy.mockRestore();
  return { status, ...output };
}
