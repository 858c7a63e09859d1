/**
 * Runs a program with every kind of descriptors 0 to 2, under a profile and without one, and compares what it writes.
 * OUTPUT_NODE=/path/to/node runs another Node than that of the suite.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packageRoot, WITH_RINGS } from '../../support/scripts.js';

export const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const node = process.env['OUTPUT_NODE'] ?? process.execPath;
export const PROFILE = 'docker-default'; // Denies io_uring: a Node that uses it is started again.

/** Makes every Node use io_uring, so that it is started again under the profile. Node 20 does not use it by default. */
export const environment = { ...WITH_RINGS, PATH: process.env['PATH'], SECCOMP_PROFILE: PROFILE };

/** What a launcher writes before it starts the program; without one, the program does. */
const FIRST = 'the launcher writes first\n';
const plain = (ending: string) => [node, file('program.mjs'), ending];
const launchedBy = (method: string) => (ending: string) => [node, file('launcher.mjs'), method, PROFILE, FIRST, ending];

/** The command that runs the program under a profile, by the way to do so. */
const WAYS: Readonly<Record<string, (ending: string) => readonly string[]>> = {
  register: (ending) => [node, '--import', 'seccomp/register', ...plain(ending).slice(1)],
  'seccomp run': (ending) => [node, `${packageRoot}dist/cli/main.js`, 'run', '-p', PROFILE, '--', ...plain(ending)],
  execve: launchedBy('execve'),
  fork: launchedBy('fork'),
  spawn: launchedBy('spawn'),
};
/** The command that runs it without a profile, and writes the same. */
const without = (way: string, ending: string) => [
  ...plain(ending),
  ...(WAYS[way]?.(ending).includes(FIRST) === true ? [FIRST] : []),
];

/** The kinds of descriptors 1 and 2. A number stands for a duplicate of that descriptor, as `2>&1` makes one. */
const OUTPUTS: readonly (readonly [string, string])[] = [
  ...(['pipe', 'file', 'socket', 'pty', 'tcp', 'null'] as const).map((kind) => [kind, '1'] as const),
  ...(['pipe', 'file', 'socket', 'pty', 'null', 'closed'] as const).map((kind) => [kind, 'pipe'] as const),
  ...(['file', 'socket', 'pty', 'null', 'closed'] as const).map((kind) => ['pipe', kind] as const),
  ['closed', 'closed'],
  ['0', '0'],
];
const INPUTS = ['null', 'pipe', 'closed', 'file', 'socket', 'pty'];
const BOTH_WAYS = ['file', 'socket', 'pty']; // Kinds that can be input and output at once.
const ENDINGS = ['returns', 'writes', 'exits', 'throws'];

interface Row {
  readonly way: string;
  readonly ending: string;
  readonly stdio: readonly string[];
}

/** Each way, each ending and each kind. */
const SAMPLE: readonly Row[] = [
  { way: 'spawn', ending: 'writes', stdio: ['null', 'pipe', '1'] },
  { way: 'spawn', ending: 'returns', stdio: ['pty', '0', '0'] },
  { way: 'fork', ending: 'writes', stdio: ['socket', 'socket', '1'] },
  { way: 'fork', ending: 'throws', stdio: ['closed', 'closed', 'closed'] },
  { way: 'execve', ending: 'returns', stdio: ['file', 'tcp', '1'] },
  { way: 'execve', ending: 'exits', stdio: ['closed', 'pipe', 'closed'] },
  { way: 'seccomp run', ending: 'writes', stdio: ['pty', 'pty', '1'] },
  { way: 'seccomp run', ending: 'throws', stdio: ['pipe', 'closed', 'pipe'] },
  { way: 'register', ending: 'exits', stdio: ['pipe', 'pipe', 'file'] },
  { way: 'register', ending: 'writes', stdio: ['closed', 'null', '1'] },
];

/**
 * Which combinations: `pairs` has every pair of outputs with each way, and one input and one ending in turn. `all` has every
 * combination.
 */
export type Selection = 'sample' | 'pairs' | 'all';

function rows(selection: Selection): readonly Row[] {
  if (selection === 'sample') return SAMPLE;
  return Object.keys(WAYS).flatMap((way, w) =>
    OUTPUTS.flatMap((outputs, o) => {
      const inputs = outputs[0] === '0' ? BOTH_WAYS : INPUTS;
      // Node writes to a TCP socket asynchronously: without a profile too, it loses the rest when it exits or throws.
      const endings = outputs[0] === 'tcp' ? ['returns'] : ENDINGS;
      return inputs
        .flatMap((input) => endings.map((ending) => ({ way, ending, stdio: [input, ...outputs] })))
        .filter((_, i, all) => selection === 'all' || i === (5 * w + 7 * o) % all.length);
    }),
  );
}

interface Result {
  readonly status: number;
  /** By descriptor: the bytes that were written, their digest and end, and the number of filling bytes besides. */
  readonly output: Readonly<
    Record<string, { readonly size: number; readonly digest: string; readonly end: string; readonly filling: number }>
  >;
}

function run(cases: readonly { readonly command: readonly string[]; readonly stdio: readonly string[] }[]) {
  const input = JSON.stringify(cases.map((each) => ({ ...each, env: environment, cwd: packageRoot })));
  const { stdout, stderr } = spawnSync('python3', [file('driver.py')], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as readonly Result[];
}

/**
 * The number of filling bytes that are certain. How many leave a pipe or socket before process.exit depends on the
 * reader's speed, also with Node alone. A pipe holds 65,536 bytes (pipe(7)), and the lines before take a part of them.
 */
const SURE = 60_000;

function withSureFilling(result: Result | undefined) {
  const output = Object.entries(result?.output ?? {}).map(([fd, { filling, ...rest }]) => {
    return [fd, { ...rest, filling: Math.min(filling, SURE) }];
  });
  return { ...result, output: Object.fromEntries(output) };
}

/** Defines a test for each row. */
export function testOutputs(selection: Selection): void {
  const table = rows(selection);
  const under = run(table.map(({ way, ending, stdio }) => ({ command: WAYS[way]?.(ending) ?? [], stdio })));
  const expected = run(table.map(({ way, ending, stdio }) => ({ command: without(way, ending), stdio })));

  test.each(table.map(({ way, ending, stdio }, i) => [way, stdio.join(', '), ending, i] as const))(
    '%s with %s: %s',
    (_way, _stdio, _ending, i) => {
      expect(withSureFilling(under[i])).toEqual(withSureFilling(expected[i]));
    },
  );
}
