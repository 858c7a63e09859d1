/** In a guest: starts the programs that standard input lists under profiles, and prints the result of each. */
import { readFileSync } from 'node:fs';
import { spawn } from 'seccomp';

const results = [];
for (const { file, args, profile } of JSON.parse(readFileSync(0, 'utf8'))) results.push(await run(file, args, profile));
process.stdout.write(JSON.stringify(results));

function run(file, args, profile) {
  const child = spawn(file, args, profile, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, stdout }));
  });
}
