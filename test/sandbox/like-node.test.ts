/** The same calls of node:child_process and of this package: events, values and errors are equal. */

import type { ChildProcess } from 'node:child_process';
import * as child_process from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { launchers } from '../support/processes.js';
import { until } from '../support/until.mjs';

type Spawn = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

const ours: Spawn = (command, args, options) => spawn(command, args, 'docker-default', options);
const nodes: Spawn = (command, args, options) =>
  child_process.spawn(command, args, options as child_process.SpawnOptions);

const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
const script = join(directory, 'script');
writeFileSync(script, 'echo "without a first line: $0 $1"', { mode: 0o755 });

/** Folders of PATH: one with a file `tool` that may not be executed, one with a script of that name, one with neither. */
const [denied, good, neither] = ['denied', 'good', 'neither'].map((name) => join(directory, name)) as [
  string,
  string,
  string,
];
for (const folder of [denied, good, neither]) mkdirSync(folder);
writeFileSync(join(denied, 'tool'), '', { mode: 0o644 });
writeFileSync(join(good, 'tool'), '#!/bin/sh\necho the tool', { mode: 0o755 });
const withPath = (...folders: readonly string[]): SpawnOptions => ({ env: { PATH: folders.join(':') } });

/** Prints the flags with which the three streams were opened. */
const FLAGS = 'for fd in 0 1 2; do grep flags /proc/$$/fdinfo/$fd; done >&3';

/** All events of a child, in order. */
async function story(
  start: (spawn: Spawn) => ChildProcess | Promise<ChildProcess>,
  spawn: Spawn,
): Promise<readonly string[]> {
  const lines: string[] = [];
  let child: ChildProcess;
  try {
    child = await start(spawn);
  } catch (error) {
    return [`threw ${JSON.stringify(Object.assign({}, error, { call: undefined }))} ${error}`];
  }
  lines.push(
    `pid ${typeof child.pid} file ${child.spawnfile} args ${child.spawnargs.join('|')} connected ${child.connected}`,
  );
  lines.push(`streams ${child.stdio.map((stream) => stream?.constructor.name ?? 'null').join(' ')}`);
  lines.push(
    `ways ${child.stdio.map((stream) => `${Reflect.get(stream ?? {}, 'readable')} ${Reflect.get(stream ?? {}, 'writable')}`)}`,
  );
  lines.push(`code ${child.exitCode} signal ${child.signalCode} killed ${child.killed}`);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  child.on('spawn', () => lines.push('spawn'));
  child.on('exit', (code, signal) => lines.push(`exit ${code} ${signal} input ended ${child.stdin?.destroyed}`));
  child.on('error', (error) =>
    lines.push(
      `error ${JSON.stringify({ ...error, call: undefined })} ${error.name} ${error.message.replace(OF_DIRECTORY, '')}`,
    ),
  );
  await new Promise((resolve) => child.on('close', (code, signal) => resolve(lines.push(`close ${code} ${signal}`))));
  lines.push(`output ${stdout} ${stderr}`, `code ${child.exitCode} signal ${child.signalCode} killed ${child.killed}`);
  return lines;
}

/** What only this package's message says: docs/reference/child-process.md lists it. */
const OF_DIRECTORY = /: the working directory .* does not exist$/;

