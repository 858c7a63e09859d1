/** A wrapper that takes spawn's own options, and adds defaults. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

export function start(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { windowsHide: true, ...options, stdio: options.stdio ?? 'pipe' });
  child.stdin?.on('error', () => {});
  return child;
}

export async function use() {
  const child = start('cat', [], { env: { LANG: 'C' } });
  child.stdin?.end('data');
  return [String(await child.stdout?.toArray()), start('true', [], { stdio: 'ignore' }).stdout];
}
