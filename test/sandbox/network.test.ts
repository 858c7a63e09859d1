/**
 * The option network: which functions take it, what still works, and what programs are told. What a program cannot reach is
 * tested by test/adversary/network.test.ts.
 */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import { explain } from '../../lib/analysis/explain.js';
import { thisHost } from '../../lib/host.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { record } from '../../lib/record/record.js';
import { compile } from '../../lib/sandbox/compile.js';
import { fork } from '../../lib/sandbox/fork.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { EACCES } from '../../lib/syscalls/errno.js';
import { main } from '../support/built.js';
import { obstacleTo } from '../support/commands.js';
import { compileC } from '../support/compile-c.js';
import { callTo, toArgument } from '../support/probe.js';
import { finish } from '../support/processes.js';
import { hasRings, NO_IO_URING } from '../support/rings.js';
import { evaluateScript, packageRoot, WITH_RINGS } from '../support/scripts.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-network-'));
afterAll(() => rmSync(directory, { recursive: true }));

const NONE = { network: 'none', encoding: 'utf8' } as const;
const BY_FILTER = { by: 'filter' };
const ALLOW_ALL = { defaultAction: 'SCMP_ACT_ALLOW' } as const;

/** A server that answers one byte, which programs would reach without the option. */
const server = createServer((socket) => socket.on('error', () => {}).end('x')); // bash resets the connection.
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => {
  server.close();
});

const portOf = () => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** Connects to the server. Exits with 0, or with 7 if it may not. */
const CONNECT = `error=$( { : <>/dev/tcp/127.0.0.1/$1; } 2>&1 ) && exit
  [[ $error == *'Permission denied' ]] && exit 7; exit 1`;
const connect = () => ['-c', CONNECT, 'bash', String(portOf())];
/** The same of a module. */
const connecting = () =>
  `require('node:net').connect(${portOf()}, '127.0.0.1').on('data', () => process.exit(0)).on('error', ({ code }) => process.exit(code === 'EACCES' ? 7 : 1))`;

const moduleOf = (name: string, code: string) => {
  const path = join(directory, name);
  writeFileSync(path, code);
  return path;
};

describe("network: 'none'", () => {
  test.each(['docker-default', 'unconfined', compile(ALLOW_ALL)])(
    'is taken by each function, under %s',
    async (profile) => {
      const sandbox = new Sandbox(profile, { network: 'none' });
      const child = spawn('bash', connect(), profile, { network: 'none' });
      expect(child.enforcement.network).toEqual(BY_FILTER);
      expect(await finish(child)).toMatchObject({ code: 7 });
      expect(await finish(sandbox.spawn('bash', connect()))).toMatchObject({ code: 7 });
      expect(await finish(sandbox.execFile('bash', connect(), () => {}))).toMatchObject({ code: 7 });
      await expect(run('bash', connect(), profile, { network: 'none' })).rejects.toMatchObject({
        exitCode: 7,
        enforcement: { network: BY_FILTER },
      });
      const open = await finish(spawn('bash', connect(), profile));
      expect(open).toMatchObject({ code: 0 });
    },
  );

  test.each(['docker-default', 'unconfined'])('is taken by fork, under %s', async (profile) => {
    const forked = fork(moduleOf('connects.cjs', connecting()), profile, { network: 'none' });
    expect(forked.enforcement.network).toEqual(BY_FILTER);
    expect(await once(forked, 'exit')).toEqual([7, null]);
  });

  test('is taken by spawnSync and execve', () => {
    for (const profile of ['docker-default', 'unconfined', compile(ALLOW_ALL)] as const) {
      const { status, enforcement } = spawnSync('bash', connect(), profile, NONE);
      expect([status, enforcement?.network]).toEqual([7, BY_FILTER]);
      expect(spawnSync('bash', connect(), profile)).toMatchObject({ status: 0 });
    }
    const code = `require('seccomp').execve('bash', ${JSON.stringify(connect())}, 'unconfined', { network: 'none' })`;
    expect(nodeSpawnSync(process.execPath, ['-e', code], { cwd: packageRoot })).toMatchObject({ status: 7 });
  });

  test.each([null, true, false, 'open', {}, ['none'], { connect: [] }])('refuses %o', (network) => {
    const start = () => spawnSync('true', [], 'docker-default', { network: network as never });
    expect(start).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringMatching(
          /^The property 'options\.network' must be 'none', the only value: leave it out to leave the network open\. Received /,
        ),
      }),
    );
    expect(() => new Sandbox('docker-default', { network: network as never })).toThrow(/'options\.network'/);
  });

  test('is not an option of record, which says what to do instead', async () => {
    const refused = record('true', [], { network: 'none' } as never);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_SECCOMP_OPTION',
      message: 'options.network: record allows every call: pass it to spawn',
    });
  });

  test('is refused together with abstract sockets', () => {
    const isolate = { abstractSockets: true };
    expect(() => spawnSync('true', [], 'docker-default', { network: 'none', isolate })).toThrow(
      /^options\.isolate\.abstractSockets can't be honored: network: 'none' denies all Unix sockets; leave it out$/,
    );
  });

  test('isolates under unconfined, unless that is turned off', ({ skip }) => {
    skip(isolationSupport().by !== 'scopes', String(isolationSupport().reason));
    const signals = (options: object) =>
      spawnSync('sh', ['-c', `kill -0 ${process.pid}`], 'unconfined', options).status;
    expect(signals({})).toBe(0);
    expect(signals({ network: 'none' })).not.toBe(0);
    expect(signals({ network: 'none', isolate: false })).toBe(0);
    expect(spawnSync('bash', connect(), 'unconfined', { network: 'none', isolate: false }).status).toBe(7);
  });

  test('is explained', () => {
    const change = (syscall: string, args: readonly number[] = []) =>
      explain(ALLOW_ALL, { syscall, args }).changes.filter(({ kind }) => kind === 'network');
    const by = "in a child with network: 'none'";
    expect(change('connect')).toEqual([{ kind: 'network', by, action: { kind: 'errno', errno: EACCES } }]);
    expect(change('sendto', [3, 0, 0, 0, 1])).toHaveLength(1);
    expect(change('sendto')).toEqual([]);
    expect(change('getpid')).toEqual([]);
  });
});

