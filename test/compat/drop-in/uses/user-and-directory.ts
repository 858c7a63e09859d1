/** A child as a certain user, in a directory that is a URL. */
import { spawnSync } from 'node:child_process';

export function use() {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const result = spawnSync('pwd', { uid, gid, cwd: new URL('file:///'), encoding: 'utf8' });
  return [result.status, result.stdout];
}
