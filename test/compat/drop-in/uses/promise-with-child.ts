/** The child of a promisified call, whose input is written while it runs. */
import { exec, execFile, type PromiseWithChild } from 'node:child_process';
import { promisify } from 'node:util';

export async function use() {
  const running: PromiseWithChild<{ stdout: string; stderr: string }> = promisify(execFile)('cat');
  running.child.stdin?.end('written later');
  const other = promisify(exec)('cat', { encoding: 'utf8' });
  other.child.stdin?.end('and again');
  return [(await running).stdout, (await other).stdout];
}
