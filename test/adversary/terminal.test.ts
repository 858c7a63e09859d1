/**
 * A program that is given no terminal, and tries to take its parent's: to make its own process group the foreground one, after
 * which the parent is stopped when it writes, and what is typed for the shell is read by the program. Only `paths` keep it from
 * opening the terminal, and from what is typed for its parent.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { run } from '../../lib/sandbox/run.js';
import { dist, main } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const directory = temporaryFolder('seccomp-terminal-');
chmodSync(directory, 0o777);
const program = join(directory, 'take.py');
writeFileSync(
  program,
  `import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
result = 'nothing'
try:
    terminal = os.open('/dev/tty', os.O_RDWR)
    if sys.argv[1] == 'read':
        modes = termios.tcgetattr(terminal)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
        result = os.read(terminal, 100).decode()
    else:
        if os.getpgrp() != os.getpid(): os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpid())
        result = 'taken'
except (OSError, termios.error) as error:
    result = os.strerror(error.args[0])
open(sys.argv[2], 'w').write(result)
`,
);
const result = join(directory, 'result');
const TYPED = 'typed for the parent\n';

const obstacle = obstacleTo('script', 'python3');

/** Runs a command with a new terminal, in which a line is typed, and returns what the program that it starts could do. */
async function inTerminal(command: string): Promise<string> {
  writeFileSync(result, '');
  chmodSync(result, 0o666);
  const child = spawn('script', ['-qec', command, '/dev/null'], { timeout: 60_000 });
  child.stdin.on('error', () => {}).write(TYPED); // It stays open: `script` takes two seconds to end after its end.
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text += data;
  });
  const [status] = await once(child, 'close');
  expect(status, text).toBe(0);
  return readFileSync(result, 'utf8');
}

interface Attempt {
  readonly result: string;
  readonly closed: readonly string[];
}

const quoted = (...words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');

/** Starts the program from a Node that has a terminal, and returns what it could do, and what is said to be enforced. */
async function attempt(what: 'take' | 'read', options: string): Promise<Attempt> {
  const enforced = join(directory, 'enforced.json');
  const parent = join(directory, 'parent.mjs');
  writeFileSync(
    parent,
    `import { writeFileSync } from 'node:fs';
import { spawnSync } from ${JSON.stringify(dist)};
const { enforcement } = spawnSync('python3', ${JSON.stringify([program, what, result])}, { profile: 'docker-default', env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, ...${options} });
writeFileSync(${JSON.stringify(enforced)}, JSON.stringify(enforcement.isolation.closed));`,
  );
  const reached = await inTerminal(quoted(process.execPath, parent));
  return { result: reached, closed: JSON.parse(readFileSync(enforced, 'utf8')) };
}

const DENIED = 'Operation not permitted';

describe('the terminal of its parent', () => {
  test.for<[who: string, options: string]>([
    ['this user', '{}'],
    ['another user', '{ uid: 65534, gid: 65534 }'],
    ['a supervised program', '{ onViolation: () => {} }'],
    ['a program without a network', "{ network: 'none' }"],
    ['a program with another descriptor for output', "{ stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }"],
  ])('is not taken by a program that is given none: %s', async ([, options], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(options.includes('uid') && process.getuid?.() !== 0, 'needs root');
    const { result: reached, closed } = await attempt('take', options);
    expect(reached).toBe(DENIED);
    expect(closed).toContain('terminal');
  });

  test('can’t be opened by a program with @system that is given none', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip(pathsSupport().reason !== null, pathsSupport().reason ?? undefined);
    const paths = `{ read: ['@system', ${JSON.stringify(directory)}], write: [${JSON.stringify(result)}] }`;
    for (const what of ['take', 'read'] as const) {
      const attempted = await attempt(what, `{ paths: ${paths} }`);
      expect(attempted.result).toBe('Permission denied');
      expect(attempted.closed).toEqual(expect.arrayContaining(['terminal', 'terminal-files']));
    }
    expect((await attempt('take', `{ stdio: 'inherit', paths: ${paths} }`)).result).toBe('taken');
  });

  test.for([
    ["{ stdio: 'inherit' }"],
    ['{ stdio: [0] }'],
    ["{ stdio: ['ignore', process.stdout] }"],
    ["{ stdio: ['ignore', new (await import('node:tty')).WriteStream(2)] }"],
    ['{ isolate: false }'],
  ])('is taken by a program that is given it, or not isolated: %s', async ([options = ''], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const { result: reached, closed } = await attempt('take', options);
    expect(reached).toBe('taken');
    expect(closed).not.toContain('terminal');
  });

  test.for<[how: string, redirected: string, expected: string]>([
    ['has', '', 'taken'],
    ['does not have', '</dev/null >/dev/null 2>&1', DENIED],
  ])(
    'is taken by a program of `seccomp run` only where the command has it: it %s it',
    async ([, redirected, expected], { skip }) => {
      skip(obstacle !== undefined, obstacle);
      const start = quoted(process.execPath, main, 'run', '-p', 'docker-default', '--');
      const command = `${start} ${quoted('python3', program, 'take', result)}`;
      expect(await inTerminal(`${command} ${redirected}`)).toBe(expected);
    },
  );

  test.for<[options: string, expected: string]>([
    ['{}', 'taken'],
    ['{ silent: true }', DENIED],
    ["{ stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }", DENIED],
  ])('is taken by a Node of fork only if it is given it: %s', async ([options, expected], { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const module = join(directory, 'module.cjs');
    const command = JSON.stringify([program, 'take', result]);
    writeFileSync(module, `require('node:child_process').spawnSync('python3', ${command}, { stdio: 'ignore' });`);
    const parent = join(directory, 'forking.mjs');
    writeFileSync(
      parent,
      `import { fork } from ${JSON.stringify(dist)};
fork(${JSON.stringify(module)}, 'docker-default', ${options});`,
    );
    expect(await inTerminal(quoted(process.execPath, parent))).toBe(expected);
  });

  test.for([
    [true, DENIED],
    [false, 'taken'],
  ] as const)(
    'is not the one that a program makes itself, which works; taken with isolate %s: %s',
    async (given, { skip }) => {
      const [isolate, expected] = given;
      skip(obstacle !== undefined, obstacle);
      const code = `import os, pty
pid, terminal = pty.fork()
if pid == 0:
    try:
        os.tcsetpgrp(0, os.getpgrp())
        result = 'taken'
    except OSError as error:
        result = error.strerror
    print(result, input(), sep=': ', flush=True)
    os._exit(0)
os.write(terminal, b'typed\\n')
text = b''
try:
    while data := os.read(terminal, 100): text += data
except OSError: pass
print(text.decode().split('\\n')[-2].strip())`;
      const options = isolate ? {} : { isolate: false };
      const { stdout } = await run('python3', ['-c', code], 'docker-default', options);
      expect(stdout).toBe(`${expected}: typed\n`);
    },
  );

  test('shows what is typed for the parent, as long as no paths close it, whoever the user is', async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    for (const options of ['{}', ...(process.getuid?.() === 0 ? ['{ uid: 65534, gid: 65534 }'] : [])]) {
      const { result: reached, closed } = await attempt('read', options);
      expect(reached).toBe(TYPED);
      expect([closed.includes('terminal'), closed.includes('terminal-files')]).toEqual([true, false]);
    }
  });
});
