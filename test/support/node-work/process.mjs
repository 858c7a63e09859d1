// Properties and settings by node:os and process; signals, timers, and messages of a process to itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import os from 'node:os';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import v8 from 'node:v8';

for (const ask of [
  'arch availableParallelism cpus endianness freemem getPriority homedir hostname loadavg machine',
  'platform release tmpdir totalmem type uptime userInfo version',
]
  .join(' ')
  .split(' '))
  assert.notEqual(os[ask](), undefined, ask);
for (const ask of 'cpuUsage cwd getegid geteuid getgid getgroups getuid hrtime memoryUsage resourceUsage umask uptime'.split(
  ' ',
))
  assert.notEqual(process[ask](), undefined, ask);
process.memoryUsage.rss();
os.setPriority(os.getPriority());
process.title = 'work';
try {
  process.setuid(process.getuid());
  process.setgid(process.getgid());
} catch (error) {
  if (error.code !== 'ERR_INVALID_STATE') throw error; // Debian's Node 20 refuses: its libuv may use io_uring.
}
process.constrainedMemory?.();
process.availableMemory?.();
process.report.getReport();
const signalled = once(process, 'SIGUSR2');
const alive = setInterval(() => {}, 1000); // Waiting for a signal alone does not keep Node running.
process.kill(process.pid, 'SIGUSR2');
await signalled;
clearInterval(alive);
await setTimeout(1);
await setImmediate();
performance.mark('a');
new PerformanceObserver(() => {}).observe({ entryTypes: ['gc'] });
assert.deepEqual(structuredClone({ a: new Uint8Array(2) }), { a: new Uint8Array(2) });
assert.ok(v8.getHeapStatistics().heap_size_limit > 0);
await WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
let sum = 0;
for (let i = 0; i < 1e6; i += 1) sum = (sum + i * i) % 1_000_003; // long enough to be compiled to machine code
assert.ok(sum > 0);
