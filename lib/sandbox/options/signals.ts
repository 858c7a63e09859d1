/** Signals that a caller names. */
import { constants } from 'node:os';
import { format } from 'node:util';
import { nodeError } from '../../util/node-error.js';

/** The number of a signal that is given by name or number. @throws {TypeError} ERR_UNKNOWN_SIGNAL, as Node. */
export function signalNumber(signal: unknown): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  if (typeof signal === 'number' && Object.values(signals).includes(signal)) return signal;
  const number = typeof signal === 'string' ? signals[signal.toUpperCase()] : undefined;
  if (number !== undefined) return number;
  throw nodeError(TypeError, 'ERR_UNKNOWN_SIGNAL', format('Unknown signal: %s', signal));
}
