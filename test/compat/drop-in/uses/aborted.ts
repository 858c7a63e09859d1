/** A child that an AbortSignal ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export async function use() {
  const controller = new AbortController();
  const child = spawn('sleep', ['60'], { signal: controller.signal, stdio: 'ignore' });
  const end = once(child, 'close').catch((error: Error) => error.name);
  controller.abort();
  return [await end, child.killed];
}
