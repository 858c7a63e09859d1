#!/bin/node
/**
 * Starts a tree for each of `cases`, an escape and the end by which the tree is ended then. Prints, in the same order, an
 * errno if the escape is not possible, and what is left.
 */
import { children } from '../../support/children.mjs';
import { errnoIn, input, Tree } from './trees.mjs';

const ENDS = {
  killTree: ({ child }) => child.killTree('SIGKILL'),
  // All of the tree ignore it.
  'killTree, SIGTERM': ({ child }) => child.killTree(),
  'the end of the child': ({ child }) => child.stdin.end(),
  kill: ({ child }) => child.kill('SIGKILL'),
  abort: (_, controller) => controller.abort(),
  dispose: ({ child }) => child[Symbol.dispose](),
};

const results = [];
for (const { name, end } of input.cases) {
  const controller = new AbortController();
  const tree = new Tree(['escape', name], { signal: controller.signal, forceKillAfter: 1 });
  const lines = await tree.ready();
  ENDS[end](tree, controller);
  const rejected = await tree.child.treeEnded.then(
    () => null,
    (error) => error.message,
  );
  const held = tree.held.isHeld();
  await tree.closed;
  tree.held.close();
  const { enforcement } = tree.child;
  results.push({ cannot: errnoIn(lines), rejected, held, children: children().length, tree: enforcement.tree });
}
console.log(JSON.stringify(results));
