/**
 * No output is lost: for every kind of descriptors 0 to 2, a program under a profile writes byte for byte the same as
 * without one, and ends with the same exit code.
 *
 * By default, each way to start a program is combined with each pair of outputs, and with one input and one ending in
 * turn. OUTPUT_TABLE=all makes every combination. OUTPUT_NODE=/path/to/node runs another Node than that of the suite.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { packageRoot, WITH_RINGS } from '../support/scripts.js';

const file = (name: string) => fileURLToPath(new URL(`output/${name}`, import.meta.url));
const node = process.env['OUTPUT_NODE'] ?? process.execPath;
const PROFILE = 'docker-default'; // Denies io_uring: a Node that uses it is started again.

/** Makes every Node use io_uring, so that it is started again under the profile. Node 20 does not use it by default. */
const environment = { ...WITH_RINGS, PATH: process.env['PATH'], SECCOMP_PROFILE: PROFILE };

/** A command that runs the program under a profile, and one that starts it in the same way without a profile. */
interface Way {
  readonly under: (ending: string) => readonly string[];
  readonly without: (ending: string) => readonly string[];
}
const plain = (ending: string) => [node, file('program.mjs'), ending];
const launched = (method: string) => (ending: string) => [node, file('launcher.mjs'), method, PROFILE, ending];
const WAYS: Readonly<Record<string, Way>> = {
  register: { under: (ending) => [node, '--import', 'seccomp/register', ...plain(ending).slice(1)], without: plain },
  'seccomp run': {
    under: (ending) => [node, `${packageRoot}dist/cli/main.js`, 'run', '-p', PROFILE, '--', ...plain(ending)],
    without: plain,
  },
  execve: { under: launched('execve'), without: launched('child_process.spawn') },
  fork: { under: launched('fork'), without: launched('child_process.fork') },
  spawn: { under: launched('spawn'), without: launched('child_process.spawn') },
};

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

const everything = process.env['OUTPUT_TABLE'] === 'all';

function rows(): readonly Row[] {
  return Object.keys(WAYS).flatMap((way, w) =>
    OUTPUTS.flatMap((outputs, o) => {
      const inputs = outputs[0] === '0' ? BOTH_WAYS : INPUTS;
      // Node writes to a TCP socket asynchronously: without a profile too, it loses the rest when it exits or throws.
      const endings = outputs[0] === 'tcp' ? ['returns'] : ENDINGS;
      return inputs
        .flatMap((input) => endings.map((ending) => ({ way, ending, stdio: [input, ...outputs] })))
        .filter((_, i, all) => everything || i === (5 * w + 7 * o) % all.length);
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

describe('a program writes the same output under a profile as without', () => {
  const table = rows();
  const under = run(table.map(({ way, ending, stdio }) => ({ command: WAYS[way]?.under(ending) ?? [], stdio })));
  const without = run(table.map(({ way, ending, stdio }) => ({ command: WAYS[way]?.without(ending) ?? [], stdio })));

  test.each(table.map(({ way, ending, stdio }, i) => [way, stdio.join(', '), ending, i] as const))(
    '%s with %s: %s',
    (_way, _stdio, _ending, i) => {
      expect(withSureFilling(under[i])).toEqual(withSureFilling(without[i]));
    },
  );
});

describe('descriptors above 2 are passed unchanged', () => {
  const KINDS = [
    ...['write ends of one pipe', 'both ends of a pipe', 'both ends of a non-blocking pipe', 'a socket pair'],
    ...['both ends and one more of a non-blocking pipe', 'an eventfd', 'a non-blocking eventfd'],
    'a file',
  ];

  const COMMANDS: Readonly<Record<string, readonly string[]>> = {
    register: [node, '--import', 'seccomp/register', file('descriptors.mjs')],
    fork: [node, file('forker.mjs'), PROFILE],
  };
  const table = Object.keys(COMMANDS).flatMap((way) => KINDS.map((kind) => [way, kind] as const));

  test.each(table)('under %s: %s', (way, kind) => {
    const { stdout, stderr } = spawnSync('python3', [file('descriptors.py'), kind, ...(COMMANDS[way] ?? [])], {
      encoding: 'utf8',
      cwd: packageRoot,
      env: environment,
    });
    const lines = stdout.trimEnd().split('\n');
    const given = lines.slice(0, lines.length / 2);
    const moved = given.map((line) => (way === 'fork' ? line.replace(/^\d+/, (fd) => String(Number(fd) + 1)) : line));
    expect(stderr).toBe('');
    expect(lines).toEqual([...given, ...moved]);
  });
});