const scenarios: readonly [string, (spawn: Spawn) => ChildProcess | Promise<ChildProcess>][] = [
  ['output and an exit code', (spawn) => spawn('sh', ['-c', 'echo out; echo err >&2; exit 3'], {})],
  ['no arguments', (spawn) => spawn('pwd', [], {})],
  ['a command that is not there', (spawn) => spawn('surely-not-there', ['a'], {})],
  ['a file that is no program', (spawn) => spawn('/etc/passwd', [], {})],
  ['a directory', (spawn) => spawn('/', [], {})],
  ['a path below a file', (spawn) => spawn('/etc/passwd/x', [], {})],
  ['a program after a file that may not be executed', (spawn) => spawn('tool', [], withPath(neither, denied, good))],
  ['a file that may not be executed before nothing', (spawn) => spawn('tool', [], withPath(denied, neither))],
  ['a file that may not be executed after nothing', (spawn) => spawn('tool', [], withPath(neither, denied))],
  ['a program in no folder of PATH', (spawn) => spawn('tool', [], withPath(neither, '/surely/not/there'))],
  ['a working directory that is not there', (spawn) => spawn('true', [], { cwd: '/surely/not/there' })],
  ['a working directory', (spawn) => spawn('pwd', [], { cwd: directory })],
  ['a working directory by URL', (spawn) => spawn('pwd', [], { cwd: pathToFileURL(directory) })],
  ['an environment', (spawn) => spawn('env', [], { env: { A: '1', B: undefined, PATH: process.env['PATH'] } })],
  [
    'inherited environment properties',
    (spawn) => spawn('/usr/bin/env', [], { env: Object.create({ A: 'inherited' }) }),
  ],
  ['PATH of the given environment', (spawn) => spawn('script', ['x'], { env: { PATH: directory } })],
  ['an empty PATH', (spawn) => spawn('script', ['x'], { env: { PATH: '' }, cwd: directory })],
  ['no PATH', (spawn) => spawn('env', [], { env: {} })],
  ['a script without a first line', (spawn) => spawn(script, ['arg'], {})],
  ['argv0', (spawn) => spawn('sh', ['-c', 'echo $0'], { argv0: 'other' })],
  ['a shell', (spawn) => spawn('echo $((1 + 2))', ['and', 'more'], { shell: true })],
  ['another shell', (spawn) => spawn('echo $0', [], { shell: '/bin/bash' })],
  ['a signal from the child itself', (spawn) => spawn('sh', ['-c', 'kill -TERM $$'], {})],
  [
    'a broken pipe kills by SIGPIPE',
    (spawn) => spawn('bash', ['-c', 'yes | head -1; echo "$' + '{PIPESTATUS[0]}"'], {}),
  ],
  [
    'ignored output',
    (spawn) => spawn('sh', ['-c', 'readlink /proc/self/fd/0 /proc/self/fd/1; echo x'], { stdio: 'ignore' }),
  ],
  [
    'more than three descriptors',
    (spawn) =>
      spawn('sh', ['-c', 'echo 3 >&3; echo 5 >&5; echo 4 >&4; echo $?'], {
        stdio: ['ignore', 'pipe', null, 'pipe', 'ignore', 'pipe'],
      }),
  ],
  [
    'input',
    (spawn) => {
      const child = spawn('tr', ['a-z', 'A-Z'], {});
      child.stdin?.end('input');
      return child;
    },
  ],
  [
    'swapped standard output and error',
    (spawn) => {
      const file = join(directory, 'swap');
      const out = openSync(file, 'w');
      const child = spawn('sh', ['-c', 'echo out; echo err >&2'], { stdio: ['ignore', out, out] });
      closeSync(out);
      return child;
    },
  ],
  ['a timeout', (spawn) => spawn('sleep', ['60'], { timeout: 50 })],
  ['a timeout with its own signal', (spawn) => spawn('sleep', ['60'], { timeout: 50, killSignal: 'SIGKILL' })],
  ['a timeout that is not reached', (spawn) => spawn('true', [], { timeout: 60_000 })],
  [
    'an abort',
    (spawn) => {
      const controller = new AbortController();
      const child = spawn('sleep', ['60'], { signal: controller.signal });
      child.on('spawn', () => controller.abort());
      return child;
    },
  ],
  ['an abort beforehand', (spawn) => spawn('sleep', ['60'], { signal: AbortSignal.abort() })],
  [
    'kill()',
    (spawn) => {
      const child = spawn('sleep', ['60'], {});
      child.on('spawn', () => child.kill());
      return child;
    },
  ],
  [
    'kill() by number',
    (spawn) => {
      const child = spawn('sleep', ['60'], {});
      child.on('spawn', () => child.kill(9));
      return child;
    },
  ],
  [
    'output that nobody reads',
    (spawn) => {
      const child = spawn('sh', ['-c', 'echo unread'], {});
      child.stdout?.pause();
      return child;
    },
  ],
  [
    'a session of its own',
    (spawn) => spawn('sh', ['-c', 'test "$(cut -d" " -f6 /proc/$$/stat)" = $$ && echo leader'], { detached: true }),
  ],
];

test.each(scenarios)('%s', async (_, start) => {
  expect(await story(start, ours)).toEqual(await story(start, nodes));
});

