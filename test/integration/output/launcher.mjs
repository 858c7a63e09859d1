// Starts the program of output.test.ts by the method in the first argument, with this process's own descriptors 0 to 2.
import * as childProcess from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as seccomp from 'seccomp';

const [method, profile, ...args] = process.argv.slice(2);
const program = fileURLToPath(new URL('program.mjs', import.meta.url));
const stdio = 'inherit';
const forked = { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] };

const start = {
  'child_process.fork': () => childProcess.fork(program, args, forked),
  'child_process.spawn': () => childProcess.spawn(process.execPath, [program, ...args], { stdio }),
  fork: () => seccomp.fork(program, args, profile, forked),
  spawn: () => seccomp.spawn(process.execPath, [program, ...args], profile, { stdio }),
  execve: () => seccomp.execve(process.execPath, [program, ...args], profile),
}[method];

process.stdout.write('the launcher writes first\n'); // The first write makes Node set a pipe to non-blocking mode.
start().on('exit', (code) => process.exit(code));
