/** Which commands tests can run on this machine. */
import { spawnSync } from 'node:child_process';

/** What shows that a command works here: some are installed where the system does not let them work. */
const WORKS: Readonly<Record<string, readonly string[]>> = {
  bwrap: ['--ro-bind', '/', '/', '--unshare-all', 'true'],
  docker: ['info'],
  magick: ['-size', '1x1', 'gradient:red-blue', 'png:-'],
  podman: ['info'],
  'systemd-run': ['--quiet', '--wait', 'true'],
  unshare: ['--user', 'true'],
};

/** What this process has found out about commands. */
const known = new Map<string, boolean>();

/** Why programs that need some commands can't run here, as a reason to skip tests; undefined if they can. */
export const obstacleTo = (...commands: readonly string[]): string | undefined => obstacleUnder([], commands);

/** The same for commands that another one starts, such as `setpriv` with its arguments. */
export function obstacleUnder(launcher: readonly string[], commands: readonly string[]): string | undefined {
  const missing = commands.filter((command) => !isFound(command));
  if (missing.length > 0) return `needs ${missing.join(' and ')}`;
  const broken = commands.filter((command) => !works(launcher, command));
  return broken.length > 0 ? `${broken.join(' and ')} does not work on this machine` : undefined;
}

const isFound = (command: string) => succeeds('sh', ['-c', 'command -v "$1"', 'sh', command]);

function works(launcher: readonly string[], name: string): boolean {
  const args = WORKS[name];
  if (args === undefined) return true;
  const [command = '', ...rest] = [...launcher, name, ...args];
  return succeeds(command, rest);
}

function succeeds(command: string, args: readonly string[]): boolean {
  const key = JSON.stringify([command, ...args]);
  const result = known.get(key) ?? spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
  known.set(key, result);
  return result;
}
