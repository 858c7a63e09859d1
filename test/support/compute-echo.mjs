/** Hardens itself with the profile `compute`, prints a line, and then repeats what it reads. */
import { harden } from 'seccomp';

process.stdin.resume();
harden('compute');
process.stdout.write('ready\n');
process.stdin.on('data', (text) => process.stdout.write(text));
