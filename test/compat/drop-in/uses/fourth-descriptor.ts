/** A child that writes to a descriptor of its own, as browsers and git do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';

export async function use() {
  const child = spawn('sh', ['-c', 'echo status >&3'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const status = child.stdio[3];
  if (!(status instanceof Readable)) throw new Error('there is no pipe');
  const [first] = await once(status, 'data');
  return String(first);
}
