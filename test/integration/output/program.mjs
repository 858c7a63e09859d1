// The program of output.test.ts: writes to both outputs, and ends in the way that its first argument names. Writes the second first.
import { readFileSync, writeSync } from 'node:fs';

const [ending, first] = process.argv.slice(2);
if (first !== undefined) writeSync(1, first);

function readInput() {
  try {
    return readFileSync(0).length;
  } catch ({ code }) {
    return code;
  }
}

if (ending === 'writes') {
  writeSync(2, 'first error\n');
  // Writes 1 MiB at once: an output that was left in non-blocking mode fails with EAGAIN.
  for (let written = 0; written < 2 ** 20; ) written += writeSync(1, 'w'.repeat(2 ** 20 - written));
  process.exit(5);
}
console.error('first error');
console.log('first line, after', readInput(), 'bytes of input');
for (let i = 0; i < 20; i++) {
  process.stdout.write(`line ${i}\n`);
  process.stderr.write(`error ${i}\n`);
}

switch (ending) {
  case 'returns': // After 1 MiB, which is more than a pipe or a socket holds.
    process.exitCode = 3;
    process.stdout.write('x'.repeat(2 ** 20));
    break;
  case 'exits': // While a part of these bytes, which are more than a pipe holds, is not written yet.
    process.stdout.write('#'.repeat(200_000));
    process.exit(4);
    break;
  case 'throws':
    throw new Error('an error that nobody catches');
  default:
    throw new TypeError(`unknown ending: ${ending}`);
}
