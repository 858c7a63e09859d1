// Starts the program of output.test.ts with this process's own descriptors 0 to 2. Arguments: a method, the profile, what to
// write first, and the program's arguments.
import { fileURLToPath } from 'node:url';
import * as seccomp from 'seccomp';

const [method, profile, first, ...args] = process.argv.slice(2);
const program = fileURLToPath(new URL('program.mjs', import.meta.url));

const start = {
  fork: () => seccomp.fork(program, args, profile, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] }),
  spawn: () => seccomp.spawn(process.execPath, [program, ...args], profile, { stdio: 'inherit' }),
  execve: () => seccomp.execve(process.execPath, [program, ...args], profile),
}[method];

process.stdout.write(first); // The first write makes Node set a pipe to non-blocking mode.
start().on('exit', (code) => process.exit(code));
