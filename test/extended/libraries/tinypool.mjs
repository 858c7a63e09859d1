/** Prints the answers of processes that tinypool starts, with seccomp/register if a profile is named. */
import { harden, Profile } from 'seccomp';
import { Tinypool } from 'tinypool';

harden(Profile.denylist().deny('io_uring_setup', { errno: 'ENOSYS' })); // The processes inherit this.
process.env.POOL_OWNER = process.pid;
const pool = new Tinypool({
  filename: new URL('task.cjs', import.meta.url).href,
  runtime: 'child_process',
  execArgv: process.env.SECCOMP_PROFILE ? ['--require', 'seccomp/register'] : [],
  env: process.env,
  minThreads: 2,
  maxThreads: 2,
});
const answers = await Promise.all([pool.run(), pool.run(), pool.run()]);
await pool.destroy();
console.log(JSON.stringify(answers));
