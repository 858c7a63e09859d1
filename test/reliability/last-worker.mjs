/**
 * Loads the addon in workers only: one that starts a supervised child, and one that does not use it. Terminates the
 * workers, then the child, and prints whether the addon is still loaded and how many listeners are open: `node
 * last-worker.mjs '{ "dist", "addon" }'`
 */
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { until } from '../support/until.mjs';

const { dist, addon } = JSON.parse(process.argv[2]);

/** Runs code in a worker until it posts a message, and terminates the worker. */
async function inWorker(code) {
  const worker = new Worker(`const { parentPort } = require('node:worker_threads');\n${code}`, { eval: true });
  const [said] = await once(worker, 'message');
  await worker.terminate();
  return said;
}

function target(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // The descriptor of the directory itself.
  }
}

const listeners = () => readdirSync('/proc/self/fd').filter((fd) => target(fd).includes('seccomp notify')).length;

const pid = await inWorker(`
  import(${JSON.stringify(dist)}).then(({ spawn }) => {
    const child = spawn('sleep', ['1000'], 'docker-default', { onViolation: true, stdio: 'ignore' });
    child.on('spawn', () => parentPort.postMessage(child.pid));
  });`);
// glibc keeps a library with thread-local destructors: only a later dlclose(3), from another thread, unloads it.
await inWorker(`require(${JSON.stringify(addon)}); parentPort.postMessage('loaded');`);
const loaded = readFileSync('/proc/self/maps', 'utf8').includes(addon);
if (listeners() !== 1) throw new Error('the child has no listener');
process.kill(pid, 'SIGKILL');
await until(() => listeners() === 0);
console.log(JSON.stringify({ loaded, listeners: listeners() }));
