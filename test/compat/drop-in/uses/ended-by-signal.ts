/** A watcher that restarts a program: kill, and the signal that ended it. */
import { type ChildProcess, spawn } from 'node:child_process';

let current: ChildProcess | undefined;

function restart(): ChildProcess {
  current?.kill();
  current = spawn('sleep', ['60'], { stdio: ['ignore', 'inherit', 'inherit'] });
  return current;
}

export async function use() {
  const first = restart();
  const end = new Promise((resolve) => first.once('exit', (code, signal) => resolve([code, signal])));
  const second = restart();
  const ended = await end;
  return [ended, second.kill('SIGKILL'), second.kill(0) || second.killed];
}
