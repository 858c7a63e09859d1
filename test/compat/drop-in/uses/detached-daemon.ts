/** A daemon that outlives its parent. */
import { spawn } from 'node:child_process';

export function use() {
  const daemon = spawn('true', [], { detached: true, stdio: 'ignore', cwd: '/' });
  daemon.unref();
  return typeof daemon.pid;
}
