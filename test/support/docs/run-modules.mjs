/**
 * Runs modules one after another, each until nothing keeps this process going, as in a process of its own. Reads the path
 * and the working directory of each from descriptor 3, a socket, and writes its exit status to it when it has ended.
 */
import { readSync, writeSync } from 'node:fs';

let isRunning = false;

function readLine() {
  const bytes = [];
  const byte = Buffer.alloc(1);
  while (readSync(3, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0]);
  return Buffer.from(bytes).toString();
}

process.on('beforeExit', () => {
  if (isRunning) writeSync(3, `${process.exitCode ?? 0}\n`);
  process.exitCode = undefined;
  const line = readLine();
  isRunning = line !== '';
  if (!isRunning) return;
  const { file, cwd } = JSON.parse(line);
  process.argv[1] = file;
  process.chdir(cwd);
  import(file);
});
