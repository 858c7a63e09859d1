/** Tests spawn in a process that has filters already: each generation of programs has one filter more. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spawn } from '../../dist/index.js';

const GENERATIONS = 3;
const generation = Number(process.argv[2] ?? 0);
const status = readFileSync('/proc/self/status', 'utf8');
const filters = Number(/^Seccomp_filters:\s*(\d+)$/m.exec(status)?.[1]);
const first = Number(process.argv[3] ?? filters);
console.log(`generation ${generation}: Seccomp_filters ${filters}`);

if (filters !== first + generation) {
  console.error(`containers/stack.mjs: ${first + generation} filters should be attached`);
  process.exitCode = 1;
} else if (generation < GENERATIONS) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), String(generation + 1), String(first)],
    'docker-default',
    { stdio: 'inherit' },
  );
  child.on('error', (error) => {
    throw error;
  });
  child.on('exit', (code, signal) => {
    if (signal !== null) console.error(`containers/stack.mjs: generation ${generation + 1} ended by ${signal}`);
    process.exitCode = code ?? 1;
  });
}
