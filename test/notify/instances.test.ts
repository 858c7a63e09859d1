/** Several instances of the module in one process share the addon: each receives the mail of its own children. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { addon } from '../../lib/native.js';
import type { Handler } from '../../lib/notify/handlers.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { finish } from '../support/processes.js';
import { interpreter } from '../support/python.js';
import { evaluateScript } from '../support/scripts.js';

const denying: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
};
const script = `import os
try: os.mkdir('/nowhere/x')
except OSError: pass
print(os.sched_get_priority_max(1))`;

afterEach(() => void vi.restoreAllMocks());

/** A new instance of the module. */
async function instance() {
  vi.resetModules();
  return import('../../lib/index.js');
}

type Instance = Awaited<ReturnType<typeof instance>>;

/** The output of a child of an instance, and the syscalls of its violations. */
async function supervised({ spawn }: Instance, value: number, watches = true) {
  const denied: string[] = [];
  const child = spawn(interpreter(), ['-S', '-c', script], denying, {
    ...(watches && { onViolation: ({ syscall }) => denied.push(syscall) }),
    notify: { sched_get_priority_max: (call) => call.return(value) },
  });
  return { stdout: (await finish(child)).stdout, denied };
}

test('that run at the same time receive and answer the calls of their own children', async () => {
  const first = await instance();
  const second = await instance();
  expect(first.spawn).not.toBe(second.spawn);
  const numbers = [11, 12, 13, 14];
  for (const watches of [true, false]) {
    const ends = await Promise.all(numbers.map((n) => supervised(n % 2 === 0 ? first : second, n, watches)));
    expect(ends).toEqual(numbers.map((n) => ({ stdout: `${n}\n`, denied: watches ? ['mkdir'] : [] })));
  }
});

test('that were loaded again after their deletion from require.cache, and in workers', () => {
  const inWorker = `
    const { spawnSync } = require(${JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))});
    const { violations } = spawnSync('mkdir', ['/nowhere/x'], ${JSON.stringify(denying)}, { onViolation: true });
    require('node:worker_threads').parentPort.postMessage(violations.length);`;
  const counts = evaluateScript(`
    const counts = [];
    for (let i = 0; i < 3; i++) {
      for (const key of Object.keys(require.cache)) delete require.cache[key];
      const error = await require('seccomp').run('mkdir', ['/nowhere/x'], denying(1, 'mkdir', 'mkdirat'), { onViolation: true }).catch((error) => error);
      counts.push(error.violations.length);
      const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true });
      const [count] = await once(worker, 'message');
      counts.push(count);
    }
    return counts;`);
  expect(counts).toEqual(Array(6).fill(1));
});

test.each([
  ['a thread of the addon', true],
  ['JavaScript’s thread', false],
])('deny calls from the moment when their mailbox is closed, if %s receives them', async (_, watches) => {
  const open = vi.spyOn(addon(), 'openMailbox');
  const { spawn } = await instance();
  const calling = `import os
for n in range(4):
  try: print(os.sched_get_priority_max(1))
  except OSError as e: print(e.errno)`;
  const values = [11, 12];
  const sched_get_priority_max: Handler = (call) => {
    const value = values.shift();
    if (value !== undefined) return call.return(value);
    addon().closeMailbox(open.mock.results.at(-1)?.value);
    return new Promise<never>(() => {});
  };
  const child = spawn(interpreter(), ['-S', '-c', calling], denying, {
    notify: { sched_get_priority_max },
    ...(watches && { onViolation: true }),
  });
  expect((await finish(child)).stdout).toBe('11\n12\n1\n1\n');
});

test('hold nothing when no child is left, after each kind of start', async () => {
  const { openMailbox, closeMailbox } = addon();
  const left = new Set<unknown>();
  const opening = vi.spyOn(addon(), 'openMailbox').mockImplementation((onMail) => {
    const mailbox = openMailbox(onMail);
    left.add(mailbox);
    return mailbox;
  });
  let onClose = () => {};
  vi.spyOn(addon(), 'closeMailbox').mockImplementation((mailbox) => {
    closeMailbox(mailbox);
    left.delete(mailbox);
    onClose();
  });
  const starts: readonly ((each: Instance) => unknown)[] = [
    (each) => supervised(each, 1),
    (each) => supervised(each, 1, false),
    ({ spawnSync }) => spawnSync('true', [], denying, { onViolation: true }),
    ({ spawnSync }) => spawnSync('/nowhere/program', [], denying, { onViolation: true }),
  ];
  const instances = [await instance(), await instance()];
  for (const [i, start] of starts.entries()) {
    for (const each of instances) await start(each);
    expect(opening.mock.calls.length, `mailboxes of start ${i}`).toBeGreaterThanOrEqual(2 * (i + 1));
    // An instance closes its mailbox after the end of its last child.
    while (left.size > 0) {
      await new Promise<void>((resolve) => {
        onClose = resolve;
      });
    }
  }
});
