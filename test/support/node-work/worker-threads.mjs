// Threads that share memory, wait for each other, and are stopped.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const shared = new Int32Array(new SharedArrayBuffer(4));
const body = `
  const { parentPort, workerData } = require('node:worker_threads');
  Atomics.add(workerData, 0, 1);
  Atomics.notify(workerData, 0);
  parentPort.postMessage({ sum: 40 + 2 });
`;
const workers = Array.from({ length: 2 }, () => new Worker(body, { eval: true, workerData: shared }));
const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
assert.deepEqual(
  answers.map(([{ sum }]) => sum),
  [42, 42],
);
assert.equal(shared[0], 2);
const endless = new Worker('for (;;);', { eval: true });
await once(endless, 'online');
await endless.terminate();
