/** events.once, and the properties of a child that has ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export async function use() {
  const child = spawn('sh', ['-c', 'exit 7'], { windowsHide: true });
  child.stdin.end();
  const [code, signal]: (number | string | null)[] = await once(child, 'close');
  return [code, signal, child.exitCode, child.signalCode, child.spawnargs, child.connected];
}
