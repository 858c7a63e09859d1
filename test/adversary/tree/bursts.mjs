#!/bin/node
/** Starts and ends many trees, a few at a time, and prints what is left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { children } from '../../support/children.mjs';
import { Held, input, Tree } from './trees.mjs';

const ENDS = [
  ({ child }) => child.killTree('SIGKILL'),
  ({ child }) => child.killTree('SIGTERM'),
  ({ child }) => child.stdin.end(),
  ({ child }) => child.kill('SIGKILL'),
  (_, controller) => controller.abort(),
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
      const options = { signal: controller.signal, forceKillAfter: 1, env: { ...process.env, MOST: '10' } };
      const tree = new Tree(['escape', escapes[i % escapes.length]], options, pipe);
      await tree.ready();
      ENDS[i % ENDS.length](tree, controller);
      await tree.child.treeEnded;
      if (pipe.isHeld()) held++;
      await tree.closed;
    }
    pipe.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

await startAndEnd(2 * input.escapes.length); // Creates what is kept.
const before = descriptors();
await startAndEnd(input.count);
const left = {
  held,
  descriptors: descriptors() - before,
  children: children().filter((pid) => pid !== outsider.pid).length,
  outsider: outsider.exitCode ?? outsider.signalCode,
};
outsider.kill('SIGKILL');
const [, signal] = await once(outsider, 'exit');
console.log(JSON.stringify({ ...left, signal }));
