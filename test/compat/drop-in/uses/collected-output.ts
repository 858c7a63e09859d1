/** The promise around spawn that every project has. */
import { spawn } from 'node:child_process';

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

export function execute(command: string, args: string[] = []): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (data: string) => {
      stdout += data;
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export const use = () => execute('sh', ['-c', 'echo out; echo err >&2; exit 3']);