const fixture = (name: string) => fileURLToPath(new URL(`network/${name}`, import.meta.url));
const NODE_WORKS = fixture('node-works.mjs');
const NODE_FAILS = fixture('node-fails.mjs');

/** Each prints `works`. */
const WORKING: readonly (readonly [command: string, ...args: readonly string[]])[] = [
  ['sh', '-c', 'echo works | cat'],
  ['node', NODE_WORKS],
  [
    'python3',
    '-c',
    'import asyncio, multiprocessing as m\nasyncio.new_event_loop().close()\nprint(*m.Pool(1).map(str, ["works"]))',
  ],
  ['python3', '-c', 'import subprocess; print(subprocess.check_output(["echo", "works"], text=True))'],
  ['git', '-c', 'alias.x=!echo works', 'x'],
  ['gcc', '--version'],
];

/** What programs print that try to reach the network. */
const FAILING: readonly (readonly [command: string, args: readonly string[], text: RegExp])[] = [
  [
    'node',
    [NODE_FAILS],
    /^connect EACCES 127\.0\.0\.1:1.*\ngetaddrinfo EAI_AGAIN.*\nlisten EACCES: permission denied.*\nlisten EAFNOSUPPORT/,
  ],
  ['python3', ['-c', 'import socket; socket.create_connection(("127.0.0.1", 1))'], /PermissionError: \[Errno 13\]/],
  ['curl', ['-sS', 'http://127.0.0.1:1'], /Failed to connect to 127\.0\.0\.1/],
  ['git', ['ls-remote', 'http://127.0.0.1:1/x'], /fatal: unable to access/],
];

