#!/bin/node
/**
 * Attacks the guardian of a tree from within, and a process outside from a child that is not isolated. Prints the result
 * of each way against both, and what is left of the tree after its end.
 */
import { children } from '../../support/children.mjs';
import { input, Tree } from './trees.mjs';

/** `mem: 13` → { mem: 13 } */
const waysIn = (lines) =>
  Object.fromEntries(lines.map((line) => /^(.*): (\d+)$/.exec(line).slice(1)).map(([way, n]) => [way, Number(n)]));

const outsider = new Tree(['reach', process.env['OUTSIDER']], { isolate: false, descendants: 'leave' });
const control = waysIn(await outsider.ready());
outsider.child.stdin.end();
await outsider.closed;

const tree = new Tree(['reach']);
const ways = waysIn(await tree.ready());
tree.child.killTree('SIGKILL');
await tree.child.treeEnded;
const held = tree.held.isHeld();
await tree.closed;

/** The ways that succeed at the start of a tree, by one of these many trees. */
const early = [];
for (const way of Object.keys(control).filter((name) => !/, SIG/.test(name))) {
  for (let i = 0; i < input.times; i++) {
    const each = new Tree(['early', way, '200'], {}, tree.held);
    const [line] = await each.ready();
    if (line.endsWith(': 0')) early.push(way);
    each.child.stdin.end();
    await each.child.treeEnded;
    await each.closed;
  }
}
console.log(JSON.stringify({ control, ways, early: [...new Set(early)], held, children: children().length }));
