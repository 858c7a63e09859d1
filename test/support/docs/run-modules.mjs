/**
 * Runs modules one after another, each until nothing keeps this process going, as in a process of its own. Reads the path
 * and the working directory of each from descriptor 3, a socket, and writes its exit status to it when it has ended.
 */
import { readSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

let isRunning = false;
let isSettled = false;
let count = 0;

function readLine() {
  const bytes = [];
  const byte = Buffer.alloc(1);
  while (readSync(3, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0]);
  return Buffer.from(bytes).toString();
}

process.on('beforeExit', () => {
  // 13 is Node's status where an await at the top level never settles.
  if (isRunning) writeSync(3, `${process.exitCode ?? (isSettled ? 0 : 13)}\n`);
  process.exitCode = undefined;
  const line = readLine();
  isRunning = line !== '';
  if (!isRunning) return;
  const { file, cwd } = JSON.parse(line);
  process.argv[1] = file;
  process.chdir(cwd);
  isSettled = false;
  setImmediate(() => {}); // Without work, this event would not come again: since Node 22, import() may need no turn of the loop.
  // With the query, a file that was written again is another module.
  import(`${pathToFileURL(file)}?${++count}`).then(() => {
    isSettled = true;
  });
});
