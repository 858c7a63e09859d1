/** Signals to the command while its program runs. */
import { constants } from 'node:os';
import { addon, unsupportedReason } from '../native.js';
import { systemError } from '../util/system-error.js';

/** Signals that a terminal sends to a whole process group, to COMMAND too: for Ctrl-C, Ctrl-\ and Ctrl-Z, and to stop a job. */
const OF_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'];

/**
 * Calls `onSignal` for each signal, and says whether a terminal has sent it, so that COMMAND has got it as well.
 *
 * @returns What stops that.
 */
export function listenToSignals(
  signals: readonly NodeJS.Signals[],
  onSignal: (signal: NodeJS.Signals, isFromTerminal: boolean) => void,
): () => void {
  const listeners = signals.map((signal) => {
    const listener = () => onSignal(signal, OF_TERMINAL.includes(signal) && isFromTerminal(signal));
    process.on(signal, listener);
    if (OF_TERMINAL.includes(signal)) watchSender(signal);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

/** The signal has a listener by now. */
function watchSender(signal: NodeJS.Signals): void {
  const error = unsupportedReason() === undefined ? addon().watchSender(constants.signals[signal]) : 0;
  if (error !== 0) throw systemError(error, `sigaction ${signal}`);
}

/** The kernel itself sends these signals for a terminal only. Other systems do not say who has sent them. */
function isFromTerminal(signal: NodeJS.Signals): boolean {
  if (unsupportedReason() !== undefined) return process.stdin.isTTY === true;
  return addon().takeFromKernel(constants.signals[signal]);
}
