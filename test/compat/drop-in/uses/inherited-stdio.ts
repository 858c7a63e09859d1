/** A task runner: the command has the terminal, and the runner its exit code. */
import { spawn } from 'node:child_process';

function runScript(command: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: process.env });
    child.on('error', reject);
    child.on('exit', (code, signal) => (signal ? reject(new Error(signal)) : resolve(code ?? 1)));
  });
}

export const use = async () => [await runScript('true', []), await runScript('false', [])];
