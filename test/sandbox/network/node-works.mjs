/** Starts a program and a worker, and reads a file asynchronously. Prints `works` each time. */
import { execSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

process.stdout.write(execSync('echo works'));
new Worker('console.log("works")', { eval: true });
await readFile('/dev/null');
console.log('works');
