#!/bin/node
/**
 * Starts `trees` trees of programs that ignore signals, and ends them all at once by aborts. Prints the number of processes
 * before that, the milliseconds to the end of the last tree from the moment when the first SIGKILL is due, which is `after`
 * milliseconds after the aborts, the longest delay of the event loop, and what is left.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Held, input, Tree } from '../../test/adversary/tree/trees.mjs';
import { children } from '../../test/support/children.mjs';

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 5;

const descriptors = () => readdirSync('/proc/self/fd').length;

/** The number of processes that have not ended. */
const processes = () => readdirSync('/proc').filter((name) => /^\d/.test(name) && isRunning(name)).length;

function isRunning(pid) {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // It has ended.
  }
}

const held = new Held();

/** Starts a tree. Those of root have each a user of their own, and so a limit of their own. */
function start(i, args, options) {
  const { uid } = input.options;
  const own = uid === undefined ? {} : { uid: uid + 1 + i };
  return new Tree(args, { forceKillAfter: input.after, ...options, ...own }, held);
}

const first = start(0, ['escape', 'nothing']); // Opens what is kept open.
await first.ready();
first.child.stdin.end();
await first.closed;
const before = { descriptors: descriptors(), processes: processes() };

const controllers = Array.from({ length: input.trees }, () => new AbortController());
const trees = controllers.map(({ signal }, i) => start(i, input.args, { signal }));
for (const tree of trees) tree.child.stdin.write('x');
await Promise.all(trees.map((tree) => tree.ready()));
const count = processes() - before.processes;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
delay.enable();
const begin = performance.now();
for (const controller of controllers) controller.abort();
await Promise.all(trees.map(({ child }) => child.treeEnded));
const time = performance.now() - begin - input.after;
await Promise.all(trees.map(({ closed }) => closed));
delay.disable();
const left = {
  held: Number(held.isHeld()),
  children: children().length,
  descriptors: descriptors() - before.descriptors,
  processes: processes() - before.processes,
};
console.log(JSON.stringify({ count, time, delay: delay.max / 1e6 - RESOLUTION, left }));
