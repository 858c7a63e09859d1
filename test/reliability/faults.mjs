/**
 * Starts a program in the way that each line of its input names, and prints a line with the result of each:
 * `node faults.mjs '{ "dist", "program", "marker", "profile", "module" }'`, for test/support/faults.ts.
 * kill(itself, 0) marks the beginning of a start, the return of the function, and the end of the start.
 */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { children } from '../support/children.mjs';
import { until } from '../support/until.mjs';

const { dist, program, marker, profile, module } = JSON.parse(process.argv[2]);
const { fork, run, spawn, spawnSync } = await import(dist);
const descriptors = () => readdirSync('/proc/self/fd').length;
const mark = () => process.kill(process.pid, 0);
let file = program;
let failure;

/**
 * Ends a child that would run forever. A child that the caller did not receive must be ended by the function that
 * started it.
 */
function killed(child) {
  const end = ended(child);
  child.kill();
  return end;
}

async function ended(child) {
  for (const stream of child.stdio) stream?.on('error', () => {});
  child.on('error', (error) => {
    failure = error;
  });
  child.stdin?.end();
  child.stdout?.resume();
  child.stderr?.resume();
  mark();
  const [code, signal] = await once(child, 'close');
  return signal ?? code;
}

async function settled(promise) {
  mark();
  return (await promise).exitCode;
}

function ofSync({ error, signal, status }) {
  mark();
  failure = error;
  return signal ?? status;
}

/**
 * A call without an answer fails with ENOSYS, which the program interprets as a missing filter, so it may create this
 * marker.
 */
const other = `${marker}-supervised`;
const onViolation = true;
const notify = { sched_get_priority_max: (call) => call.return(1) };
const starts = {
  spawn: () => killed(spawn(file, [marker, 'p'], profile)),
  'spawn without pipes': () => ended(spawn(file, [marker, 'e'], profile, { stdio: 'ignore' })),
  'spawn with all options': () => {
    const limits = {
      rlimits: { nofile: 64 },
      capabilities: ['CAP_CHOWN'],
      uid: process.getuid(),
      gid: process.getgid(),
    };
    return ended(
      spawn(file, [marker, 'e'], profile, {
        ...limits,
        cwd: '/',
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      }),
    );
  },
  'spawn, supervised': () => killed(spawn(file, [other, 'p'], profile, { onViolation })),
  'spawn, with a handler': () => killed(spawn(file, [other, 'p'], profile, { notify })),
  spawnSync: () => ofSync(spawnSync(file, [marker, 'e'], profile, { input: 'x' })),
  'spawnSync, supervised': () => ofSync(spawnSync(file, [other, 'e'], profile, { onViolation })),
  'spawn with a guardian': () => ended(spawn(file, [marker, 'e'], profile, { descendants: 'kill', stdio: 'ignore' })),
  run: () => settled(run(file, [marker, 'e'], profile, { descendants: 'leave' })),
  fork: () => ended(fork(module, [marker], profile, { stdio: 'pipe' })),
};

for await (const line of createInterface(process.stdin)) {
  const { how, missing, kept = 0 } = JSON.parse(line);
  const before = descriptors();
  file = missing ? '/nowhere' : program;
  failure = undefined;
  let end;
  mark();
  try {
    end = await starts[how]();
  } catch (error) {
    mark();
    failure = error;
  }
  // Threads of the supervisor close a child's descriptors after its end. If they never do, the test ends this process.
  await until(() => children().length === 0 && descriptors() <= before + kept);
  mark();
  const error = failure && `${failure.name} ${failure.code}: ${failure.message}`;
  const left = { children: children().length, descriptors: descriptors() - before };
  console.log(JSON.stringify({ end, error, ...left, bare: existsSync(marker) }));
}
