/**
 * Starts programs in every way, from this thread and from workers, several at once, and prints what is left behind:
 * `node --expose-gc churn.mjs '{ "dist", "program", "marker", "count", "workers", "seed" }'`
 * `program` is test/support/first-call.c. An unexpected result ends this process.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, stat } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { until } from '../support/until.mjs';

/** The number of concurrent starts in each thread. */
const IN_FLIGHT = 6;
/** A user ID without other processes. */
const USER = 61_234;

const settings = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const { spawn, spawnSync, loadProfile } = await import(settings.dist);
const profile = (...names) =>
  loadProfile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['getppid'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 },
      ...(names.length > 0 ? [{ names, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }] : []),
    ],
  });
const profiles = [profile(), profile('execve', 'execveat', 'exit_group')];
const isRoot = process.getuid() === 0;

/**
 * Numbers from 0 to below `below`, the same for the same seed: the minimal standard generator (Park and Miller 1988).
 */
let state = settings.seed;
function random(below) {
  state = (state * 48_271) % 2_147_483_647;
  return state % below;
}

/** Starts the program, and returns how it ended: `0`, `SIGTERM`, `ENOENT`, … */
function start(how, options = {}, meanwhile = () => {}, file = settings.program) {
  const child = spawn(file, [settings.marker, how], profiles[random(2)], {
    stdio: random(2) === 0 ? 'pipe' : 'ignore',
    ...options,
  });
  let failure;
  child.on('error', (error) => {
    failure = error.code;
  });
  child.stdin?.on('error', () => {}); // The program ends before it has read all input.
  meanwhile(child);
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(failure ?? signal ?? String(code))));
}

/** The same by spawnSync. */
function startSync(how, options = {}, file = settings.program) {
  const { error, signal, status } = spawnSync(file, [settings.marker, how], profiles[random(2)], options);
  return error?.code ?? signal ?? String(status);
}

const soon = [(act) => act(), setImmediate, (act) => stat('/', act), process.nextTick];
const kill = (child) => child.kill('SIGKILL');

/** The kinds of starts: the ways in which each may end, and the function that makes it. */
const SCENARIOS = {
  'runs to its end': [['0'], () => start('e')],
  'is not there': [['ENOENT'], () => start('e', {}, undefined, '/nowhere')],
  'is no program': [['EACCES'], () => start('e', {}, undefined, '/proc/version')],
  'is killed': [['SIGKILL'], () => start('p', {}, (child) => soon[random(4)](() => kill(child)))],
  'is aborted': [
    ['ABORT_ERR'],
    () => {
      const abort = new AbortController();
      soon[random(4)](() => abort.abort());
      return start('p', { signal: abort.signal, killSignal: 'SIGKILL' });
    },
  ],
  // p never ends, so its timeout is certain.
  'takes too long': [['SIGTERM'], () => start('p', { timeout: 1 + random(5) })],
  'has its output left unread': [
    ['SIGKILL', '0'],
    () => start('w', { stdio: 'pipe' }, (child) => soon[random(3)](() => kill(child))),
  ],
  'loses its reader': [
    ['SIGPIPE', '0'],
    () => start('w', { stdio: 'pipe' }, ({ stdout }) => soon[random(4)](() => stdout.destroy())),
  ],
  'does not read': [['0'], () => start('e', { stdio: 'pipe' }, ({ stdin }) => stdin.end(Buffer.alloc(random(3e5))))],
  'reads all': [['0'], () => start('r', { stdio: 'pipe' }, ({ stdin }) => stdin.end(Buffer.alloc(random(3e5))))],
  'has no memory': [['SIGSEGV'], () => start('e', { rlimits: { as: 4096 } })], // execve kills a program that it can't load.
  'is not referenced for a while': [
    ['0'],
    () =>
      start('e', {}, (child) => {
        child.unref();
        soon[random(3)](() => child.ref());
      }),
  ],
  'sync: runs to its end': [['0'], () => startSync('e')],
  'sync: is not there': [['ENOENT'], () => startSync('e', {}, '/nowhere')],
  'sync: takes too long': [['ETIMEDOUT'], () => startSync('p', { timeout: 1 + random(3) })],
  'sync: reads all': [['0'], () => startSync('r', { input: Buffer.alloc(random(3e5)) })],
  'sync: does not read': [['0', 'EPIPE', 'ECONNRESET'], () => startSync('e', { input: Buffer.alloc(random(3e5)) })],
  'sync: writes too much': [['ENOBUFS'], () => startSync('w', { maxBuffer: 1 + random(1e6) })],
  'sync: has no memory': [['SIGSEGV'], () => startSync('e', { rlimits: { as: 4096 } })],
  ...(isRoot
    ? {
        'has no process left': [['EAGAIN'], () => start('e', { uid: USER, rlimits: { nproc: 0 } })],
        'sync: has no process left': [['EAGAIN'], () => startSync('e', { uid: USER, rlimits: { nproc: 0 } })],
      }
    : {}),
};
const names = Object.keys(SCENARIOS);

async function churn(count) {
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const name = names[random(names.length)];
      const [expected, begin] = SCENARIOS[name];
      const end = await begin();
      if (!expected.includes(end)) throw new Error(`a program that ${name} ended with ${end}, not ${expected}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

/** Distributes `count` starts over this thread and new workers. */
async function everywhere(count) {
  const share = Math.ceil(count / (settings.workers + 1));
  const workers = Array.from({ length: settings.workers }, (_, i) => {
    const data = { ...settings, count: share, seed: random(1e9) + i + 1 };
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    return Promise.race([once(worker, 'exit'), once(worker, 'error').then(([error]) => Promise.reject(error))]);
  });
  await Promise.all([churn(share), ...workers]);
  await until(() => resources().length <= own.length); // Waits for pending closes.
  globalThis.gc();
}

function zombies() {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [status, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ');
      return status === 'Z' && Number(parent) === process.pid;
    } catch {
      return false; // The process has ended.
    }
  }).length;
}

/** The resources that keep the event loop alive, except those of this script's waiting. */
const resources = () => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
process.stdout.on('error', () => {}); // These two streams are created at their first use.
process.stderr.on('error', () => {});
const own = resources();

/** The target of each descriptor of this process, by number. */
function descriptors() {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return [fd, readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // The descriptor by which this folder was read.
    }
  });
  return Object.fromEntries(links.filter(([fd]) => fd !== undefined));
}

const held = () => ({
  memory: process.memoryUsage.rss(),
  heap: process.memoryUsage().heapUsed,
});

if (isMainThread) {
  // The kernel counts a user's processes when a process changes to that user, so the limit needs an existing process.
  const holder = isRoot
    ? spawn(settings.program, [settings.marker, 'p'], profiles[0], { uid: USER, stdio: 'ignore' })
    : null;
  await everywhere(settings.count); // Allocators permanently keep some of the peak memory.
  const [before, known] = [held(), descriptors()];
  await everywhere(settings.count);
  const [after, open] = [held(), descriptors()];
  const grown = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]));
  const more = Object.entries(open).filter(([fd]) => known[fd] === undefined);
  console.log(
    JSON.stringify({ ...grown, descriptors: more, zombies: zombies(), resources: resources().slice(own.length) }),
  );
  holder?.kill('SIGKILL');
} else {
  await churn(settings.count);
}
