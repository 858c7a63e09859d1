/** The answers of handlers, the errors of handlers, and the end of the process or worker that answers. */
import { execFileSync, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { Handler, Handlers } from '../../lib/notify/handlers.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { compile } from '../../lib/sandbox/compile.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { dist } from '../support/built.js';
import { compileC } from '../support/compile-c.js';
import { callTo, toAnswer, toArgument } from '../support/probe.js';
import { finish } from '../support/processes.js';
import { everything } from '../support/profiles.js';
import { interpreter } from '../support/python.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
const file = join(directory, 'file');
writeFileSync(file, 'what is in it\n');
afterAll(() => rmSync(directory, { recursive: true }));

const python = (script: string, notify: Handlers, profile = everything, options = {}) =>
  finish(spawn(interpreter(), ['-S', '-c', script], profile, { notify, ...options }));

/**
 * Python code for a call that programs do not make by themselves. Its argument is an address at which nothing is
 * mapped.
 */
const preamble = `import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(): print(libc.sched_get_priority_max(1), ctypes.get_errno(), flush=True)
`;

/** Whether a descriptor of this process is open. */
function isOpen(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** The result of the same call of the probe, which `handler` answers, and the messages of `handlerError`. */
async function answered(handler: Handler, options = {}) {
  const call = callTo(thisHost().abi, 'sched_get_priority_max', 1);
  const child = spawn(compileC('probe.c'), [toArgument(call)], everything, {
    notify: { sched_get_priority_max: handler },
    ...options,
  });
  const errors: string[] = [];
  child.on('handlerError', (error: Error) => errors.push(error.message));
  return { answer: toAnswer((await finish(child)).stdout.trim()), errors };
}

describe('a handler', () => {
  test('answers with a value or an errno, or lets the kernel execute the call', async () => {
    expect((await answered((call) => call.return(4242))).answer).toBe('ok 4242');
    expect((await answered(async (call) => call.deny('ENOTTY'))).answer).toBe('errno ENOTTY');
    expect((await answered((call) => call.continue())).answer).toBe('ok 99');
  });

  test('answers with a descriptor, of its own or of a FileHandle', async () => {
    const reading = `print(open('/nowhere/file').read(), end='')`;
    const byNumber = await python(reading, {
      openat: (call) =>
        call.readString(1) === '/nowhere/file' ? call.returnFd(openSync(file, 'r'), { close: true }) : call.continue(),
    });
    expect(byNumber).toMatchObject({ stdout: 'what is in it\n', stderr: '' });
    const byHandle = await python(reading, {
      openat: async (call) =>
        call.readString(1) === '/nowhere/file'
          ? call.returnFd(await open(file), { close: true, closeOnExec: true })
          : call.continue(),
    });
    expect(byHandle).toMatchObject({ stdout: 'what is in it\n', stderr: '' });
  });

  test('answers with a descriptor that the child’s programs inherit, unless closeOnExec is true', async () => {
    const listing = `import os, subprocess
open('/nowhere/file').fileno()
fd = os.open('/nowhere/file', os.O_RDONLY)
print(subprocess.run(['test', '-e', f'/proc/self/fd/{fd}'], close_fds=False).returncode)`;
    for (const closeOnExec of [false, true]) {
      const { stdout } = await python(listing, {
        openat: (call) =>
          call.readString(1) === '/nowhere/file'
            ? call.returnFd(openSync(file, 'r'), { close: true, closeOnExec })
            : call.continue(),
      });
      expect(stdout).toBe(closeOnExec ? '1\n' : '0\n');
    }
  });

  test('keeps its own descriptor, unless close is true', async () => {
    for (const close of [false, true]) {
      const fd = openSync(file, 'r');
      await python(`open('/nowhere/file')`, {
        openat: (call) => (call.readString(1) === '/nowhere/file' ? call.returnFd(fd, { close }) : call.continue()),
      });
      expect(isOpen(fd)).toBe(!close);
      if (!close) closeSync(fd);
    }
  });

  test('reads and writes the memory to which arguments point', async () => {
    const seen: unknown[] = [];
    const { stdout } = await python(
      `import socket, os
print(os.uname().sysname)
for family, address in ((socket.AF_INET, ('192.0.2.7', 80)), (socket.AF_INET6, ('2001:db8::7', 443)), (socket.AF_UNIX, '/nowhere/socket'), (socket.AF_UNIX, '\\0name'), (socket.AF_UNIX, '@name')):
  print(socket.socket(family).connect_ex(address))`,
      {
        uname: (call) => {
          const names = Buffer.alloc(6 * 65);
          names.write('Plan 9');
          call.writeBytes(0, names);
          return call.return(0);
        },
        connect: (call) => {
          const { bytes: _, ...address } = call.readSockaddr(1);
          seen.push(address);
          return call.deny('ECONNREFUSED');
        },
      },
    );
    expect(stdout).toBe('Plan 9\n111\n111\n111\n111\n111\n');
    expect(seen).toEqual([
      { family: 'IPv4', address: '192.0.2.7', port: 80 },
      { family: 'IPv6', address: '2001:db8::7', port: 443 },
      { family: 'unix', path: '/nowhere/socket' },
      { family: 'unix', abstract: 'name' },
      { family: 'unix', path: '@name' },
    ]);
  });

  test('gets EFAULT for an address at which nothing is mapped', async () => {
    const errors: unknown[] = [];
    const { answer } = await answered((call) => {
      for (const read of [() => call.readString(0), () => call.writeBytes(0, Buffer.alloc(1))]) {
        try {
          read();
        } catch (error) {
          errors.push((error as NodeJS.ErrnoException).code);
        }
      }
      return call.return(1);
    });
    expect([answer, errors]).toEqual(['ok 1', ['EFAULT', 'EFAULT']]);
  });

  test('denies if it throws, takes too long or returns no valid answer, and its error is emitted', async () => {
    const wrong: readonly [RegExp, Handler, object?][] = [
      [/out of order/, () => Promise.reject(new Error('out of order'))],
      [
        /out of order/,
        () => {
          throw new Error('out of order');
        },
      ],
      [/no answer in 20 ms: ETIMEDOUT/, () => new Promise(() => {}), { notifyTimeout: 20 }], // The timeout is certain.
      [/^Expected the result of call\.continue\(\), .* but got an instance of Object\.$/, () => ({}) as NotifyResponse],
      [/^The argument 'errno' must be the name of an errno/, (call) => call.deny('EWHAT')],
      [/EBADF/, (call) => call.returnFd(12_345)],
    ];
    for (const [message, handler, options = {}] of wrong) {
      const { answer, errors } = await answered(handler, options);
      expect([answer, errors]).toEqual(['errno EPERM', [expect.stringMatching(message)]]);
    }
  });

  test('answers the calls that SCMP_ACT_NOTIFY selects, and no other call of that name', async () => {
    const profile: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['kill'], action: 'SCMP_ACT_NOTIFY', args: [{ index: 1, value: 10, op: 'SCMP_CMP_EQ' }] },
        { names: ['kill'], action: 'SCMP_ACT_ERRNO', errnoRet: 5, args: [{ index: 1, value: 12, op: 'SCMP_CMP_EQ' }] },
      ],
    };
    const script = `import os
for signal in 0, 10, 12:
  try: print(os.kill(os.getpid(), signal))
  except OSError as e: print(e.errno)`;
    expect((await python(script, { kill: (call) => call.deny(7) }, profile)).stdout).toBe('None\n7\n5\n');
    expect(() => spawn('true', [], profile, { onViolation: true })).toThrow('options.notify has no handler for kill');
    expect(() => spawn('true', [], profile)).toThrow('SCMP_ACT_NOTIFY needs a supervisor');
  });

  test('for calls of other ABIs is required, if a policy notifies of them', () => {
    const policy = { ...resolve(profileOf(everything), thisHost()), foreignAction: { kind: 'notify' } as const };
    expect(() => spawn('true', [], compile(policy))).toThrow('SCMP_ACT_NOTIFY needs a supervisor');
  });

  test('for a socket call can’t be bypassed by socketcall', async ({ skip }) => {
    if (process.arch !== 'x64') skip('socketcall is x86’s');
    const { evaluate } = await import('../../lib/policy/evaluate.js');
    const { plannedFilters } = await import('../support/plans.js');
    const policy = plannedFilters('docker-default', { notify: { connect: (call) => call.deny(1) } })[0]?.policy;
    const socketcall = (call: bigint) =>
      policy && evaluate(policy, { arch: 0x4000_0003, number: 102, args: [call, 0n, 0n, 0n, 0n, 0n] });
    expect(socketcall(3n)).toEqual({ kind: 'errno', errno: 38 });
    expect(socketcall(1n)).toEqual({ kind: 'allow' });
  });

  test('is refused by functions that block this thread until the child ends', () => {
    const sandbox = new Sandbox(everything, { notify: { getppid: (call) => call.return(1) } });
    expect(() => sandbox.execFileSync('true')).toThrow("handlers can't run while this thread waits");
  });
});

