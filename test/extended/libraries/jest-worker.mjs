/** Prints the answers of processes that jest-worker starts, with seccomp/register if a profile is named. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'jest-worker';
import { harden, Profile } from 'seccomp';

harden(Profile.denylist().deny('io_uring_setup', { errno: 'ENOSYS' })); // The processes inherit this.
process.env.POOL_OWNER = process.pid;
const farm = new Worker(fileURLToPath(new URL('task.cjs', import.meta.url)), {
  exposedMethods: ['run'],
  numWorkers: 2,
  forkOptions: { execArgv: process.env.SECCOMP_PROFILE ? ['--require', 'seccomp/register'] : [] },
});
const answers = await Promise.all([farm.run(), farm.run(), farm.run()]);
await farm.end();
console.log(JSON.stringify(answers));
