/** Profiles with a listenerPath: the listener of the child's filter is sent to the agent before the program starts. */
import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import { thisHost } from '../../lib/host.js';
import type { Handlers } from '../../lib/notify/handlers.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { loadProfile } from '../../lib/profile/source.js';
import { compile } from '../../lib/sandbox/compile.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';
import { callTo, toArgument } from '../support/probe.js';
import { finish } from '../support/processes.js';
import { interpreter } from '../support/python.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-')));
afterAll(() => rmSync(directory, { recursive: true }));

let sockets = 0;
const newPath = () => join(directory, `${sockets++}.sock`);

/** A profile that notifies an agent of a call that programs do not make by themselves. */
const notifying = (listenerPath: string, rest: Partial<ProfileDocument> = {}): ProfileDocument => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  listenerPath,
  syscalls: [{ names: ['sched_get_priority_max'], action: 'SCMP_ACT_NOTIFY' }],
  ...rest,
});
/** A program that makes this call and prints its result. */
const caller = compileC('probe.c');
const calling = [toArgument(callTo(thisHost().abi, 'sched_get_priority_max', 1))];

const others: { kill(signal?: NodeJS.Signals): boolean }[] = [];
afterEach(() => {
  for (const other of others.splice(0)) other.kill('SIGKILL');
});

/** Starts an agent in another process, which answers 4242. */
async function agentElsewhere() {
  const path = newPath();
  const code = `import { listen } from ${JSON.stringify(dist)};
    const agent = listen(${JSON.stringify(path)}, { sched_get_priority_max: (call) => call.return(4242) });
    agent.on('container', ({ pid }) => console.log(pid));
    console.log('listens');`;
  const child = nodeSpawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  others.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  expect(await line()).toBe('listens');
  return { path, child, line };
}

