/** Output that goes to a file, by the number of its descriptor. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function use() {
  const folder = mkdtempSync(join(tmpdir(), 'drop-in-'));
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', log, log] });
  await new Promise((resolve) => child.on('close', resolve));
  closeSync(log);
  const text = readFileSync(join(folder, 'log'), 'utf8');
  rmSync(folder, { recursive: true });
  return [child.stdout, child.stderr, text];
}
