/**
 * Repeats each function of the addon as in a worker that is terminated inside its first, second, … call of Node-API.
 * Prints how many such calls each function makes, and what is left behind after the worker has ended: `node
 * terminated.mjs PACKAGE FUNCTION…`. PACKAGE is a copy of this package whose addon calls failing-napi.c.
 */
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, SHARE_ENV, Worker, workerData } from 'node:worker_threads';
import { children } from '../support/children.mjs';
import { until } from '../support/until.mjs';

const [, , directory, ...things] = process.argv;

const descriptors = () => readdirSync('/proc/self/fd').length;

/**
 * Ends the children. The supervisor then closes its descriptors of them on its own thread. If it never does, the test
 * ends this process.
 */
async function settle(before = Number.POSITIVE_INFINITY) {
  for (const pid of children()) process.kill(pid, 'SIGKILL');
  await until(() => children().length === 0 && descriptors() <= before);
}

/** The fewest descriptors that were open before a worker. The supervisor may close some of an earlier worker only later. */
let fewest = Number.POSITIVE_INFINITY;

/** Lets a worker repeat a function, or call it once to start the supervisor, which keeps a descriptor. */
async function leftBy(thing, { isWarmUp = false } = {}) {
  if (!isWarmUp) fewest = Math.min(fewest, descriptors());
  const options = { argv: [directory], workerData: { thing, isWarmUp }, env: SHARE_ENV };
  const worker = new Worker(new URL(import.meta.url), options);
  const [calls] = await once(worker, 'message');
  await worker.terminate();
  await settle(isWarmUp ? undefined : fewest);
  const open = descriptors();
  const left = open - Math.min(fewest, open);
  return { calls, descriptors: left, children: children().length };
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
    new Promise((resolve) => {
      const child = spawn('sh', ['-c', ':'], profile, { stdio: 'ignore', ...options });
      child.on('error', resolve).on('close', resolve);
    });
  let closeAgent = async () => {};
  /** The functions resolve when what they started has ended. */
  const attempts = {
    spawn: () => start('docker-default', { stdio: 'pipe' }),
    guarded: () => start('docker-default', { descendants: 'kill' }),
    limits: () => start('docker-default', { rlimits: { nofile: 64 }, capabilities: ['CAP_CHOWN'], uid: 0 }),
    notify: () => start(allowed, { notify }),
    observe: () => start('docker-default', { onViolation() {} }),
    spawnSync: () => spawnSync('cat', [], 'docker-default', { input: 'some', timeout: 5000 }),
    probe: () => probe('docker-default', [{ syscall: 'mount' }, { syscall: 'read' }]),
    harden: () => harden(allowed),
    listen: async () => {
      const agent = listen(path, {});
      connect(path)
        .on('error', () => {})
        .end('no container');
      closeAgent = () => agent.close().catch(() => {});
      await once(agent, 'refused');
    },
  };
  // Errors of this script about missing results. A terminated worker would not run this code.
  process.on('uncaughtException', () => {});
  const { thing, isWarmUp } = workerData;
  const isTerminated = () => process.env.SECCOMP_TEST_TERMINATED === 'over';
  /** Makes an attempt to its end, or until the worker seems to be terminated, as it receives no events then. */
  async function attempt() {
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
    };
    new Promise((resolve) => resolve(attempts[thing]())).then(end, end);
    await until(() => isTerminated() || hasEnded);
    closeAgent(); // In a terminated worker, its promise may never be settled.
  }
  await attempt(); // Loads everything that is loaded once.
  let calls = 0;
  for (let over = !isWarmUp; over; ) {
    calls++;
    console.error(`${thing}, ${calls}`); // If the process is killed, its last line shows where.
    process.env.SECCOMP_TEST_TERMINATED = `${calls}`;
    await attempt();
    over = isTerminated();
    await settle();
    delete process.env.SECCOMP_TEST_TERMINATED;
    rmSync(path, { force: true });
  }
  parentPort.postMessage(calls - 1);
}
