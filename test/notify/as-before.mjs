/**
 * Makes a connection to a local socket for a child of another user, and prints whether this process's user, directory
 * and dumpable flag are as before: `node as-before.mjs INTERPRETER SOCKET`. The files of a process in /proc belong to
 * root unless it is dumpable, so this process must not be root's.
 */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { spawn } from 'seccomp';
import { threadsNamed } from '../support/threads.mjs';
import { until } from '../support/until.mjs';

const [interpreter, path] = process.argv.slice(2);

const state = () => [statSync('/proc/self/status').uid, process.geteuid(), process.getegid(), process.cwd()].join();

const before = state();
const script = `import socket; print(socket.socket(socket.AF_UNIX).connect_ex('${path}'))`;
const notify = { connect: (call) => call.connect(call.readSockaddr(1)) };
const options = { uid: 65533, gid: 65533, cwd: '/', notify, stdio: ['ignore', 'inherit', 'inherit'] };
await once(spawn(interpreter, ['-c', script], { defaultAction: 'SCMP_ACT_ALLOW' }, options), 'exit');
await until(() => threadsNamed('seccomp-connect') === 0);
console.log(before.startsWith('65534,') && before === state());
