/** Signals to the command while its program runs. */
import { constants } from 'node:os';
import { addon, unsupportedReason } from '../native.js';
import { systemError } from '../util/system-error.js';

/** Signals that a terminal sends to every process in the foreground, to COMMAND too, for Ctrl-C and Ctrl-\. */
const OF_KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

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
    const listener = () => onSignal(signal, OF_KEYS.includes(signal) && isFromTerminal(signal));
    process.on(signal, listener);
    if (OF_KEYS.includes(signal)) watchSender(signal);
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
