/**
 * A process whose trees are to end with it: `node starter.mjs '{ "home", "program", "options", "escapes", "lanes" }'`.
 * Keeps one tree, and starts and ends others without pause, in several lanes at once. Their processes inherit descriptor 3,
 * and the first of each tree reads from it: so it does not end by itself when this process does. Prints `loaded`, and a line
 * for each tree that is ready. Ends in the way that it reads.
 */
import { createInterface } from 'node:readline';

const { home, program, options, escapes, lanes } = JSON.parse(process.argv[2]);
const { spawn } = await import(home);

/** Needs the flag --stack-size, with a number that exceeds the stack. */
const overflow = (depth) => overflow(depth + 1) + 1;

const DEATHS = {
  abort: () => process.abort(),
  segv: () => overflow(0),
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('on purpose');
  },
};
createInterface(process.stdin).on('line', (line) => DEATHS[line]());

let count = 0;
function start(isKept) {
  const child = spawn(
    program,
    ['escape', escapes[count++ % escapes.length]],
    { defaultAction: 'SCMP_ACT_ALLOW' },
    { descendants: 'kill', cwd: '/', stdio: [3, 'pipe', 'ignore', 3], ...options },
  );
  child.stdout.once('data', () => {
    console.log('ready');
    if (!isKept) child.killTree('SIGKILL');
  });
  if (!isKept) child.treeEnded.then(() => start(false));
}

console.log('loaded');
start(true);
for (let lane = 0; lane < lanes; lane++) start(false);