describe('after the end of the process or worker that answers', () => {
  const start = (script: string, out: string) => `
    import { spawn } from ${JSON.stringify(dist)};
    const notify = { sched_get_priority_max: (call) => call.return(4242) };
    const stdio = ['ignore', ${out}, 'inherit'];
    spawn(${JSON.stringify(interpreter())}, ['-S', '-c', ${JSON.stringify(script)}], { defaultAction: 'SCMP_ACT_ALLOW' }, { notify, stdio });`;

  test('of a worker, calls are denied', async () => {
    const fifo = join(directory, 'worker');
    execFileSync('mkfifo', [fifo, `${fifo}-out`]);
    const output = open(`${fifo}-out`);
    const script = `${preamble}call()\nopen(${JSON.stringify(fifo)}).read()\ncall()`;
    const code = `import { openSync } from 'node:fs';${start(script, `openSync('${fifo}-out', 'w')`)}`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    const end = await open(fifo, 'w'); // The child opens the FIFO after the answer to its first call.
    await worker.terminate();
    await end.close();
    const reader = await output;
    expect(await reader.readFile('utf8')).toBe('4242 0\n-1 1\n');
    await reader.close();
  });

  test('of the process, calls fail with ENOSYS', async () => {
    const fifo = join(directory, 'process');
    execFileSync('mkfifo', [fifo]);
    const code = start(`${preamble}call()\nopen(${JSON.stringify(fifo)}).read()\ncall()`, "'inherit'");
    const parent = nodeSpawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = finish(parent);
    const end = await open(fifo, 'w');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await end.close();
    expect((await ended).stdout).toBe('4242 0\n-1 38\n');
  });
});

