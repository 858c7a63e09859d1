#!/bin/node
/**
 * Ends trees that starve their guardians of CPU time: each of `attacks` is the arguments of the attacking program. Prints for
 * each the milliseconds from SIGKILL to the end of the tree, and the ways to change a guardian that have failed.
 */
import { Held, input, Tree } from '../../test/adversary/tree/trees.mjs';

const held = new Held();
const results = [];
for (const args of input.attacks) {
  const tree = new Tree(args, {}, held);
  const failed = await tree.ready();
  const begin = performance.now();
  tree.child.killTree('SIGKILL');
  await tree.child.treeEnded;
  results.push({ time: performance.now() - begin, failed });
  if (held.isHeld()) throw new Error('a process is left');
  await tree.closed;
}
console.log(JSON.stringify(results));
