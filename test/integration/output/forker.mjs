// Forks descriptors.mjs under a profile, with the descriptors in its arguments: forker.mjs PROFILE 3 4 5
import { fileURLToPath } from 'node:url';
import { fork } from 'seccomp';

const [profile, ...given] = process.argv.slice(2);
const places = given.map((_, i) => String(4 + i));
fork(fileURLToPath(new URL('descriptors.mjs', import.meta.url)), places, profile, {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...given.map(Number)],
}).on('exit', (code) => process.exit(code));
