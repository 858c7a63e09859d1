/**
 * Starts programs with `limits`, in a real hierarchy of cgroup v2, and prints what happened as JSON. Arguments: the program of
 * usage.c, and `root`, `alone`, `user` or `container`: how this process is placed.
 *
 * - `root`: in the root cgroup, as root.
 * - `alone`: alone in a cgroup, as root.
 * - `container`: alone in the topmost cgroup that it can see, as root. The container starts this script with `placed`.
 * - `user`: alone in a cgroup that an ordinary user owns: as in a delegated scope of systemd.
 */
import { execFileSync, spawnSync as spawnSyncInNode } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { delegateCgroup, run, spawn, spawnSync } from 'seccomp';

const [, , program, placing = 'root', isPlaced] = process.argv;
const ROOT = '/sys/fs/cgroup';
const USER = 1000;
const OTHER = 65_534;

if (isPlaced === 'abandon') abandon();
else if (placing === 'root' || isPlaced === 'placed') process.stdout.write(JSON.stringify(await scenario()));
else startPlaced();

/** Runs this script again in a cgroup of its own, with the controllers that the root can give. */
function startPlaced() {
  const cgroup = `${ROOT}/seccomp-test-${placing}`;
  mkdirSync(cgroup);
  for (const controller of ['memory', 'pids', 'cpu'])
    execFileSync('sh', ['-c', `echo +${controller} >${ROOT}/cgroup.subtree_control`]);
  if (placing === 'user')
    for (const name of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'])
      chownSync(`${cgroup}/${name}`, USER, USER);
  const command = 'echo 0 >"$0/cgroup.procs" && exec "$@"';
  const script = [process.execPath, process.argv[1], program, placing, 'placed'];
  process.stdout.write(execFileSync('sh', ['-c', command, cgroup, ...script]));
  // The kernel removes the subgroup when its last process is reaped.
  for (const name of readdirSync(cgroup, { withFileTypes: true }))
    if (name.isDirectory()) rmdirSync(`${cgroup}/${name.name}`);
  rmdirSync(cgroup);
}

async function scenario() {
  if (placing === 'user') {
    process.setgid(USER);
    process.setuid(USER);
  }
  const paths = { read: ['@system'], execute: [program] };
  const abandoned = placing === 'root' ? await abandonedLeaves() : undefined;
  const before = await attempt(() =>
    run(program, ['pause', '0'], 'docker-default', { paths, limits: { processes: 9 } }),
  );
  const delegated = placing === 'root' ? undefined : await attempt(delegateCgroup);
  const again = placing === 'root' ? undefined : await attempt(delegateCgroup);
  const unprotected = await attempt(() => run('true', 'docker-default', { limits: { memory: '64M' } }));
  const granted = await attempt(() =>
    run('true', 'docker-default', { paths: { ...paths, write: ['/sys'] }, limits: { memory: '64M' } }),
  );
  const ways = { paths: { paths }, ...(process.getuid() === 0 && { uid: { uid: OTHER, gid: OTHER, cwd: '/' } }) };
  const results = {};
  for (const [name, options] of Object.entries(ways)) {
    const { message } = await attempt(() => run(program, ['pause', '0'], 'docker-default', options));
    // A kernel without Landlock can't restrict paths.
    if (!message?.startsWith("options.paths can't be honored")) results[name] = await usage(options);
  }
  const swept = abandoned?.filter((name) => existsSync(`${ROOT}/${name}`));
  return { abandoned, swept, before, delegated, again, unprotected, granted, results, left: leaves() };
}

/** The empty cgroups of children of a process that was killed, as its children were then. */
async function abandonedLeaves() {
  spawnSyncInNode(process.execPath, [process.argv[1], program, placing, 'abandon'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const names = leaves();
  const isPopulated = (name) => readFileSync(`${ROOT}/${name}/cgroup.events`, 'utf8').includes('populated 1');
  while (names.some(isPopulated)) await new Promise(setImmediate);
  return names;
}

/** Starts a child with limits, and ends this process. */
function abandon() {
  const options = { uid: OTHER, gid: OTHER, cwd: '/', limits: { processes: 9 }, stdio: 'ignore' };
  const child = spawn(program, ['pause', '1'], 'docker-default', options);
  child.on('spawn', () => process.kill(process.pid, 'SIGKILL'));
}

/** What programs with limits do. */
async function usage(options) {
  const start = (args, limits, more = {}) =>
    attempt(() => run(program, args, 'docker-default', { ...options, limits, timeout: 60_000, ...more }));
  const all = { memory: '64M', processes: 20, cpu: 2 };
  return {
    within: await start(['hog', '8'], all),
    hog: await start(['hog', '256'], { memory: '64M' }),
    bomb: await start(['bomb', '200'], { processes: 20 }),
    left: await leftBehind(options),
    spin: await start(['spin', '900'], { cpu: 0.2 }),
    sync: syncResult(spawnSync(program, ['hog', '256'], 'docker-default', { ...options, limits: { memory: '64M' } })),
    // The arguments alone need more memory than there is.
    starting: await start(['hog', ...new Array(15).fill('x'.repeat(100_000))], { memory: '1M' }),
    startingLeft: await start(
      ['hog', ...new Array(15).fill('x'.repeat(100_000))],
      { memory: '1M' },
      { descendants: 'leave' },
    ),
    closed: await attempt(() => withClosedDescriptor(options)),
    leaving: await leaving(options, all),
  };
}

/** Whether the cgroup of a program that has ended exists: as long as another process is in it, and after that. */
async function leftBehind(options) {
  const limits = { processes: 20 };
  const more = { ...options, limits, descendants: 'leave', stdio: ['pipe', 'pipe', 'ignore'] };
  const script = '"$0" pause 1000 >/dev/null & echo $!';
  const { stdout, enforcement } = await run('sh', ['-c', script, program], 'docker-default', more);
  const directory = `${ROOT}${enforcement.limits.cgroup}`;
  const before = existsSync(directory);
  process.kill(Number(stdout), 'SIGKILL');
  while (existsSync(directory)) await new Promise(setImmediate);
  return { before, after: existsSync(directory) };
}

/** Passes the number of a descriptor that is closed, which that of the cgroup's directory has next. */
function withClosedDescriptor(options) {
  const next = openSync('/dev/null');
  closeSync(next);
  const stdio = ['ignore', 'ignore', 'ignore', next];
  return spawn(program, ['pause', '0'], 'docker-default', { ...options, limits: { processes: 20 }, stdio });
}

function syncResult({ limit, signal, enforcement }) {
  return { limit, signal, enforcement: enforcement.limits };
}

/** Has a program try to leave. It learns the path of its cgroup, which follows the one before, from that one. */
async function leaving(options, limits) {
  const { enforcement } = await attempt(() => run(program, ['hog', '1'], 'docker-default', { ...options, limits }));
  const next = enforcement.cgroup.replace(/\d+$/, (number) => String(Number(number) + 1));
  const place = enforcement.cgroup.replace(/\/[^/]*$/, '');
  const read = options.paths === undefined ? {} : { paths: { ...options.paths, read: ['@system', ROOT] } };
  const args = ['leave', `${ROOT}${place}`, `${ROOT}${next}`];
  const result = await attempt(() => run(program, args, 'docker-default', { ...options, ...read, limits }));
  return { ...result, isRight: result.enforcement.cgroup === next };
}

/** What a start resolves to, or the properties of its error. */
async function attempt(begin) {
  try {
    const result = await begin();
    return result.enforcement === undefined ? result : { ...ended(result) };
  } catch (error) {
    return { ...ended(error), message: error.message, code: error.code };
  }
}

function ended({ stdout, limit, signal, exitCode, enforcement }) {
  return { stdout, limit, signal, exitCode, enforcement: enforcement?.limits, tree: enforcement?.tree };
}

/** The cgroups of children that were not removed. */
function leaves() {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))[1];
  const place = placing === 'root' ? own : own.replace(/\/[^/]*$/, '');
  return readdirSync(`${ROOT}${place}`).filter((name) => /^seccomp-\d/.test(name));
}
