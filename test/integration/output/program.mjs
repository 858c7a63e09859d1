// Writes to both outputs and ends as its argument says: the program of output.test.ts.
import { readFileSync, writeSync } from 'node:fs';

const [ending] = process.argv.slice(2);

function readInput() {
  try {
    return readFileSync(0).length;
  } catch ({ code }) {
    return code;
  }
}

if (ending === 'writes') {
  writeSync(2, 'first error\n');
  // 1 MiB at once: an output that somebody left non-blocking gives EAGAIN.
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
  case 'returns': // After 1 MiB: more than a pipe or a socket holds.
    process.exitCode = 3;
    process.stdout.write('x'.repeat(2 ** 20));
    break;
  case 'exits': // In the midst of what a pipe does not hold.
    process.stdout.write('#'.repeat(200_000));
    process.exit(4);
    break;
  case 'throws':
    throw new Error('an error that nobody catches');
  default:
    throw new TypeError(`unknown ending: ${ending}`);
}
