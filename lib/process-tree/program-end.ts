/** How a program ended: its wait status, wait(2). */
import { constants } from 'node:os';

export interface ProgramEnd {
  /** The exit code; null if a signal ended the program, or another part of this process has taken its status. */
  readonly code: number | null;
  /** The number of the signal that ended the program; null if none did. */
  readonly signalNumber: number | null;
  /** The name of that signal; null also for one without a name, such as a real-time signal. */
  readonly signal: NodeJS.Signals | null;
}

/** The end with an exit code or the number of a signal. */
export function programEnd(code: number | null, signalNumber: number | null): ProgramEnd {
  return { code, signalNumber, signal: signalNumber === null ? null : signalName(signalNumber) };
}

function signalName(number: number): NodeJS.Signals | null {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name as NodeJS.Signals;
  return null;
}

/** `exit code 3`, `SIGKILL`, `signal 35`. Completes "ended with". */
export function endInWords({ code, signalNumber, signal }: ProgramEnd): string {
  if (signalNumber !== null) return signal ?? `signal ${signalNumber}`;
  return code === null ? 'an unknown status' : `exit code ${code}`;
}
