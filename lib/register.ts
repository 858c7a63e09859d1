/**
 * seccomp/register: `node --require seccomp/register` attaches the profile that SECCOMP_PROFILE names to the whole
 * process, and so does `--import`.
 */
import type { Cluster } from 'node:cluster';
import { createRequire } from 'node:module';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { SeccompError } from './errors.js';
import { unsupportedReason } from './native.js';
import { harden } from './sandbox/harden.js';
import { resolveSources } from './sandbox/plan/resolve-sources.js';
import { runOrExit } from './sandbox/this-process/exit-status.js';
import { deniesIoUring, ioUringDescriptors, restartWithoutIoUring } from './sandbox/this-process/io-uring.js';
import { hasEval } from './sandbox/this-process/node-arguments.js';
import { emptyFields } from './util/own-data.js';

const VARIABLE = 'SECCOMP_PROFILE';

runOrExit('seccomp/register', () => {
  const profile = process.env[VARIABLE];
  if (isMainThread) registerProcess(profile);
  else checkWorker(profile);
});

function registerProcess(profile: string | undefined): void {
  if (profile === undefined || profile === '') {
    const values = "a built-in's name, a path, JSON text, or unconfined to filter nothing";
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `${VARIABLE} is ${profile === undefined ? 'not set' : 'empty'}: set it to ${values}`,
    );
  }
  if (unsupportedReason() === undefined && ioUringDescriptors().length > 0) {
    const policies = resolveSources(profile, emptyFields()).each.map(({ policy }) => policy);
    if (deniesIoUring(policies)) restart(); // Before the filter is compiled, since that work would be lost.
  }
  harden(profile);
  setEnvironmentData(VARIABLE, profile);
}

/**
 * Restarts Node without io_uring. Refuses if the program would lose input that this Node may already have read: a
 * program on stdin, or messages on the channel to the parent. Also refuses in a worker of a cluster, whose primary would
 * receive its `online` message twice.
 */
function restart(): never {
  if (isInCluster()) throw restartError('in a worker of a cluster', 'start its primary under seccomp/register');
  if (isRequired()) return restartWithoutIoUring(true);
  if (process.channel !== undefined)
    throw restartError('with a channel to its parent', "use --require instead of --import, or seccomp's fork()");
  const fromStdin = process.argv[1] === '-' || (process.argv.length === 1 && !hasEval(process.execArgv));
  if (fromStdin)
    throw restartError('with its program on stdin', 'use --require instead of --import, or give the program as a file');
  return restartWithoutIoUring(true);
}

function isInCluster(): boolean {
  const cluster: Cluster = createRequire(import.meta.filename)('node:cluster');
  return cluster.isWorker;
}

/** Whether --require loads this file. Node does that before it reads any input; it loads the files of --import later. */
function isRequired(): boolean {
  return createRequire(import.meta.filename).cache[import.meta.filename]?.isPreloading === true;
}

function restartError(where: string, remedy: string): SeccompError {
  return new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    `this Node has io_uring instances, which the profile denies, and ${where} it cannot be restarted without them: ` +
      `${remedy}, or have the parent deny io_uring_setup; see docs/reference/node-processes.md`,
  );
}

/** Throws if a worker's profile differs from its process's, whose filters the worker has. */
function checkWorker(profile: string | undefined): void {
  const registered = getEnvironmentData(VARIABLE);
  if (registered !== undefined && (profile === undefined || profile === registered)) return;
  const state = registered === undefined ? 'has no profile' : `has the profile ${JSON.stringify(registered)}`;
  const message = `the process of this worker ${state}, and a worker cannot have its own`;
  throw new SeccompError(
    'ERR_SECCOMP_OPTION',
    `${message}: give --require seccomp/register to node, or fork a process`,
  );
}
