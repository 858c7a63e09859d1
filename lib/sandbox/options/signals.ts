/** Signals by name and by number. */
import { constants } from 'node:os';
import { format } from 'node:util';
import { fromCaller } from '../../util/caller.js';
import { define } from '../../util/own-data.js';

/** The number of a signal that is given by name or number. @throws TypeError ERR_UNKNOWN_SIGNAL, as Node. */
export function signalNumber(signal: unknown): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  if (typeof signal === 'number' && Object.values(signals).includes(signal)) return signal;
  const number = typeof signal === 'string' ? signals[signal.toUpperCase()] : undefined;
  if (number !== undefined) return number;
  throw define(fromCaller(new TypeError(format('Unknown signal: %s', signal))), { code: 'ERR_UNKNOWN_SIGNAL' });
}

/** The name of a signal; null for one without a name, such as a real-time signal. */
export function signalName(number: number): NodeJS.Signals | null {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name as NodeJS.Signals;
  return null;
}
