/**
 * Measures fork under docker-default beside node:child_process's: to the first message and to the exit; messages that go to a
 * child and back; and how late timers are while a child sends what no Node sends. Rounds are interleaved. `npm run bench -- fork
 * [--rounds N] [--node PATH]`
 */
import { type ChildProcess, fork as nodeFork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fork } from '../dist/index.js';
import { interleave, machine, type Spread, show, table } from './measure.js';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, node: { type: 'string', default: process.execPath } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be an integer of at least 1');
const execPath = options.node;
/** More rounds would take longer than they tell. */
const MESSAGE_ROUNDS = Math.min(rounds, 20);
const MESSAGES = 10_000;
/** Milliseconds after which a child that sends on is ended. */
const LONGEST = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'seccomp-bench-fork-'));
function moduleOf(name: string, code: string): string {
  const file = join(folder, `${name}.cjs`);
  writeFileSync(file, code);
  return file;
}

const first = moduleOf('first', "process.send('first'); process.disconnect();");
const echo = moduleOf('echo', "process.on('message', (message) => process.send(message));");

type Start = (module: string, serialization?: 'json' | 'advanced') => ChildProcess;
const STARTS: Readonly<Record<string, Start>> = {
  'child_process.fork': (module, serialization) => nodeFork(module, { execPath, serialization }),
  fork: (module, serialization) => fork(module, 'docker-default', { execPath, serialization }),
  'fork, handles: true': (module, serialization) =>
    fork(module, 'docker-default', { execPath, serialization, handles: true }),
};

const each = (measure: (start: Start) => Promise<number>) =>
  Object.fromEntries(Object.entries(STARTS).map(([name, start]) => [name, () => measure(start)]));

/** Milliseconds to an event of a child that sends one message. */
const until = (event: 'message' | 'exit') =>
  each(async (start) => {
    const begin = performance.now();
    const child = start(first);
    const closed = once(child, 'close');
    await once(child, event);
    const time = performance.now() - begin;
    await closed;
    return time;
  });

/** Milliseconds for messages that a child sends back. */
const messages = (serialization: 'json' | 'advanced') =>
  each(async (start) => {
    const child = start(echo, serialization);
    child.send({ i: -1 });
    await once(child, 'message');
    let next = 0;
    const begin = performance.now();
    const done = new Promise<void>((resolve) => child.on('message', () => ++next === MESSAGES && resolve()));
    for (let i = 0; i < MESSAGES; i++) child.send({ i, text: 'a message of usual length' });
    await done;
    const time = performance.now() - begin;
    child.disconnect();
    await once(child, 'exit'); // Node emits no `close` then.
    return time;
  });

const ATTACKS: Readonly<Record<string, string>> = {
  'many messages': `'{"a":[1,2,3]}\\n'.repeat(1e6)`,
  'no end of a line': 'Buffer.alloc(2 ** 28, "x")',
  'half messages': `'{"a":'.repeat(2e7)`,
  'too much in one another': `'['.repeat(4e6) + ']'.repeat(4e6) + '\\n'`,
  'many arrays': `'[' + '[],'.repeat(5e6) + '1]\\n'`,
  'many names': `'{' + Array.from({ length: 1e6 }, (_, i) => '"k' + i + '":0').join() + '}\\n'`,
  'a long text': `'"' + 'x'.repeat(15e6) + '"\\n'`,
};

/** How late a timer is at most, in milliseconds, and this process's memory in MiB. */
async function attacked(bytes: string): Promise<readonly string[]> {
  const module = moduleOf(
    'attack',
    `const bytes = Buffer.from(${bytes});
     for (let at = 0; at < bytes.length; )
       try { at += require('node:fs').writeSync(3, bytes, at) } catch (error) { if (error.code !== 'EAGAIN') process.exit() }
     process.disconnect();`,
  );
  const child = fork(module, 'docker-default', { execPath, timeout: LONGEST });
  let [late, memory, last] = [0, 0, performance.now()];
  const timer = setInterval(() => {
    late = Math.max(late, performance.now() - last - 5);
    memory = Math.max(memory, process.memoryUsage.rss() / 2 ** 20);
    last = performance.now();
  }, 5);
  child.on('message', () => {});
  child.on('error', () => {});
  await new Promise<void>((resolve) => child.once('close', () => resolve()));
  clearInterval(timer);
  return [late.toFixed(0), memory.toFixed(0)];
}

const rowsOf = (spreads: ReadonlyMap<string, Spread>) => {
  const base = spreads.get('child_process.fork')?.median ?? Number.NaN;
  return [...spreads].map(([name, spread]) => [name, show(spread), (spread.median / base).toFixed(3)]);
};

try {
  console.log(machine(), `children: ${execPath}`);
  for (const [title, turns, count] of [
    ['ms to the first message', until('message'), rounds],
    ['ms to the exit', until('exit'), rounds],
    [`ms for ${MESSAGES} messages and back, json`, messages('json'), MESSAGE_ROUNDS],
    [`ms for ${MESSAGES} messages and back, advanced`, messages('advanced'), MESSAGE_ROUNDS],
  ] as const) {
    const found = await interleave(turns, count, Math.min(count, 5));
    console.log(`\n${table([[title, 'median (quartiles)', '×'], ...rowsOf(found)])}`);
  }
  const rows: (readonly string[])[] = [['a child sends', 'ms late', 'MiB']];
  for (const [name, bytes] of Object.entries(ATTACKS)) rows.push([name, ...(await attacked(bytes))]);
  console.log(`\n${table(rows)}`);
} finally {
  rmSync(folder, { recursive: true });
}
