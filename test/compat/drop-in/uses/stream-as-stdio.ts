/** A stream of this process in the child's stdio, and pipes for the rest. */
import { type StdioOptions, spawn } from 'node:child_process';

function start(stdio: StdioOptions) {
  return spawn('cat', [], { stdio });
}

export async function use() {
  const child = spawn('cat', [], { stdio: ['pipe', 'pipe', process.stderr] });
  child.stdin.end('through cat');
  const output: Buffer[] = await child.stdout.toArray();
  const other = start(['ignore', 'pipe', 'inherit']);
  return [Buffer.concat(output).toString(), await other.stdout?.toArray(), other.stdin];
}
