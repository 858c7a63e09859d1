// Follows the first example of docs/harden.md: starts a program, and prints what becomes of it.
import { spawnSync } from 'node:child_process';

console.log(spawnSync('true').error?.code ?? 'started');
