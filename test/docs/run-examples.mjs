/**
 * Runs the modules of a JSON list one after another, each until nothing keeps this process going, as in a process of its
 * own. Writes to a file how each has ended: its exit status, its error, and what the process wrote to standard error.
 */
import { fstatSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const [, , list, results] = process.argv;
const files = JSON.parse(readFileSync(list, 'utf8'));
const ended = {};
let current;
let start = 0;

function fail(error) {
  current.errors.push(String(error?.stack ?? error));
}
process.on('uncaughtException', fail);

/** What has been written to standard error, a file, since the example started. */
function newErrors() {
  const text = Buffer.alloc(fstatSync(2).size - start);
  readSync(2, text, 0, text.length, start);
  start += text.length;
  return text.toString();
}

process.on('beforeExit', () => {
  if (current !== undefined) {
    const status = process.exitCode ?? 0;
    ended[current.file] = { status, errors: current.errors, stderr: newErrors() };
    writeFileSync(results, JSON.stringify(ended));
    process.exitCode = undefined;
  }
  const file = files.shift();
  current = file === undefined ? undefined : { file, errors: [] };
  if (file === undefined) return;
  process.chdir(dirname(file));
  import(file).catch(fail);
});
