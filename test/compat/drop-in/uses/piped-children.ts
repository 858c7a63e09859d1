/** The output of one child is the input of another. */
import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';

export async function use() {
  const from = spawn('seq', ['1', '20'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const to = spawn('tail', ['-n', '1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const last = to.stdout.setEncoding('utf8').toArray();
  await pipeline(from.stdout, to.stdin);
  return last;
}
