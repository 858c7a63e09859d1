/** A command line for a shell. */
import { spawn } from 'node:child_process';

export const use = () =>
  new Promise((resolve) => {
    const child = spawn('echo "$GREETING" | tr a-z A-Z', { shell: true, env: { ...process.env, GREETING: 'hello' } });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.once('close', (code) => resolve([code, Buffer.concat(chunks).toString('utf8')]));
  });
