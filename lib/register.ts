/**
 * seccomp/register: `node --require seccomp/register` attaches the profile that SECCOMP_PROFILE names to the whole
 * process, and so does `--import`.
 */

import type { Cluster } from 'node:cluster';
import { createHash } from 'node:crypto';
import { closeSync, constants, opendirSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { SeccompError } from './errors.js';
import type { PathsForm } from './landlock/paths/messages.js';
import { type CheckedPaths, readPaths } from './landlock/paths/option.js';
import { findNeeds, moduleNeeds } from './landlock/programs/program-needs.js';
import { unsupportedReason } from './native.js';
import { readJson } from './profile/json/read.js';
import { shown } from './profile/json/value.js';
import { NO_PROGRAM, toNativeConfinement } from './sandbox/child/native-request.js';
import { hardenProcess } from './sandbox/harden.js';
import { PATHS_VARIABLE } from './sandbox/plan/confinement.js';
import { planFilters } from './sandbox/plan/plan-filters.js';
import { resolveSources } from './sandbox/plan/resolve-sources.js';
import { runOrExit } from './sandbox/this-process/exit-status.js';
import { deniesIoUring, ioUringDescriptors } from './sandbox/this-process/io-uring.js';
import { hasEval } from './sandbox/this-process/node-arguments.js';
import { pm2Worker } from './sandbox/this-process/pm2.js';
import { type Restart, restartNode, WITHOUT_IO_URING } from './sandbox/this-process/restart.js';
import { printableJson } from './util/foreign-text.js';
import { homeDirectory } from './util/home-directory.js';
import { emptyFields, own } from './util/own-data.js';

const VARIABLE = 'SECCOMP_PROFILE';
/**
 * Holds the number of the process that has entered the domain of its paths, and a digest of these. Programs that it starts
 * are in the domain too.
 */
const ENTERED_VARIABLE = 'SECCOMP_PATHS_ENTERED_BY';

/** Paths that are given as JSON, by a variable of the environment. */
const AS_VARIABLE: PathsForm = {
  name: PATHS_VARIABLE,
  place: (list, index) => `${PATHS_VARIABLE}.${list}[${index}]`,
  several: () => 'give each path as a string of its own',
  skip: 'give {"path":"…","optional":true}',
  toRead: 'put it into read',
  url: '',
  home: (rest) => `give ${homeDirectory() ?? '/your/home'}${rest}`,
  variable: () => 'give its value',
  without: `unset ${PATHS_VARIABLE}: this Node then reaches all files that its user may`,
};

/** Undefined unless pm2's cluster mode has started this process, which is then a worker of its cluster. */
const pm2 = isMainThread ? pm2Worker() : undefined;

runOrExit(
  'seccomp/register',
  () => {
    adoptVariables();
    const profile = process.env[VARIABLE];
    if (isMainThread) registerProcess(profile);
    else checkWorker(profile);
  },
  (line) => pm2?.log(line),
);

/** Sets the variables that pm2 has for the program, which pm2 itself sets only later. */
function adoptVariables(): void {
  for (const name of [VARIABLE, PATHS_VARIABLE]) {
    const value = pm2?.variable(name);
    if (value !== undefined) process.env[name] = value;
  }
}

function registerProcess(profile: string | undefined): void {
  if (profile === undefined || profile === '') {
    const values = "a built-in's name, a path, JSON text, or unconfined to filter nothing";
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `${VARIABLE} is ${profile === undefined ? 'not set' : 'empty'}: set it to ${values}`,
    );
  }
  const paths = registeredPaths();
  if (unsupportedReason() === undefined) {
    if (paths !== undefined) restartInDomain(profile, paths);
    else if (ioUringDescriptors().length > 0 && deniesRings(profile)) restart(WITHOUT_IO_URING);
  }
  hardenProcess(profile, paths === undefined ? emptyFields() : own({ paths }), 'register');
  setEnvironmentData(VARIABLE, profile);
}

/** Whether the profile denies io_uring. It is not compiled for that, as the work would be lost with a restart. */
function deniesRings(profile: string): boolean {
  return deniesIoUring(resolveSources(profile, emptyFields()).each.map(({ policy }) => policy));
}

/** The `paths` in the environment; undefined if there are none. */
function registeredPaths(): CheckedPaths | undefined {
  const text = process.env[PATHS_VARIABLE];
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const example = '{"read":["@system","@node","."],"write":["./data"]}';
    const message = `${PATHS_VARIABLE} is not JSON (${cause instanceof Error ? cause.message : cause}): give it as in ${example}`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message, { cause });
  }
  const { parsed, issue } = readJson(text);
  const repeated = parsed?.repeats.at(0)?.at(-1);
  if (issue === undefined && repeated === undefined) return readPaths(value, AS_VARIABLE);
  const problem = issue?.message ?? `the key ${shown(repeated)} is repeated: give it once`;
  throw new SeccompError('ERR_SECCOMP_OPTION', `${PATHS_VARIABLE}: ${problem}`);
}

