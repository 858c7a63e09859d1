/** Which thread receives the calls of a child: that of JavaScript, or one of the addon's. */
import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';

const script = `import ctypes
ask = ctypes.CDLL(None).sched_get_priority_max
for n in range(2000): ask(n)`;

/** How often the threads that serve listeners have waited. */
function waits(): number {
  const threads = readdirSync('/proc/self/task').map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/status`, 'utf8');
    } catch {
      return ''; // A thread that has ended meanwhile.
    }
  });
  return threads
    .filter((status) => status.startsWith('Name:\tseccomp\n'))
    .reduce((sum, status) => sum + Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]), 0);
}

/** A handler that answers 1, and how often those threads wait for each hundred of its calls. */
function counting() {
  let calls = 0;
  const waited: number[] = [];
  const handler = (call: NotifiedCall) => {
    if (calls++ % 100 === 0) waited.push(waits());
    return call.return(1);
  };
  return { handler, times: () => waited.slice(1).map((sum, i) => sum - (waited[i] ?? 0)) };
}

const allowing = { defaultAction: 'SCMP_ACT_ALLOW' } as const;

test.each([
  ['JavaScript’s thread receives all calls of a child that has handlers only', {}, false],
  ['a thread of the addon receives the calls of a child whose violations are reported', { onViolation: true }, true],
] as const)('%s', async (_, options, isThread) => {
  const { handler, times } = counting();
  const child = spawn('python3', ['-c', script], allowing, { notify: { sched_get_priority_max: handler }, ...options });
  expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
  expect(times()).toHaveLength(19);
  expect(times().some((waits) => waits > 0)).toBe(isThread);
});

test('a thread of the addon receives the calls of a container, as the sender of the listener may receive too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { handler, times } = counting();
  // It makes more calls than a slow machine answers in the time of a test.
  const enough = (call: NotifiedCall) => {
    if (times().length > 3) runtime.kill();
    return handler(call);
  };
  const agent = listen(join(directory, 'agent'), { sched_get_priority_max: enough });
  const ended = once(agent, 'end');
  const script = fileURLToPath(new URL('../support/runtime.py', import.meta.url));
  const runtime = nodeSpawn('python3', [script, agent.path, 'all the time']);
  expect(await finish(runtime)).toMatchObject({ stderr: '' });
  await ended;
  await agent.close();
  expect(times().length).toBeGreaterThan(3);
  expect(times().some((waits) => waits > 0)).toBe(true);
});
