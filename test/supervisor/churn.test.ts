/** Many supervised children, killed in the middle of their calls: none is lost, none is answered for another. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { loadProfile } from '../../lib/profile/load.js';
import type { Profile } from '../../lib/profile/profile.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import type { Answer, NotifiedCall } from '../../lib/supervisor/answer.js';
import { compileC } from '../support/compile-c.js';

const seconds = Number(process.env['SECCOMP_TEST_KILL_SECONDS'] ?? (process.env['CI'] ? 10 : 2));
const program = compileC('asks.c');
const profile = loadProfile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['sched_get_priority_min'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
}) as Profile;

const answer = ({ args: [n = 0n] }: NotifiedCall): Answer => ({ value: n ^ 0x5a5an });
/** At once, later, or much later. */
async function answerSometime(call: NotifiedCall): Promise<Answer> {
  const n = Number(call.args[0]) % 7;
  if (n === 0) await sleep(1);
  else if (n < 3) await new Promise((resolve) => setImmediate(resolve));
  return answer(call);
}

const start = (count: number, handler: (call: NotifiedCall) => Answer | Promise<Answer>) =>
  spawn(program, [String(count)], profile, {
    stdio: 'ignore',
    onViolation: true,
    notify: { sched_get_priority_max: handler },
  });

/** What this process has: descriptors, threads that answer, children, whether they run or are zombies. */
function held() {
  const tasks = readdirSync('/proc/self/task').map((tid) => `/proc/self/task/${tid}`);
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: tasks.filter((task) => textOf(`${task}/comm`) === 'seccomp\n').length,
    children: tasks.flatMap((task) => textOf(`${task}/children`).split(' ').filter(Boolean)).length,
  };
}

/** Empty if it is gone by now. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Listeners and their threads end when the kernel says that nobody has their filter any more. */
async function falls(to: { readonly descriptors: number }): Promise<void> {
  await vi.waitFor(() => {
    const { descriptors, ...others } = held();
    expect({ ...others, more: Math.max(0, descriptors - to.descriptors) }).toEqual({
      threads: 1,
      children: 0,
      more: 0,
    });
  }, 30_000);
}

test('100 calls of each kind by two threads are answered and counted, each once', async () => {
  const child = start(100, answerSometime);
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(child.violations.map(({ syscall, count }) => [syscall, count])).toEqual([['sched_get_priority_min', 200]]);
});

test(`children killed at random for ${seconds} s`, { timeout: (seconds + 60) * 1000 }, async () => {
  await once(start(1, answer), 'exit');
  const before = held();
  const until = Date.now() + seconds * 1000;
  const ends = { killed: 0, whole: 0 };
  let random = 1 + (Date.now() % 1e6);
  const seed = random;
  const next = (below: number) => {
    random = (random * 48_271) % 2_147_483_647;
    return random % below;
  };
  const oneAfterAnother = async () => {
    while (Date.now() < until) {
      const asked = new Set<bigint | undefined>();
      let asks = 0;
      const child = start(100, (call) => {
        asks++;
        asked.add(call.args[0]);
        return answerSometime(call);
      });
      const exit = once(child, 'exit');
      const kills = next(4) !== 0;
      if (kills) setTimeout(() => child.kill('SIGKILL'), next(60));
      const [code, signal] = await exit;
      const made = child.violations.reduce((sum, { count }) => sum + count, 0);
      if (signal === 'SIGKILL') ends.killed++;
      else ends.whole++;
      const right = signal === 'SIGKILL' ? kills && made <= 200 : code === 0 && made === 200 && asks === 200;
      if (right && asks === asked.size) continue;
      const found = `ended with ${code ?? signal}, ${made} calls denied and ${asks} asked of, ${asked.size} of them different`;
      throw new Error(`seed ${seed}: ${found}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, oneAfterAnother));
  expect(ends.killed).toBeGreaterThan(0);
  expect(ends.whole).toBeGreaterThan(0);
  await falls(before);
});

test('1,000 children at once', { timeout: 120_000 }, async ({ skip }) => {
  // Three descriptors each, and a process and a thread.
  const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (Number(limit) < 4096) skip(`only ${limit} descriptors`);
  const before = held();
  const waiting: (() => void)[] = [];
  let all = () => {};
  const asked = new Promise<void>((resolve) => {
    all = resolve;
  });
  // None is answered until all have asked.
  const children = Array.from({ length: 1000 }, () =>
    start(1, async (call) => {
      if (waiting.length < 1000) await new Promise<void>((resolve) => waiting.push(resolve) === 1000 && all());
      return answer(call);
    }),
  );
  const exits = Promise.all(children.map((child) => once(child, 'exit')));
  await asked;
  for (const release of waiting) release();
  expect(new Set((await exits).map(([code, signal]) => code ?? signal))).toEqual(new Set([0]));
  expect(children.reduce((sum, { violations }) => sum + (violations[0]?.count ?? 0), 0)).toBe(2000);
  await falls(before);
});