/** Restarts Node in the domain of its paths. Returns if this process is in it already. */
function restartInDomain(profile: string, paths: CheckedPaths): void {
  const id = createHash('sha256').update(`${process.env[PATHS_VARIABLE]}\0${process.cwd()}`).digest('base64url');
  const [enteredBy, enteredId] = process.env[ENTERED_VARIABLE]?.split(':') ?? [];
  if (enteredId === id && isRestricted(paths, enteredBy === String(process.pid))) return;
  const plan = planFilters(resolveSources(profile, emptyFields()), own({ paths }), 'register');
  const [, script] = process.argv;
  const hasScript = script !== undefined && !hasEval(process.execArgv);
  const confinement = toNativeConfinement(plan, emptyFields(), (directory) => ({
    ...NO_PROGRAM,
    needs: () => ({
      paths: findNeeds([process.execPath], directory).needs,
      isSettled: false,
    }),
    files: hasScript ? moduleNeeds(resolve(directory, script)) : [],
    isNode: true,
  }));
  restart({
    purpose: 'in the domain of its paths',
    remedy: 'start it by spawn or fork with paths',
    withoutIoUring: deniesIoUring(plan.filters.map(({ policy }) => policy)),
    confinement: { ruleset: confinement.ruleset, domainRequired: true },
    variables: { [ENTERED_VARIABLE]: `${process.pid}:${id}` },
  });
}

/**
 * Whether this process is in a domain of its paths, as the environment says, which can be copied: it must not be able to
 * do what everybody may, unless the paths grant that.
 *
 * @param otherwise - The answer if they grant all of that.
 */
function isRestricted({ given }: CheckedPaths, otherwise: boolean): boolean {
  const isGranted = (path: string, accesses: readonly string[]) =>
    given.some(
      (each) => accesses.includes(each.access) && (path === '/' ? ['/'] : ['/', path]).includes(resolve(each.path)),
    );
  if (!isGranted('/', ['read', 'write'])) return isDenied(() => opendirSync('/').closeSync());
  if (!isGranted('/proc', ['write'])) return isDenied(() => closeSync(openSync('/proc/self/comm', constants.O_WRONLY)));
  return otherwise;
}

function isDenied(open: () => void): boolean {
  try {
    open();
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

/**
 * Restarts Node. Refuses if the program would lose input that this Node may already have read: a program on stdin, or
 * messages on the channel to the parent. Also refuses in a worker of a cluster, whose primary would receive its `online`
 * message twice, except if the primary is pm2, which reads the first one only.
 */
function restart(how: Restart): never {
  if (pm2 === undefined && isInCluster())
    throw restartRefusal(how, 'in a worker of a cluster', 'start its primary under seccomp/register');
  if (isRequired()) return restartNode(how);
  if (process.channel !== undefined)
    throw restartRefusal(how, 'with a channel to its parent', "use --require instead of --import, or seccomp's fork()");
  const fromStdin = process.argv[1] === '-' || (process.argv.length === 1 && !hasEval(process.execArgv));
  if (fromStdin)
    throw restartRefusal(
      how,
      'with its program on stdin',
      'use --require instead of --import, or give the program as a file',
    );
  return restartNode(how);
}

function isInCluster(): boolean {
  const cluster: Cluster = createRequire(import.meta.filename)('node:cluster');
  return cluster.isWorker;
}

/** Whether --require loads this file. Node does that before it reads any input; it loads the files of --import later. */
function isRequired(): boolean {
  return createRequire(import.meta.filename).cache[import.meta.filename]?.isPreloading === true;
}

function restartRefusal(how: Restart, where: string, remedy: string): SeccompError {
  const isForRings = how === WITHOUT_IO_URING;
  const why = isForRings
    ? 'has io_uring instances, which the profile denies'
    : 'has to be restarted to restrict its paths';
  const cannot = isForRings ? 'it cannot be restarted without them' : 'it cannot be';
  const other = isForRings ? ', or have the parent deny io_uring_setup; see docs/reference/node-processes.md' : '';
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', `this Node ${why}, and ${where} ${cannot}: ${remedy}${other}`);
}

/** Throws if a worker's profile differs from its process's, whose filters the worker has. */
function checkWorker(profile: string | undefined): void {
  const registered = getEnvironmentData(VARIABLE);
  if (registered !== undefined && (profile === undefined || profile === registered)) return;
  const state = registered === undefined ? 'has no profile' : `has the profile ${printableJson(registered)}`;
  const message = `the process of this worker ${state}, and a worker cannot have its own`;
  throw new SeccompError(
    'ERR_SECCOMP_OPTION',
    `${message}: give --require seccomp/register to node, or fork a process`,
  );
}
