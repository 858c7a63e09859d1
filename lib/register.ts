/** seccomp/register: `node --import seccomp/register` puts the profile that SECCOMP_PROFILE names on the whole process. */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { SeccompError } from './errors.js';
import { harden } from './sandbox/harden.js';
import { resolveSources } from './sandbox/plan/resolve-sources.js';
import { runOrExit } from './sandbox/this-process/exit-status.js';
import { deniesIoUring, ioUringDescriptors, restartWithoutIoUring } from './sandbox/this-process/io-uring.js';
import { emptyFields } from './util/own-data.js';

const VARIABLE = 'SECCOMP_PROFILE';

runOrExit('seccomp/register', () => {
  const profile = process.env[VARIABLE];
  if (isMainThread) registerProcess(profile);
  else checkWorker(profile);
});

function registerProcess(profile: string | undefined): void {
  if (profile === undefined || profile === '') {
    const message = `${VARIABLE} is not set: it takes a built-in's name, a path or JSON text; to filter nothing, unconfined`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  if (ioUringDescriptors().length > 0) {
    const policies = resolveSources(profile, emptyFields()).each.map(({ policy }) => policy);
    if (deniesIoUring(policies)) restart(); // Before the work of compiling.
  }
  harden(profile);
  setEnvironmentData(VARIABLE, profile);
}

/** Not where something has been read already that the second start would miss: a program on stdin, messages. */
function restart(): never {
  const fromStdin = process.argv[1] === '-' || (process.argv.length === 1 && !process.execArgv.some(isEval));
  if (process.channel === undefined && !fromStdin) return restartWithoutIoUring(true);
  const why = fromStdin ? 'with its program on stdin' : 'with a channel to its parent';
  const remedy = fromStdin ? 'give the program as a file' : "start it by seccomp's fork()";
  throw new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    `this Node has io_uring instances, which the profile denies, and ${why} it can't be started again without: ` +
      `${remedy}, or have the parent deny io_uring_setup; see docs/fork.md`,
  );
}

/** -e, -p, -pe, --eval, --print */
function isEval(option: string): boolean {
  return /^(-p?e|-p|--eval|--print)\b/.test(option);
}

/** A worker has the filters of the process; it can't have another profile of its own. */
function checkWorker(profile: string | undefined): void {
  const registered = getEnvironmentData(VARIABLE);
  if (registered !== undefined && (profile === undefined || profile === registered)) return;
  const state = registered === undefined ? 'has no profile' : `has the profile ${JSON.stringify(registered)}`;
  const message = `the process of this worker ${state}, and a worker can't have its own`;
  throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: give --import seccomp/register to node, or fork a process`);
}
