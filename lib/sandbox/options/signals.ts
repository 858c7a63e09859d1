/** Signals by name and by number. */
import { constants } from 'node:os';
import { format } from 'node:util';
import { fromCaller } from '../../util/caller.js';
import { define } from '../../util/own-data.js';

/** A signal's number, as Node takes it. */
export function signalNumber(signal: unknown): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  if (typeof signal === 'number' && Object.values(signals).includes(signal)) return signal;
  const number = typeof signal === 'string' ? signals[signal.toUpperCase()] : undefined;
  if (number !== undefined) return number;
  throw define(fromCaller(new TypeError(format('Unknown signal: %s', signal))), { code: 'ERR_UNKNOWN_SIGNAL' });
}

/** Its name; null for those that have none, as real-time signals. */
export function signalName(number: number): NodeJS.Signals | null {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name as NodeJS.Signals;
  return null;
}
