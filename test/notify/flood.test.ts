/** Children that make one notified call after another. */
import { execFileSync, spawn as nodeSpawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { SandboxedProcess } from '../../lib/sandbox/child/process/child-process.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { dist } from '../support/built.js';
import { Fifo } from '../support/fifo.js';
import { finish } from '../support/processes.js';
import { interpreter } from '../support/python.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** One call has a fixed answer, of which the supervisor is notified all the same. */
const profile: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['sched_get_priority_min'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
};

/** Python code for a call that a handler answers. The interpreter lets other threads run meanwhile. */
const preamble = `import ctypes, os, threading
libc = ctypes.CDLL(None, use_errno=True)
ask = libc.sched_get_priority_max
`;

/** Milliseconds after which a program is killed that hangs. */
const HUNG_MS = 60_000;

/** Waits for some turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}

type Flood = (
  script: string,
  handler: (call: NotifiedCall) => NotifyResponse | Promise<NotifyResponse>,
) => SandboxedProcess;

const flooding =
  (options: SpawnOptions): Flood =>
  (script, handler) =>
    spawn(interpreter(), ['-S', '-c', preamble + script], profile, {
      notify: { sched_get_priority_max: handler },
      ...options,
    });

describe.each<[string, Flood]>([
  ['if a thread of the addon receives them', flooding({ onViolation: true })],
  ['if JavaScript’s thread receives them', flooding({})],
])('a child that makes notified calls without pause, %s,', (_, flood) => {
  test('gets its own answer to each call', async () => {
    let calls = 0;
    const child = flood('for n in range(4000):\n  assert ask(n) == n ^ 0x5a5a', (call) => {
      calls++;
      const [n = 0n] = call.args;
      return call.return(n ^ 0x5a5an);
    });
    expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
    expect(calls).toBe(4000);
  });

  test('leaves time for other work on this thread, if there are several', async () => {
    let more = 1;
    let calls = 0;
    let onMany = () => {};
    const many = new Promise<void>((resolve) => {
      onMany = resolve;
    });
    const handler = (call: NotifiedCall) => {
      if (++calls === 400) onMany();
      return call.return(more);
    };
    const ended = Promise.all(Array.from({ length: 4 }, () => finish(flood('while ask(1): pass', handler))));
    await many;
    expect(await readFile('/proc/self/comm', 'utf8')).not.toBe('');
    await turns(10);
    expect(await finish(spawn('echo', ['hello'], 'docker-default'))).toMatchObject({ stdout: 'hello\n' });
    more = 0;
    expect(await ended).toEqual(Array(4).fill(expect.objectContaining({ code: 0, stderr: '' })));
  });

  test('may be answered later, out of order, and by several threads at once', async () => {
    const script = `
def run(first):
  for n in range(first, first + 150):
    if ask(n) != n ^ 0x5a5a: os._exit(3)
threads = [threading.Thread(target=run, args=(n * 1000,)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()`;
    const child = flood(script, (call) => {
      const [n = 0n] = call.args;
      const answer = call.return(n ^ 0x5a5an);
      const late = n % 3n === 0n ? 1 : n % 50n === 1n ? 1 + Number(n % 7n) : 0;
      return late === 0 ? answer : turns(late).then(() => answer);
    });
    expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
  });

  test('is denied the calls whose handler throws, and no others', async () => {
    const script = 'for n in range(700): assert ask(n) == (-1 if n % 7 == 0 else n + 1)';
    const child = flood(script, (call) => {
      const [n = 0n] = call.args;
      if (n % 7n === 0n) throw new Error('out of order');
      return call.return(n + 1n);
    });
    let errors = 0;
    child.on('handlerError', () => errors++);
    expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
    expect(errors).toBe(100);
  });

  test('may be killed at any time', async () => {
    for (let i = 0; i < 4; i++) {
      let calls = 0;
      const child = flood('while ask(1): pass', (call) => {
        if (++calls === 45 * i + 1) child.kill('SIGKILL');
        return call.return(1);
      });
      expect(await finish(child)).toMatchObject({ signal: 'SIGKILL' });
    }
  });
});

describe('a child that makes notified calls without pause', () => {
  test('gets its own answer to each call from an agent', async () => {
    let calls = 0;
    const agent = listen(join(directory, 'agent'), {
      sched_get_priority_max: (call) => {
        calls++;
        return call.return(1);
      },
    });
    const ended = once(agent, 'end');
    const runtime = fileURLToPath(new URL('../support/runtime.py', import.meta.url));
    expect(await finish(nodeSpawn(interpreter(), ['-S', runtime, agent.path, 'all the time']))).toMatchObject({
      code: 0,
    });
    await ended;
    await agent.close();
    expect(calls).toBe(5000);
  });

  test('gets fixed answers while a handler runs', async () => {
    const [begun, done] = [join(directory, 'begun'), join(directory, 'done')];
    execFileSync('mkfifo', [begun, done]);
    const script = `
def other():
  open(${JSON.stringify(begun)}).read()
  for n in range(10): assert libc.sched_get_priority_min(1) == -1 and ctypes.get_errno() == 77
  open(${JSON.stringify(done)}, 'w').write('done')
thread = threading.Thread(target=other)
thread.start()
while ask(1) == 1: pass
thread.join()`;
    let calls = 0;
    const ends: (string | number | null)[] = [];
    const child = flooding({ onViolation: true })(script, (call) => {
      if (++calls < 200) return call.return(1);
      // The handler returns only when the other thread has its answers. The test fails if it never does.
      const args = ['-c', ': > "$1"; cat "$2"', 'sh', begun, done];
      const { stdout, status } = spawnSync('sh', args, { encoding: 'utf8', timeout: HUNG_MS });
      ends.push(stdout, status);
      return call.return(0);
    });
    expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
    expect([calls, ends]).toEqual([200, ['done', 0]]);
  });

  test.each([
    ['a thread of the addon', true],
    ['JavaScript’s thread', false],
  ])('is denied when the worker that answers is terminated, if %s receives the calls', async (_, watches) => {
    const code = `
      import { workerData } from 'node:worker_threads';
      import { spawn } from ${JSON.stringify(dist)};
      let calls = 0;
      spawn(${JSON.stringify(interpreter())}, ['-S', '-c', workerData], { defaultAction: 'SCMP_ACT_ALLOW' }, {
        notify: {
          sched_get_priority_max: (call) =>
            call.args[0] === 3n ? new Promise(() => {}) : call.return(++calls === 100 ? 2 : 1),
        },
        onViolation: ${watches || undefined},
        stdio: ['ignore', 'ignore', 'inherit'],
      });`;
    using asked = new Fifo(join(directory, `asked ${watches}`));
    using denied = new Fifo(join(directory, `denied ${watches}`));
    const script = `${preamble}
unanswered = []
thread = threading.Thread(target=lambda: unanswered.append(ask(3)))
thread.start()
while True:
  answer = ask(1)
  if answer == 2: print(file=open(${JSON.stringify(asked.path)}, 'w'))
  if answer == -1: break
error = ctypes.get_errno()
with open(${JSON.stringify(denied.path)}, 'w') as file:
  thread.join()
  print(error, unanswered, file=file)`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: script });
    await asked.line();
    await worker.terminate();
    expect(await denied.line()).toBe('1 [-1]');
  });
});
