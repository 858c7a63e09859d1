/** Appended to the first example of docs/harden.md: starts a program, and prints the result. */
import { spawnSync } from 'node:child_process';

console.log(spawnSync('true').error?.code ?? 'started');
