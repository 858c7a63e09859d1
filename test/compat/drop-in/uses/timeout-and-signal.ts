/** A time limit with a signal of one's choice. */
import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:os';

export async function use() {
  const child = spawn('sleep', ['60'], { timeout: 50, killSignal: 'SIGKILL', stdio: 'ignore' });
  const ended = await new Promise((resolve) => child.on('exit', (code, signal) => resolve([code, signal])));
  const byNumber = new Promise((resolve) =>
    execFile('sleep', ['60'], { timeout: 50, killSignal: constants.signals.SIGINT }, (error) =>
      resolve([error?.killed, error?.signal, error?.code]),
    ),
  );
  return [ended, await byNumber];
}
