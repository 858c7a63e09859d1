/** Starts a program with the arguments of this script, and waits for its end. */
import { spawn } from 'seccomp';

const [command, ...args] = process.argv.slice(2);
spawn(command, args, 'unconfined', { stdio: 'inherit' });
