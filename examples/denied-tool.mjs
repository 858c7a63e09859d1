// Runs a tool that can compute and print, but can neither start programs nor use the network.
import { once } from 'node:events';
import * as sandbox from 'seccomp';

const profile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names: ['execve', 'execveat', 'fork', 'vfork'], action: 'SCMP_ACT_ERRNO' },
    { names: ['socket', 'connect', 'ptrace', 'io_uring_setup'], action: 'SCMP_ACT_ERRNO' },
  ],
};

const tool = `
console.log('6 × 7 =', 6 * 7);
console.log('a program:', require('node:child_process').spawnSync('true').error?.code ?? 'started');
require('node:net').connect(80, '127.0.0.1').on('error', ({ code }) => console.log('the network:', code));
`;

// The tool itself starts, although the profile denies execve: see docs/reference/how-it-works.md#the-exec-gate.
const child = sandbox.spawn(process.execPath, ['-e', tool], profile, { stdio: ['ignore', 'inherit', 'inherit'] });
[process.exitCode] = await once(child, 'close');
