/**
 * Exhausts one resource, and prints the errors of starts, whether starts work again afterwards, and what is left
 * behind: `node exhaust.mjs '{ "dist", "program", "marker", "what": "descriptors" | "processes" }'` The caller sets the
 * limit.
 */
import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';

const { dist, program, marker, what } = JSON.parse(process.argv[2]);
const { spawn, spawnSync, loadProfile } = await import(dist);
const profile = loadProfile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['getppid'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
});
/** More than any limit that callers set. */
const MANY = 200;

/** Starts programs that keep running until a start fails, then tries one synchronously; ends them all. */
async function fill(stdio) {
  const closed = [];
  const failures = [];
  const running = [];
  while (failures.length === 0 && running.length < MANY) {
    try {
      const child = spawn(program, [marker, 'p'], profile, { stdio });
      closed.push(new Promise((resolve) => child.on('close', resolve)));
      child.on('error', (error) => failures.push(error));
      if (child.pid === undefined) await closed.at(-1);
      else running.push(child);
    } catch (error) {
      failures.push(error);
    }
  }
  const { error } = spawnSync(program, [marker, 'e'], profile, { stdio });
  if (error !== undefined) failures.push(error);
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(closed);
  await settle();
  return failures;
}

/** Waits for pending closes. */
async function settle() {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
}

const open = () => readdirSync('/proc/self/fd').length;
const works = () => spawnSync(program, [marker, 'e'], profile).status === 0;

const ways = {
  /** Each time, another call needs the last free descriptor. */
  async descriptors() {
    const failures = [];
    for (let i = 0; i < 24; i++) {
      const held = Array.from({ length: i % 8 }, () => openSync('/dev/null'));
      failures.push(...(await fill([['ignore', 'pipe', 'inherit'][i % 3], 'pipe', i % 2 ? 'ignore' : 'pipe'])));
      for (const descriptor of held) closeSync(descriptor);
    }
    return failures;
  },

  async processes() {
    process.setgid(61_234);
    process.setuid(61_234);
    return [...(await fill('ignore')), ...(await fill('pipe'))];
  },
};

await once(spawn(program, [marker, 'e'], profile), 'close'); // Node keeps some descriptors open that it opens for the first child.
await settle();
const before = open();
const failures = await ways[what]();
const left = open() - before;
console.log(
  JSON.stringify({
    codes: [...new Set(failures.map((error) => error?.code))],
    calls: [...new Set(failures.map((error) => error?.call))].sort(),
    works: works(),
    left,
  }),
);
