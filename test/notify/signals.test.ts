/** Signals during notified calls: once the supervisor has received a call, only a fatal signal prevents its answer. */
import { spawn as nodeSpawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addon } from '../../lib/native.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { compileC } from '../support/compile-c.js';
import { withoutStrace } from '../support/faults.js';
import { finish } from '../support/processes.js';

const dist = new URL('../../dist/index.js', import.meta.url).href;

/** Whether the kernel knows SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, with NEW_LISTENER. */
const isKillable = addon().filterFlagsKnown(32 | 8);
const TOO_OLD = 'WAIT_KILLABLE_RECV came with Linux 5.19';

const denying: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['sched_get_priority_min'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
};
const CALLS = 5_000;

/** The results of denied calls under a storm of signals. */
async function underSignals(restarts: boolean) {
  const child = spawn(compileC('interrupted.c'), [`${CALLS}`, '100', restarts ? '1' : '0'], denying, {
    onViolation: true,
  });
  const { stdout } = await finish(child);
  const [denied = 0, interrupted = 0, others = 0, signals = 0] = stdout.split(' ').map(Number);
  return { denied, interrupted, others, signals, counted: child.violations.reduce((sum, { count }) => sum + count, 0) };
}

test('a received call is answered before a signal is handled', async ({ skip }) => {
  if (!isKillable) skip(TOO_OLD);
  const script = `import ctypes, os, signal
signal.signal(signal.SIGUSR1, lambda *_: print('signal', flush=True))
libc = ctypes.CDLL(None, use_errno=True)
result = libc.sched_get_priority_max(1)
print(result, ctypes.get_errno(), flush=True)`;
  const pending: string[] = [];
  const child = spawn('python3', ['-c', script], denying, {
    notify: {
      sched_get_priority_max: (call) => {
        process.kill(Number(call.tid), 'SIGUSR1');
        pending.push(readFileSync(`/proc/${call.tid}/status`, 'utf8'));
        return call.return(4242);
      },
    },
  });
  expect((await finish(child)).stdout.split('\n').sort()).toEqual(['', '4242 0', 'signal']);
  expect(pending).toEqual([expect.stringMatching(/^ShdPnd:\s*0+200$/m)]);
});

test('each of 5,000 denied calls is counted and gets its errno, unless a signal arrived before it was received', async ({
  skip,
}) => {
  if (!isKillable) skip(TOO_OLD);
  const { denied, interrupted, others, signals, counted } = await underSignals(false);
  expect({ sum: denied + interrupted, others, counted }).toEqual({ sum: CALLS, others: 0, counted: denied });
  expect(interrupted).toBeLessThanOrEqual(signals);
});

test('all 5,000 denied calls of a program whose handlers restart calls get their errno', async ({ skip }) => {
  if (!isKillable) skip(TOO_OLD);
  expect(await underSignals(true)).toMatchObject({ denied: CALLS, interrupted: 0, others: 0, counted: CALLS });
});

test.for([
  ['the event loop receives', '{}'],
  ['a thread receives', '{ onViolation: true }'],
])('a request to the listener that fails with EINTR is made again, if %s', async ([, options], { skip }) => {
  const missing = withoutStrace();
  if (missing !== undefined) skip(missing);
  const code = `import { spawn } from ${JSON.stringify(dist)};
const calls = 'import ctypes\\nlibc = ctypes.CDLL(None)\\nfor i in range(20): print(libc.sched_get_priority_max(i))';
const notify = { sched_get_priority_max: async (call) => call.return(2 * Number(call.args[0])) };
spawn('python3', ['-c', calls], { defaultAction: 'SCMP_ACT_ALLOW' }, { ...${options}, notify, stdio: 'inherit' });`;
  // Of each thread, every other ioctl(2) is not made and fails.
  const strace = ['-f', '-o', '/dev/null', '-e', 'trace=ioctl', '-e', 'inject=ioctl:error=EINTR:when=1+2'];
  const node = nodeSpawn('strace', [...strace, process.execPath, '--input-type=module', '-e', code]);
  expect((await finish(node)).stdout).toBe(Array.from({ length: 20 }, (_, i) => `${2 * i}\n`).join(''));
});

test('a signal to this process leaves no call without the descriptor that answers it', async () => {
  const code = `import { spawn as nodeSpawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { spawn } from ${JSON.stringify(dist)};
process.on('SIGUSR2', () => {});
const storm = nodeSpawn('python3', ['-c', 'import os, signal\\nwhile True: os.kill(os.getppid(), signal.SIGUSR2)'], { stdio: 'ignore' });
const opens = \`import os
wrong = 0
for i in range(1000):
  file = os.open('/nowhere', os.O_RDONLY)
  wrong += os.readlink(f'/proc/self/fd/{file}') != '/dev/zero'
  if file > 2: os.close(file)
print(wrong)\`;
const zero = openSync('/dev/zero');
const openat = (call) => (call.readString(1) === '/nowhere' ? call.returnFd(zero) : call.continue());
spawn('python3', ['-c', opens], { defaultAction: 'SCMP_ACT_ALLOW' }, { notify: { openat }, stdio: 'inherit' })
  .on('exit', () => storm.kill());`;
  const node = nodeSpawn(process.execPath, ['--input-type=module', '-e', code]);
  expect(await finish(node)).toMatchObject({ stdout: '0\n' });
});
