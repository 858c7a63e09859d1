/**
 * A program that is given no terminal, and tries to take its parent's: to make its own process group the foreground one, after
 * which the parent is stopped when it writes, and what is typed is read by the program.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dist } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const directory = temporaryFolder('seccomp-terminal-');
chmodSync(directory, 0o777);
const program = join(directory, 'take.py');
writeFileSync(
  program,
  `import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
result = 'nothing'
try:
    terminal = os.open('/dev/tty', os.O_RDWR)
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpid())
    result = 'taken'
except OSError as error:
    result = error.strerror
open(sys.argv[1], 'w').write(result)
`,
);

const obstacle = obstacleTo('script', 'python3');

/** Starts the program from a Node that has a terminal, and returns what it could do, and what is said to be enforced. */
function take(options: string): { readonly result: string; readonly closed: readonly string[] } {
  const result = join(directory, 'result');
  const enforced = join(directory, 'enforced.json');
  const parent = join(directory, 'parent.mjs');
  writeFileSync(result, '');
  chmodSync(result, 0o666);
  writeFileSync(
    parent,
    `import { writeFileSync } from 'node:fs';
import { spawnSync } from ${JSON.stringify(dist)};
const { enforcement } = spawnSync('python3', ${JSON.stringify([program, result])}, { profile: 'docker-default', env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, ...${options} });
writeFileSync(${JSON.stringify(enforced)}, JSON.stringify(enforcement.isolation.closed));`,
  );
  const command = `${JSON.stringify(process.execPath)} ${JSON.stringify(parent)}`;
  const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', timeout: 60_000 });
  expect(status, stdout).toBe(0);
  return { result: readFileSync(result, 'utf8'), closed: JSON.parse(readFileSync(enforced, 'utf8')) };
}

const DENIED = 'Operation not permitted';

describe('the terminal of its parent', () => {
  test.for<[who: string, options: string]>([
    ['this user', '{}'],
    ['another user', '{ uid: 65534, gid: 65534 }'],
    ['a supervised program', '{ onViolation: () => {} }'],
    ['a program without a network', "{ network: 'none' }"],
    ['a program with another descriptor for output', "{ stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }"],
  ])('is not taken by a program that is given none: %s', ([, options], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(options.includes('uid') && process.getuid?.() !== 0, 'needs root');
    const { result, closed } = take(options);
    expect(result).toBe(DENIED);
    expect(closed).toContain('terminal');
  });

  test('can’t be opened by a program with @system that is given none', ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const paths = `{ read: ['@system', ${JSON.stringify(directory)}], write: [${JSON.stringify(join(directory, 'result'))}] }`;
    const { result, closed } = take(`{ paths: ${paths} }`);
    expect(result).toBe('Permission denied');
    expect(closed).toEqual(expect.arrayContaining(['terminal', 'terminal-modes']));
    expect(take(`{ stdio: 'inherit', paths: ${paths} }`).result).toBe('taken');
  });

  test.for([
    ["{ stdio: 'inherit' }"],
    ['{ stdio: [0] }'],
    ["{ stdio: ['ignore', process.stdout] }"],
    ['{ isolate: false }'],
  ])('is taken by a program that is given it, or not isolated: %s', ([options = ''], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const { result, closed } = take(options);
    expect(result).toBe('taken');
    expect(closed).not.toContain('terminal');
  });
});
