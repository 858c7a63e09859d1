/** Prints the errors of mkdir(2) in Piscina's threads before and after harden(). One thread starts after it. */
import { Piscina } from 'piscina';
import { harden } from 'seccomp';

const pool = new Piscina({
  filename: new URL('mkdir.cjs', import.meta.url).href,
  minThreads: 2,
  maxThreads: 3,
  concurrentTasksPerWorker: 1,
});
const before = await Promise.all([pool.run(), pool.run()]);
harden({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
});
const after = await Promise.all([pool.run(), pool.run(), pool.run(), pool.run()]);
await pool.destroy();
console.log(JSON.stringify({ before, after }));