test('a failure to close a descriptor is emitted as handlerError', async () => {
  const given = { fd: openSync(file, 'r'), close: () => Promise.reject(new Error('stays open')) };
  const { answer, errors } = await answered((call) => call.returnFd(given, { close: true }));
  expect(answer).toMatch(/^ok /);
  expect(errors).toEqual(['stays open']);
  closeSync(given.fd);
});

test("an error of a 'handlerError' listener is not lost, whatever the handler did", async () => {
  const script = `
    import { once } from 'node:events';
    import { spawn } from ${JSON.stringify(dist)};
    const handlers = {
      throws: () => { throw new Error('no answer') },
      'returns no valid answer': () => false,
      'returns an answer that the kernel refuses': (call) => call.returnFd(12_345),
      rejects: async () => { throw new Error('no answer') },
      'resolves to no valid answer': async () => false,
    };
    const lost = [];
    process.on('uncaughtException', ({ message }) => lost.splice(lost.indexOf(message), 1));
    for (const [name, uname] of Object.entries(handlers)) {
      lost.push(name);
      const child = spawn('uname', { defaultAction: 'SCMP_ACT_ALLOW' }, { notify: { uname }, stdio: 'ignore' });
      child.once('handlerError', () => { throw new Error(name) });
      await once(child, 'close');
    }
    process.on('exit', () => console.log(JSON.stringify({ of: Object.keys(handlers).length, lost })));`;
  const args = ['--input-type=module', '--eval', script];
  expect((await finish(nodeSpawn(process.execPath, args))).stdout).toBe('{"of":5,"lost":[]}\n');
});

test.each([
  ['onViolation', ['mkdir /nowhere/x & uname & wait', '2', 'watched'], 2],
  ["a 'handlerError' listener", ['uname & uname & uname & wait', '3'], 3],
])('an exception of %s does not delay other calls in the same mail', async (_, args, uncaught) => {
  const script = fileURLToPath(new URL('one-mail.mjs', import.meta.url));
  const { stdout } = await finish(nodeSpawn(process.execPath, [script, ...args]));
  expect(stdout).toBe(`${uncaught}\n`);
});
