#!/bin/node
/**
 * Ends processes that start trees: each of `moments` is `{ death, lines, turns }`. Waits for all processes of their trees.
 * Prints how each of those processes ended, and whether a tree lived as long as its guardian was stopped.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { children } from '../../support/children.mjs';
import { until } from '../../support/until.mjs';
import { input } from './trees.mjs';

const SCRIPT = fileURLToPath(new URL('starter.mjs', import.meta.url));
/** The exit status of `tree outside`. */
const NO_NAMESPACE = 78;
/** How many processes run at once. */
const LANES = 3;
/** More kilobytes than a stack may have. */
const STACK = '--stack-size=60000';

/** Starts a process that starts trees: as the init of a PID namespace, `tree outside` is between it and this process. */
function startStarter(lanes) {
  const { home, program, options, escapes, isInit } = input;
  const command = [process.execPath, STACK, SCRIPT, JSON.stringify({ home, program, options, escapes, lanes })];
  const [file, ...args] = isInit ? [program, 'outside', '-1', '-1', 'first', ...command] : command;
  const starter = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
  starter.stdin.on('error', () => {});
  return {
    starter,
    ended: once(starter, 'exit').then(([code, signal]) => signal ?? code),
    lines: createInterface(starter.stdout)[Symbol.asyncIterator](),
    // The other end of this socket is open in each process of the trees, and closed in their guardians.
    released: once(starter.stdio[3].resume(), 'end'),
  };
}

/** The process that starts the trees: a child of two processes of `tree outside`, or the one that was started. */
const starterOf = ({ pid }) => (input.isInit ? children(children(pid)[0])[0] : pid);

/** Ends a starter after some trees were ready, and after some turns of this process's event loop. */
async function endAt({ death, lines, turns }) {
  const each = startStarter(2);
  const first = await each.lines.next();
  if (first.done) {
    if ((await each.ended) === NO_NAMESPACE) return undefined;
    throw new Error('no trees were started');
  }
  for (let i = 0; i < lines; i++) await each.lines.next();
  let left = turns;
  await until(() => left-- <= 0);
  if (death === 'kill') process.kill(starterOf(each.starter), 'SIGKILL');
  else each.starter.stdin.write(`${death}\n`);
  const end = await each.ended;
  await each.released;
  return end;
}

/** A line of proc_pid_status(5). */
const statusOf = (pid, name) =>
  new RegExp(`^${name}:\t(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];

/**
 * Stops a guardian, and continues it after its parent was killed and waited for. Returns whether the first process of the
 * tree was alive until then.
 */
async function stopGuardian() {
  const { starter, ended, lines, released } = startStarter(0);
  for (let i = 0; i < 2; i++) await lines.next();
  const isGuardian = (pid) => statusOf(pid, 'Name') === 'seccomp-guard';
  const guardian = children(starter.pid).find(isGuardian);
  const child = children(starter.pid).find((pid) => !isGuardian(pid));
  process.kill(guardian, 'SIGSTOP');
  await until(() => statusOf(guardian, 'State') === 'T');
  starter.kill('SIGKILL');
  await ended;
  const lived = statusOf(guardian, 'State') === 'T' && statusOf(child, 'State') === 'S';
  process.kill(guardian, 'SIGCONT');
  await released;
  return lived;
}

/** The ends of those processes; null if there is no PID namespace for one of them. */
async function endAll() {
  const ends = [];
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < input.moments.length; i = next++) ends[i] = await endAt(input.moments[i]);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return ends.includes(undefined) ? null : ends;
}

const ends = await endAll();
const lived = input.stopsGuardian ? await stopGuardian() : undefined;
console.log(JSON.stringify(ends && { ends, lived }));
