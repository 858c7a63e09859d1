/**
 * Repeats each function of the addon as in a worker that is terminated inside its first, second, … call of Node-API.
 * Prints how many such calls each function makes, and what is left behind after the worker has ended: `node
 * terminated.mjs PACKAGE`, a copy of this package whose addon calls failing-napi.c.
 */
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads';
import { children } from '../support/children.mjs';

const directory = process.argv[2];
const things = ['spawn', 'limits', 'notify', 'observe', 'spawnSync', 'probe', 'harden', 'listen'];

const descriptors = () => readdirSync('/proc/self/fd').length;

/** Ends the children. The supervisor then closes its descriptors of them on its own thread. */
async function settle(before) {
  for (const pid of children()) process.kill(pid, 'SIGKILL');
  for (let i = 0; i < 6000 && (children().length > 0 || descriptors() > before); i++) await wait(5);
}

/** Lets a worker repeat a function, or call it once to start the supervisor, which keeps a descriptor. */
async function leftBy(thing, { isWarmUp = false } = {}) {
  const before = descriptors();
  const options = { argv: [directory], workerData: { thing, isWarmUp }, env: SHARE_ENV };
  const worker = new Worker(new URL(import.meta.url), options);
  const [calls] = await once(worker, 'message');
  await worker.terminate();
  await settle(isWarmUp ? undefined : before);
  return { calls, descriptors: descriptors() - before, children: children().length };
}

if (isMainThread) {
  const answer = {};
  await leftBy('observe', { isWarmUp: true });
  for (const thing of things) answer[thing] = await leftBy(thing);
  console.log(JSON.stringify(answer));
} else {
  const load = (file) => import(pathToFileURL(join(directory, 'dist', file)).href);
  const { harden, listen, spawn, spawnSync } = await load('index.js');
  const { probe } = await load('testing/index.js');
  const path = join(tmpdir(), `seccomp-${process.pid}`);
  const allowed = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] };
  const notify = { getppid: (call) => call.return(1) };
  const start = (profile, options) =>
    spawn('sh', ['-c', ':'], profile, { stdio: 'ignore', ...options }).on('error', () => {});
  const attempts = {
    spawn: () => start('docker-default', { stdio: 'pipe' }),
    limits: () => start('docker-default', { rlimits: { nofile: 64 }, capabilities: ['CAP_CHOWN'], uid: 0 }),
    notify: () => start(allowed, { notify }),
    observe: () => start('docker-default', { onViolation() {} }),
    spawnSync: () => spawnSync('cat', [], 'docker-default', { input: 'some', timeout: 5000 }),
    probe: () => probe('docker-default', [{ syscall: 'mount' }, { syscall: 'read' }]),
    harden: () => harden(allowed),
    listen: () => {
      const agent = listen(path, {}).on('refused', () => {});
      connect(path)
        .on('error', () => {})
        .end('no container');
      setTimeout(() => agent.close(), 20);
    },
  };
  // Errors of this script about missing results. A terminated worker would not run this code.
  process.on('uncaughtException', () => {});
  const { thing, isWarmUp } = workerData;
  attempts[thing](); // Loads everything that is loaded once.
  await wait(100);
  let calls = 0;
  for (let over = !isWarmUp; over; ) {
    calls++;
    console.error(`${thing}, ${calls}`); // If the process is killed, its last line shows where.
    process.env.SECCOMP_TEST_TERMINATED = `${calls}`;
    try {
      attempts[thing]();
    } catch {}
    await wait(20); // For the events of the attempt. A terminated worker receives none that could be waited for.
    over = process.env.SECCOMP_TEST_TERMINATED === 'over';
    delete process.env.SECCOMP_TEST_TERMINATED;
    await settle();
    rmSync(path, { force: true });
  }
  parentPort.postMessage(calls - 1);
}
