/** promisify(exec), with the output of a command that fails. */
import { exec } from 'node:child_process';
import { promisify } from 'node:util';

const execAsync = promisify(exec);

export async function use() {
  const { stdout, stderr } = await execAsync('echo out; echo err >&2', { cwd: '/', timeout: 10_000 });
  const failed = await execAsync('echo some; exit 2').catch((error: { code: number; stdout: string }) => error);
  return [stdout.trimEnd(), stderr.trimEnd(), 'code' in failed && failed.code, failed.stdout];
}
