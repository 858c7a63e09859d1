/** The module that the uses import in place of node:child_process. */
import { Sandbox } from 'seccomp';

export type * from 'node:child_process';
export const { spawn, spawnSync, exec, execFile, execSync, execFileSync, fork } = new Sandbox('docker-default');
