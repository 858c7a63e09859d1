#!/bin/node
/**
 * Starts and ends `count` trees, a few at a time and in many ways, after `before` others. Prints what is left of them, and
 * how much the use of memory has grown since then.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { children } from '../../support/children.mjs';
import { Held, input, Tree } from './trees.mjs';

/** Milliseconds: most programs are ready by then. */
const TIMEOUT = 20;

/** Ends by which a tree is ended. Their number has no divisor in common with that of the escapes. */
const ENDS = [
  ({ child }) => child.killTree('SIGKILL'),
  ({ child }) => child.killTree('SIGTERM'),
  ({ child }) => child.stdin.end(),
  ({ child }) => child.kill('SIGKILL'),
  (_, controller) => controller.abort(),
  ({ child }) => child[Symbol.dispose](),
  'timeout',
];
const LANES = 4;

const descriptors = () => readdirSync('/proc/self/fd').length;

/** A process that is in no tree. */
const outsider = spawn(input.program, ['hold'], { stdio: 'ignore' });

let held = 0;
async function startAndEnd(count) {
  let started = 0;
  const lane = async () => {
    const pipe = new Held();
    for (let i = started++; i < count; i = started++) {
      const controller = new AbortController();
      const { escapes } = input;
      const end = ENDS[i % ENDS.length];
      const tree = new Tree(
        ['escape', escapes[i % escapes.length]],
        {
          ...{ signal: controller.signal, forceKillAfter: 1, env: { ...process.env, MOST: '10' } },
          timeout: end === 'timeout' ? TIMEOUT : undefined,
        },
        pipe,
      );
      if (end !== 'timeout') {
        await tree.ready();
        end(tree, controller);
      }
      await tree.child.treeEnded;
      if (pipe.isHeld()) held++;
      await tree.closed;
    }
    pipe.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Bytes in use, when all is collected that can be: of V8's heap, and beside it, where its free pages don't count. */
function usage() {
  collect();
  const { heapUsed, heapTotal, rss } = process.memoryUsage();
  return { heap: heapUsed, memory: rss - heapTotal };
}

/** How many times usage is looked at: it rises and falls by megabytes, and the least of several looks does not. */
const LOOKS = 5;

/** Starts and ends trees. Returns the least usage. */
async function leastUsage(count) {
  let least = { heap: Number.POSITIVE_INFINITY, memory: Number.POSITIVE_INFINITY };
  for (let look = 1; look <= LOOKS; look++) {
    await startAndEnd(Math.ceil(count / LOOKS));
    const { heap, memory } = usage();
    least = { heap: Math.min(least.heap, heap), memory: Math.min(least.memory, memory) };
  }
  return least;
}
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const usedBefore = await leastUsage(input.before); // Creates what is kept.
const before = { descriptors: descriptors(), ...usedBefore };
const usedAfter = await leastUsage(input.count);
const after = { descriptors: descriptors(), ...usedAfter };
const left = {
  held,
  children: children().filter((pid) => pid !== outsider.pid).length,
  outsider: outsider.exitCode ?? outsider.signalCode,
};
outsider.kill('SIGKILL');
const [, signal] = await once(outsider, 'exit');
const grown = Object.fromEntries(Object.keys(before).map((name) => [name, after[name] - before[name]]));
console.log(JSON.stringify({ ...left, signal, grown }));
