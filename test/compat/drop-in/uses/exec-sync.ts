/** execSync in build scripts: with a Buffer, with text, and with the terminal. */
import { execSync } from 'node:child_process';

export function use() {
  const commit = execSync('echo 1234567890').toString().slice(0, 7);
  const branch = execSync('echo main', { encoding: 'utf-8' }).replace(/\n$/, '');
  execSync('exit 0', { stdio: 'inherit', env: { ...process.env, CI: '1' } });
  try {
    execSync('exit 4', { stdio: 'pipe' });
  } catch (error) {
    return [commit, branch, error instanceof Error && 'status' in error && error.status];
  }
  return [commit, branch];
}
