/** An app that runs programs without network. */
import { extend, type Profile, type RunResult, run } from 'seccomp';

export const profile: Profile = extend('docker-default').deny('socket', { errno: 'EACCES' });

export function runOffline(command: string, args: readonly string[]): Promise<RunResult> {
  return run(command, args, profile);
}