describe.each([
  ['docker-default', WORKING, FAILING, false],
  ['unconfined', WORKING.slice(0, 2), FAILING.slice(0, 1), undefined],
] as const)("with network: 'none' under %s", (profile, working, failing, isolate) => {
  test.for(working)('%s %s %s works', ([command, ...args], { skip }) => {
    const obstacle = obstacleTo(command);
    skip(obstacle !== undefined, obstacle);
    const { status, stdout, stderr } = spawnSync(command, args, profile, NONE);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(command === 'gcc' ? /^gcc/ : /^(works\s+)+$/);
  });

  test.for(failing)('%s %o is told so', ([command, args, text], { skip }) => {
    const obstacle = obstacleTo(command);
    skip(obstacle !== undefined, obstacle);
    const { status, stderr } = spawnSync(command, args, profile, NONE);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(text);
  });

  test(`a forked Node has its channel, can use a connection that it is sent, and has no io_uring instance, with isolate: ${isolate}`, async () => {
    const module = moduleOf(
      'answers.cjs',
      `const fs = require('node:fs');
        const isRing = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd).includes('io_uring'); } catch { return false; } };
        process.on('message', (message, socket) => {
          socket.end('from the child');
          process.exitCode = fs.readdirSync('/proc/self/fd').filter(isRing).length;
          process.disconnect();
        });`,
    );
    const env = { ...process.env, ...WITH_RINGS };
    const child = fork(module, profile, { network: 'none', isolate, env, handles: true });
    const accepting = createServer({ pauseOnConnect: true }, (socket: Socket) => child.send('take it', socket));
    await once(accepting.listen(0, '127.0.0.1'), 'listening');
    const { port } = accepting.address() as { readonly port: number };
    const { stdout } = await finish(spawn('bash', ['-c', `cat </dev/tcp/127.0.0.1/${port}`], 'unconfined'));
    accepting.close();
    expect(stdout).toBe('from the child');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  test('violations name the option', async () => {
    const child = spawn('bash', connect(), profile, { network: 'none', onViolation: true });
    await finish(child);
    // Without SHELL, bash looks up its user, which asks nscd over a Unix socket.
    const denied = child.violations.filter(
      ({ syscall, decoded }) => syscall === 'socket' && decoded?.[0] === 'AF_INET',
    );
    expect(denied).toMatchObject([
      {
        action: { kind: 'errno', errno: EACCES },
        deniedBy: 'network',
        why: "network: 'none' denies socket: leave out the option if the program needs the network",
        profile: undefined,
        rule: undefined,
        remedy: undefined,
      },
    ]);
  });
});

test("with network: 'none', gcc compiles", ({ skip }) => {
  const obstacle = obstacleTo('gcc');
  skip(obstacle !== undefined, obstacle);
  const out = join(directory, 'compiled');
  const options = { ...NONE, input: 'int main(void) { return 9; }' };
  const compiling = spawnSync('gcc', ['-x', 'c', '-', '-o', out], 'docker-default', options);
  expect(compiling).toMatchObject({ status: 0, stderr: '' });
  expect(nodeSpawnSync(out)).toMatchObject({ status: 9 });
});

test("an agent receives the listener of a child with network: 'none', and its handlers do not open the network", async () => {
  const path = join(directory, 'agent.sock');
  const agent = listen(path, { socket: (call) => call.continue(), sched_yield: (call) => call.return(0) });
  const profile = {
    ...ALLOW_ALL,
    listenerPath: path,
    syscalls: [{ names: ['socket', 'sched_yield'], action: 'SCMP_ACT_NOTIFY' }],
  } as const;
  const { abi } = thisHost();
  const calls = [callTo(abi, 'sched_yield'), callTo(abi, 'socket', 2, 1)]; // AF_INET, SOCK_STREAM
  const child = spawn(compileC('probe.c'), calls.map(toArgument), profile, { network: 'none' });
  const { stdout } = await finish(child);
  await agent.close();
  expect(child.enforcement.network).toEqual(BY_FILTER);
  expect(stdout).toBe(`ok 0\nerrno ${EACCES}\n`);
});

describe("harden with network: 'none'", () => {
  test.each(['unconfined', 'docker-default'])(
    'closes the network to this process, under %s, and says so; without it, it does not',
    (profile) => {
      const result = evaluateScript(
        `
      const net = require('node:net');
      const server = net.createServer((socket) => socket.end('served'));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address();
      const client = childProcess.spawn('bash', ['-c', 'read; cat </dev/tcp/127.0.0.1/' + port]);
      const without = 'network' in sandbox.harden(denying(1, 'mkdir'), { acceptRings: true });
      const { network, filters } = sandbox.harden('${profile}', { network: 'none', acceptRings: true });
      const [error] = await once(net.connect(port, '127.0.0.1'), 'error');
      client.stdin.end('\\n');
      const [served] = await once(client.stdout, 'data');
      client.kill();
      return [without, network, filters.length, error.code, String(served)];`,
      );
      expect(result).toEqual([false, BY_FILTER, 1, 'EACCES', 'served']);
    },
  );

  test('refuses a Node with io_uring instances, which could make sockets', ({ skip }) => {
    skip(!hasRings(), NO_IO_URING);
    const result = evaluateScript(
      `
      const failed = failure(() => sandbox.harden('unconfined', { network: 'none' }));
      const { network } = sandbox.harden('unconfined', { network: 'none', acceptRings: true });
      return [failed, network];`,
      { env: WITH_RINGS },
    );
    expect(result).toEqual(['ERR_SECCOMP_UNSUPPORTED', BY_FILTER]);
  });
});

describe('seccomp run --no-network', () => {
  const seccomp = (...args: readonly string[]) =>
    nodeSpawnSync(process.execPath, [main, 'run', ...args], { encoding: 'utf8' });

  test('keeps the command from the network', () => {
    const start = ['--', 'bash', ...connect()];
    expect(seccomp(...start)).toMatchObject({ status: 0 });
    expect(seccomp('--no-network', ...start)).toMatchObject({ status: 7 });
  });

  test('is named by --explain', () => {
    const { status, stderr } = seccomp('--no-network', '--explain', '--', 'bash', ...connect());
    expect(status).toBe(7);
    expect(stderr).toContain("network: 'none' denies socket");
    expect(stderr).toContain('to allow: run without --no-network');
  });
});
