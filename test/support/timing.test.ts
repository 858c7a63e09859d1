/** No test depends on how fast a machine is: the sources of the tests neither measure time nor wait for some of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from './root.js';

/** Files that may do so, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'native/test/guardian_test.cc': 'gives a guardian time for what it must not do; no result depends on how much',
  'test/adversary/siblings.c': 'looks again and again; no result depends on when',
  'test/adversary/waiting.c':
    'closes while a call waits for its answer, which is given later; no result depends on when',
  'test/adversary/waiting.test.ts': 'gives what must not happen time; no result depends on how much',
  'test/sandbox/usage.test.ts': 'a program uses an amount of CPU time, which bounds its result from one side',
  'test/support/docs/run-block.ts': 'ends a block of the documentation that hangs; no result depends on when',
  'test/support/docs/shared-node.ts': 'ends a module that hangs; no result depends on when',
  'test/support/faults.ts': 'ends a program that hangs; no result depends on when',
  'test/support/hardened.mjs': 'timers have to work under a profile: one of a millisecond elapses',
  'test/process-tree/limits/usage.c':
    'uses an amount of CPU time, and prints how long it took; the arch test bounds it from one side',
  'test/support/node-work/process.mjs': 'timers have to work under a profile: one of a millisecond elapses',
};

/** What measures time or waits for some. A program that sleeps for 10 s or longer is one that is to be ended. */
const TIMING: readonly RegExp[] = [
  /(?<!['\w])setTimeout\b/, // In quotes: the name of a timer that is faked.
  /(?<!['\w])setInterval\b(?!\(\(\) => \{\}, )/, // With an empty function: keeps a process running.
  /\b(?:Date|performance)\.now\b|\bhrtime(?:\.bigint)?\(|\bcpuUsage\(/,
  /\bvi\.wait(?:For|Until)\b|\bexpect\s*\.poll\b|\bretry\s*[:=]/,
  /\bsleep['"]?,?[\s[('"]+(?:\d(?:\.\d*)?(?!\d)|\.\d|[$"])/,
  /\b(?:u|nano|clock_nano)sleep\(|\bclock_gettime\(|\btime\.(?:time|monotonic)\(/,
];

const FOLDERS = ['test', 'native/test'];
const EXTENSIONS = ['.ts', '.mts', '.mjs', '.cjs', '.js', '.c', '.cc', '.h', '.py', '.sh'];
const OWN = 'test/support/timing.test.ts';

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(packageRoot, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (EXTENSIONS.includes(extname(path)) && path !== OWN) yield path;
  }
}

/** The lines of a source at which it measures time or waits for some. */
const timed = (text: string): readonly string[] =>
  TIMING.flatMap((pattern) =>
    [...text.matchAll(new RegExp(pattern, 'g'))].map(({ index }) => {
      const before = text.slice(0, index).split('\n');
      return `${before.length}: ${text.split('\n')[before.length - 1]?.trim()}`;
    }),
  );

test.each([
  "import { setTimeout } from 'node:timers/promises';",
  'await new Promise((resolve) => setTimeout(resolve, 5));',
  'setInterval(() => check(), 5)',
  'const end = Date.now() + 5;',
  'expect(performance.now() - start)',
  'process.hrtime.bigint()',
  'await vi.waitFor(() => {})',
  'await expect\n  .poll(read)',
  "test('a', { retry: 2 }, run)",
  "spawn('sleep', ['1'])",
  "['sh', '-c', 'sleep 0.1; echo late']",
  'sleep "$LATE"',
  'usleep(10000);',
  'nanosleep(&pause, NULL);',
  'time.sleep(0.1)',
])('is found: %j', (text) => {
  expect(timed(text)).toHaveLength(1);
});

test.each([
  "vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })",
  'setInterval(() => {}, 1000)',
  "spawn('sleep', ['60'])",
  "runShell('echo ready; exec sleep 50')",
  "deny('nanosleep', 'clock_gettime')",
  'no pipelines: dash does not retry a pipe()',
])('is none: %j', (text) => {
  expect(timed(text)).toEqual([]);
});

test('no source measures time or waits for some, but for named exceptions', () => {
  const found = FOLDERS.flatMap((folder) => [...sources(folder)]).flatMap((path) => {
    const lines = timed(readFileSync(join(packageRoot, path), 'utf8'));
    return lines.length === 0 ? [] : [[path, lines] as const];
  });
  const places = found.filter(([path]) => EXCEPTIONS[path] === undefined);
  expect(Object.fromEntries(places)).toEqual({});
  const needless = Object.keys(EXCEPTIONS).filter((path) => !found.some(([each]) => each === path));
  expect(needless, 'exceptions without a place').toEqual([]);
});
