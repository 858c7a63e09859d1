/** promisify(execFile) with maxBuffer, as tools call git. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

export async function git(args: readonly string[], cwd?: string): Promise<string> {
  const { stdout } = await execFileAsync('echo', args, { maxBuffer: 64 * 1024 * 1024, ...(cwd && { cwd }) });
  return stdout.trim();
}

export async function use() {
  const tooMuch: unknown = await execFileAsync('seq', ['1000'], { maxBuffer: 10 }).catch((error) => error.code);
  return [await git(['rev-parse', 'HEAD'], '/'), tooMuch];
}
