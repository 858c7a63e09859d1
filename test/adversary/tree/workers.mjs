#!/bin/node
/**
 * Starts a tree in this thread and one in a worker, and ends the worker. Prints whether the former lived on, and what is
 * left of both.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { children } from '../../support/children.mjs';
import { until } from '../../support/until.mjs';
import { Held, input, Tree } from './trees.mjs';

const ESCAPE = ['escape', 'a session of its own'];

if (isMainThread) await main();
else {
  const tree = new Tree(ESCAPE, {}, input.held);
  await tree.ready();
  parentPort.on('message', () => process.exit());
  parentPort.postMessage('ready');
}

async function main() {
  const ends = [];
  for (const how of ['terminate', 'exit']) {
    const tree = new Tree(ESCAPE);
    await tree.ready();
    const ofWorker = new Held();
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...input, held: { path: ofWorker.path } } });
    await once(worker, 'message');
    const exit = once(worker, 'exit');
    if (how === 'terminate') worker.terminate();
    else worker.postMessage('exit');
    await exit;
    await until(() => !ofWorker.isHeld());
    const lived = tree.held.isHeld();
    tree.child.stdin.end();
    await tree.child.treeEnded;
    ends.push({ how, lived, end: await tree.closed, held: tree.held.isHeld() });
  }
  await until(() => children().every(hasEnded)); // The guardians of the ended workers.
  const last = new Tree(ESCAPE); // A start reaps them.
  await last.ready();
  last.child.stdin.end();
  await last.closed;
  console.log(JSON.stringify({ ends, children: children().length }));
}

/** Whether a child is a zombie. */
function hasEnded(child) {
  const stat = readFileSync(`/proc/${child}/stat`, 'utf8');
  return stat[stat.lastIndexOf(')') + 2] === 'Z';
}
