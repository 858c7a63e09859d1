/** Overlapped pipes, which differ from others on Windows only. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export async function use() {
  const child = spawn('cat', { stdio: ['overlapped', 'overlapped', 'ignore'] });
  child.stdin.write('a');
  child.stdin.end('b');
  return text(child.stdout);
}
