/** Which commands tests can run on this machine. */
import { spawnSync } from 'node:child_process';

/** What shows that a command works here: some are installed where the system does not let them work. */
const WORKS: Readonly<Record<string, readonly string[]>> = {
  bwrap: ['--ro-bind', '/', '/', '--unshare-all', 'true'],
  magick: ['-size', '1x1', 'gradient:red-blue', 'png:-'],
};

/** Why programs that need some commands can't run here, as a reason to skip tests; undefined if they can. */
export function obstacleTo(...commands: readonly string[]): string | undefined {
  const missing = commands.filter((command) => !isFound(command));
  if (missing.length > 0) return `needs ${missing.join(' and ')}`;
  const broken = commands.filter((command) => !works(command));
  return broken.length > 0 ? `${broken.join(' and ')} does not work on this machine` : undefined;
}

const isFound = (command: string) =>
  spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command], { stdio: 'ignore' }).status === 0;

function works(command: string): boolean {
  const args = WORKS[command];
  return args === undefined || spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}
