/** A child that ends with the block that started it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export async function use() {
  let end: Promise<unknown[]>;
  {
    using child = spawn('sleep', ['60'], { stdio: 'ignore' });
    end = once(child, 'exit');
  }
  return end;
}