test.each<[string, Parameters<Spawn>]>([
  ['a command that is not there', ['surely-not-there', [], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }]],
  ['a file that is no program', ['/etc/passwd', [], {}]],
])('the output of %s ends and closes, whether somebody reads it or not', async (_, parameters) => {
  const endings = async (spawn: Spawn) => {
    const child = spawn(...parameters);
    const events: string[] = [];
    child.on('error', () => events.push('error'));
    for (const [i, stream] of child.stdio.entries())
      for (const event of ['end', 'close']) stream?.on(event, () => i > 0 && events.push(`${event} ${i}`));
    const read = child.stdout && text(child.stdout);
    await new Promise((resolve) => child.on('close', resolve));
    await turn(); // What listens to the streams is called after what emits `close`.
    return { text: await read, events: events.toSorted(), destroyed: child.stdio.map((stream) => stream?.destroyed) };
  };
  expect(await endings(ours)).toEqual(await endings(nodes));
});

test.each<[string, Parameters<Spawn>]>([
  ['an empty command', ['', [], {}]],
  ['a null byte in the command', ['a\0b', [], {}]],
  ['a null byte in an argument', ['true', ['a\0b'], {}]],
  ['an unknown stdio word', ['true', [], { stdio: 'pipes' as 'pipe' }]],
  ['an unknown kill signal', ['true', [], { killSignal: 'SIGNOTHING' as 'SIGTERM' }]],
  ['a negative timeout', ['true', [], { timeout: -1 }]],
  ['a user who can’t be', ['true', [], { uid: 'root' as unknown as number }]],
])('%s is refused with Node’s code', (_, parameters) => {
  const code = (spawn: Spawn) => {
    try {
      spawn(...parameters);
    } catch (error) {
      return error instanceof Error && 'code' in error ? `${error.constructor.name} ${error.code}` : String(error);
    }
    return 'nothing thrown';
  };
  expect(code(ours)).toBe(code(nodes));
});

test.each([
  ['ours', ours],
  ['Node', nodes],
] as const)('a stream of a file is inherited: %s', async (_, spawn) => {
  const file = join(directory, 'stream');
  const stream = createWriteStream(file);
  await once(stream, 'open');
  await once(spawn('echo', ['to a file'], { stdio: ['ignore', stream, 'inherit'] }), 'close');
  stream.end();
  expect(readFileSync(file, 'utf8')).toBe('to a file\n');
});

test.for([
  ['ours', ours],
  ['Node', nodes],
] as const)('a connected socket is inherited, and this process stops reading from it: %s', async ([, spawn]) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect(address.port, '127.0.0.1');
  const [[accepted]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(client, 'connect')]);
  const child = spawn('sh', ['-c', 'read line; echo "got $line"'], { stdio: [accepted, accepted, 'inherit'] });
  const closed = once(child, 'close');
  client.write('hello\n');
  const [answer] = (await once(client, 'data')) as [Buffer];
  await closed;
  client.destroy();
  accepted.destroy();
  server.close();
  expect(answer.toString()).toBe('got hello\n');
});

test.for([
  ['ours', ours],
  ['Node', nodes],
] as const)('one child’s output is another’s input: %s', async ([, spawn]) => {
  const first = spawn('sh', ['-c', 'echo through the pipe'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const second = spawn('tr', ['a-z', 'A-Z'], { stdio: [first.stdout, 'pipe', 'inherit'] });
  let text = '';
  second.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  first.stdout?.destroy();
  await once(second, 'close');
  await until(() => launchers().length === 0);
  expect(text).toBe('THROUGH THE PIPE\n');
});

test('streams that are ignored are opened as Node opens them', async () => {
  const flags = async (spawn: Spawn) => {
    const child = spawn('sh', ['-c', FLAGS], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const chunks: Buffer[] = [];
    (child.stdio[3] as Socket).on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(child, 'close');
    return Buffer.concat(chunks).toString();
  };
  const [expected, actual] = [await flags(nodes), await flags(ours)];
  expect(expected.match(/\d(?=\n)/g)).toEqual(['0', '2', '2']); // O_RDONLY and O_RDWR
  expect(actual).toBe(expected);
});

test('a child does not show its variables, and has no property `program`', async () => {
  const env = { TOKEN: 'secret of the program' };
  const child = spawn('true', [], 'docker-default', { env });
  expect(inspect(child, { showHidden: true, getters: true, depth: 9 })).not.toContain(env.TOKEN);
  expect(child).not.toHaveProperty('program');
  await once(child, 'close');
});