/** Starts an agent in Python that prints the messages it receives, and closes everything. */
function readerElsewhere(path: string, backlog = 1) {
  const code = `import json, os, socket, sys
server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen(${backlog}); print('listens', flush=True)
connection, _ = server.accept()
text, fds, flags, _ = socket.recv_fds(connection, 1 << 20, 8)
rest = connection.recv(1)
print(json.dumps([json.loads(text), [os.readlink(f'/proc/self/fd/{fd}') for fd in fds], len(rest)]), flush=True)`;
  const child = nodeSpawn(interpreter(), ['-S', '-c', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

describe('an agent in another process', () => {
  test('answers the calls of programs started by spawn, run, spawnSync, Sandbox and execve', async () => {
    const { path, line } = await agentElsewhere();
    const profile = notifying(path);
    const child = spawn(caller, calling, profile);
    expect(await finish(child)).toMatchObject({ stdout: 'ok 4242\n', stderr: '' });
    expect(await line()).toBe(String(child.pid));
    expect((await run(caller, calling, profile)).stdout).toBe('ok 4242\n');
    expect(spawnSync(caller, calling, profile, { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: 'ok 4242\n',
    });
    expect(new Sandbox(profile).execFileSync(caller, calling, { encoding: 'utf8' })).toBe('ok 4242\n');
    const script = `import { execve } from ${JSON.stringify(dist)}; execve(${JSON.stringify(caller)}, ${JSON.stringify(calling)}, ${JSON.stringify(profile)})`;
    const become = nodeSpawn(process.execPath, ['--input-type=module', '-e', script]);
    expect(await finish(become)).toMatchObject({ stdout: 'ok 4242\n', stderr: '' });
  });

  test('that is killed makes later calls fail with ENOSYS', async () => {
    const { path, child: agent } = await agentElsewhere();
    const script = `import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(): print(libc.sched_get_priority_max(1), ctypes.get_errno(), flush=True)
call()\ninput()\ncall()`;
    const child = spawn(interpreter(), ['-S', '-c', script], notifying(path));
    const ended = finish(child);
    await once(child.stdout ?? child, 'data');
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    child.stdin?.end('\n');
    expect((await ended).stdout).toBe('4242 0\n-1 38\n');
  });

  test('receives the container process state with the listener, and then the end of the connection', async () => {
    const path = newPath();
    const reader = readerElsewhere(path);
    expect(await reader.line()).toBe('listens');
    const metadata = 'of "it", ✓\n';
    const child = spawn('true', [], notifying(path, { listenerMetadata: metadata }), { cwd: directory });
    const ended = finish(child);
    const [state, descriptors, rest] = JSON.parse(await reader.line());
    expect(state).toEqual({
      ociVersion: '1.1.0',
      fds: ['seccompFd'],
      pid: child.pid,
      metadata,
      state: {
        ociVersion: '1.1.0',
        id: expect.stringMatching(/^seccomp-[0-9a-f-]{36}$/),
        status: 'creating',
        pid: child.pid,
        bundle: directory,
      },
    });
    expect([descriptors, rest]).toEqual([['anon_inode:seccomp notify'], 0]);
    expect(await ended).toMatchObject({ code: 0 });
  });
});

describe('an agent on this thread', () => {
  test('answers the calls of a program started by spawn', async () => {
    const agent = listen(newPath(), { sched_get_priority_max: (call) => call.return(call.container.pid ?? 0) });
    const child = spawn(caller, calling, notifying(agent.path));
    expect((await finish(child)).stdout).toBe(`ok ${child.pid}\n`);
    await agent.close();
  });

  test('answers under a profile that denies the calls of the handoff', async () => {
    const agent = listen(newPath(), {
      sched_get_priority_max: (call) => call.return((call.args[0] ?? 0n) ^ 0x5a5an),
      sched_get_priority_min: (call) => call.deny(77),
    });
    const profile = notifying(agent.path, {
      syscalls: [
        { names: ['sched_get_priority_max', 'sched_get_priority_min'], action: 'SCMP_ACT_NOTIFY' },
        { names: ['sendmsg', 'execve', 'getpid', 'socket', 'connect', 'close'], action: 'SCMP_ACT_ERRNO' },
      ],
    });
    expect((await run(compileC('notifying.c'), ['5'], profile)).exitCode).toBe(0);
    expect((await run(compileC('notifying.c'), ['5'], profile, { onViolation: false })).exitCode).toBe(0);
    expect((await run(compileC('notifying.c'), ['5'], [profile, 'docker-default'])).exitCode).toBe(0);
    await agent.close();
  });

  test('is refused by spawnSync, which would wait for itself', async () => {
    const agent = listen(newPath(), {});
    expect(() => spawnSync('true', notifying(agent.path))).toThrow('its agent runs on this thread');
    await agent.close();
  });

  test('serves all of many programs that start at once', async () => {
    const agent = listen(newPath(), { sched_get_priority_max: (call) => call.return(call.container.pid ?? 0) });
    const profile = loadProfile(notifying(agent.path));
    const children = Array.from({ length: 8 }, () => spawn(caller, calling, profile));
    const outputs = await Promise.all(children.map(finish));
    expect(outputs.map(({ stdout }) => stdout)).toEqual(children.map(({ pid }) => `ok ${pid}\n`));
    await agent.close();
  });
});

describe('nothing is started', () => {
  const marker = join(directory, 'started');
  const fails = (path: string, message: RegExp, code = 'ERR_SECCOMP_AGENT', rest: Partial<ProfileDocument> = {}) => {
    const failure = expect.objectContaining({ code, message: expect.stringMatching(message) });
    expect(() => spawn('touch', [marker], notifying(path, rest))).toThrowError(failure);
    expect(() => spawnSync('touch', [marker], notifying(path, rest))).toThrowError(failure);
  };
  afterEach(() => expect(() => realpathSync(marker)).toThrow('ENOENT'));

  test('if there is no agent at the path, or it has ended, is full, or is not a stream socket', async () => {
    fails(
      newPath(),
      /listenerPath .*sock: connect ENOENT, and nothing was started: the socket does not exist: start the agent/,
    );
    const gone = newPath();
    const reader = readerElsewhere(gone);
    await reader.line();
    reader.child.kill('SIGKILL');
    await once(reader.child, 'exit');
    fails(gone, /connect ECONNREFUSED.*no process listens there/);
    const held = `import socket, sys; s = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[2])); s.bind(sys.argv[1])
if sys.argv[2] == 'SOCK_STREAM': s.listen(0); c = socket.socket(socket.AF_UNIX); c.connect(sys.argv[1])
print(1, flush=True); sys.stdin.read()`;
    for (const [kind, message] of [
      ['SOCK_STREAM', /connect EAGAIN.*connection queue is full/],
      ['SOCK_DGRAM', /connect EPROTOTYPE.*not a socket of type SOCK_STREAM/],
    ] as const) {
      const path = newPath();
      const holder = nodeSpawn(interpreter(), ['-S', '-c', held, path, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
      others.push(holder);
      await once(holder.stdout, 'data');
      fails(path, message);
    }
  });

  test('for a path that can’t be a socket’s, or metadata that is too long', () => {
    fails('agent.sock', /listenerPath "agent.sock" is not absolute/, 'ERR_SECCOMP_OPTION');
    fails(`/${'x'.repeat(107)}`, /more than 107 bytes/, 'ERR_SECCOMP_OPTION');
    fails(newPath(), /listenerMetadata has more than 65536 bytes/, 'ERR_SECCOMP_OPTION', {
      listenerMetadata: 'x'.repeat(65_537),
    });
  });

  test('with handlers or onViolation beside the agent, or with two agents', () => {
    const profile = notifying(newPath());
    const handler: Handlers = { sched_get_priority_max: (call) => call.return(1) };
    expect(() => spawn('touch', [marker], profile, { notify: handler })).toThrow(
      'names an agent, and a filter has only one listener',
    );
    expect(() => spawn('touch', [marker], profile, { onViolation: true })).toThrow(
      'names an agent, and a filter has only one listener',
    );
    expect(() => spawn('touch', [marker], [profile, notifying(newPath())])).toThrow('a filter has only one agent');
    const path = newPath();
    const both = ['first', 'second'].map((listenerMetadata) => notifying(path, { listenerMetadata }));
    expect(() => spawn('touch', [marker], both)).toThrow('different listenerMetadata');
  });

  test('with a compiled filter, which has no listenerPath', () => {
    expect(() => spawn('touch', compile(notifying(newPath())))).toThrow('SCMP_ACT_NOTIFY needs a supervisor');
  });
});

test('a profile without SCMP_ACT_NOTIFY does not connect to its agent', () => {
  const { status } = spawnSync('true', notifying(newPath(), { syscalls: [] }));
  expect(status).toBe(0);
});
