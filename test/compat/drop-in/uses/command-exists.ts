/** Whether a command exists: the error of spawnSync, by its code. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';

function exists(command: string): boolean {
  const result: SpawnSyncReturns<Buffer> = spawnSync(command, ['--version'], { stdio: 'ignore', windowsHide: true });
  if (result.error) return (result.error as NodeJS.ErrnoException).code !== 'ENOENT';
  return result.status === 0;
}

export const use = () => [exists('ls'), exists('no-such-command')];
