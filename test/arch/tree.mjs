/**
 * Ends trees by each of `ends` in turn: one for each of `escapes`, and some whose guardian is stopped or killed. Prints what
 * is enforced on them, and what is left. With an argument, starts trees that hold this named pipe, and kills itself.
 */
import { spawn as spawnInNode } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { errnoIn, giving, Held, input, PROFILE, run, spawnSync, Tree } from '../adversary/tree/trees.mjs';
import { children } from '../support/children.mjs';
import { until } from '../support/until.mjs';

const SESSION = 'a session of its own';
const FORKS = 'forks without pause';

const ENDS = [
  ({ child }) => child.killTree('SIGKILL'),
  ({ child }) => child.stdin.end(),
  ({ child }) => child.killTree(),
];

const signalGuardian = ({ child }, signal) =>
  process.kill(
    children().find((pid) => pid !== child.pid),
    signal,
  );

/** Ends a tree, waits for that, and returns what is left. */
async function ended(name, end) {
  const tree = new Tree(['escape', name], { forceKillAfter: 1 });
  const lines = await tree.ready();
  end(tree);
  const rejected = await tree.child.treeEnded.then(
    () => null,
    (error) => error.message,
  );
  await tree.closed;
  if (rejected !== null) await until(() => !tree.held.isHeld()); // Then nothing waits for the end of all.
  const held = tree.held.isHeld();
  tree.held.close();
  return { cannot: errnoIn(lines), rejected, held, left: children().length, tree: tree.child.enforcement.tree };
}

/** The signal that ended a parent, whose trees have ended when this returns. */
async function endedWithParent() {
  const held = new Held();
  const self = fileURLToPath(import.meta.url);
  const parent = spawnInNode(process.execPath, [self, held.path], { stdio: ['pipe', 'inherit', 'inherit'] });
  parent.stdin.end(JSON.stringify(input));
  const [, signal] = await once(parent, 'exit');
  await until(() => !held.isHeld());
  return signal;
}

function endedByTimeout() {
  const held = new Held();
  const { error } = giving(held.path, (descriptor) =>
    spawnSync('sh', ['-c', `${input.program} hold & exec ${input.program} hold`], PROFILE, {
      ...{ ...input.options, descendants: 'kill', timeout: 500, forceKillAfter: 1 },
      stdio: ['ignore', 'ignore', 'inherit', descriptor],
    }),
  );
  return { error: error?.code, held: held.isHeld() };
}

async function main() {
  const { tree: byDefault } = (await run('true', [], PROFILE)).enforcement;
  const escapes = {};
  for (const [i, name] of input.escapes.entries()) escapes[name] = await ended(name, ENDS[i % ENDS.length]);
  const stopped = [];
  for (const end of ENDS)
    stopped.push(
      await ended(SESSION, (tree) => {
        signalGuardian(tree, 'SIGSTOP');
        end(tree);
      }),
    );
  // From a domain, what a killed guardian leaves is out of reach.
  const isDomain = stopped[0].tree.by === 'guardian';
  const killed = isDomain ? null : await ended(SESSION, (tree) => signalGuardian(tree, 'SIGKILL'));
  const timeout = endedByTimeout();
  const parent = input.hasParent ? await endedWithParent() : null;
  console.log(JSON.stringify({ byDefault, escapes, stopped, killed, timeout, parent }));
}

async function leave(path) {
  const trees = [FORKS, SESSION].map((name) => new Tree(['escape', name], {}, { path }));
  for (const tree of trees) await tree.ready();
  process.kill(process.pid, 'SIGKILL');
}

await (process.argv[2] === undefined ? main() : leave(process.argv[2]));
