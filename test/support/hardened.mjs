// A Node program that loads what it needs, hardens itself with `compute`, and then reads numbers, computes and writes.
import { spawn } from 'node:child_process';
import { createHash, scrypt } from 'node:crypto';
import { once } from 'node:events';
import { promises, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzip, gunzipSync, gzipSync } from 'node:zlib';
import * as sandbox from 'seccomp';

/** The error code of an action that is not allowed. */
async function endOf(work) {
  try {
    await work();
    return 'works';
  } catch ({ code }) {
    return code;
  }
}

// A filter that denies io_uring must be attached before Node's event loop uses io_uring: see docs/reference/node-processes.md.
sandbox.harden(process.argv[2] ?? 'compute');

const numbers = JSON.parse(await text(process.stdin));
const sum = numbers.reduce((a, b) => a + b, 0);
const worker = new Worker('require("node:worker_threads").parentPort.postMessage(6 * 7)', { eval: true });
const [product] = await once(worker, 'message');
const packed = gzipSync('text');
console.log(
  JSON.stringify({
    sum,
    product,
    hash: createHash('sha256').update('').digest('hex').slice(0, 8),
    key: (await promisify(scrypt)('password', 'salt', 8)).length,
    unpacked: [gunzipSync(packed), await promisify(gunzip)(packed)].map(String),
    timer: await new Promise((resolve) => setTimeout(resolve, 1, 'fires')),
    date: new Date(0).toISOString(),
    random: typeof Math.random() === 'number' && crypto.randomUUID().length,
    file: await endOf(() => readFileSync('/etc/passwd')),
    fileInThePool: await endOf(() => promises.readFile('/etc/passwd')),
    module: await endOf(() => import('./node-work/echo.mjs')),
    network: await endOf(() => once(connect(1, '127.0.0.1'), 'connect')),
    machine: await endOf(() => once(connect('/run/none'), 'connect')),
    program: await endOf(() => once(spawn('true'), 'spawn')),
    signal: await endOf(() => process.kill(process.ppid, 0)),
  }),
);
