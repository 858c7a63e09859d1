/** Supervised children that make calls without pause, for tests that kill them in the middle of a call. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { randomOf } from '../fuzz/random.js';
import { children } from './children.mjs';
import { compileC } from './compile-c.js';
import { threadsNamed } from './threads.mjs';
import { until } from './until.mjs';

const profile: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['sched_get_priority_min'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
};

type Handler = (call: NotifiedCall) => NotifyResponse | Promise<NotifyResponse>;

/**
 * Starts test/support/notifying.c: two threads that make `count` denied calls, and `count` calls that `handler`
 * answers.
 */
export const startNotifying = (count: number, handler: Handler) =>
  spawn(compileC('notifying.c'), [String(count)], profile, {
    stdio: 'ignore',
    onViolation: true,
    notify: { sched_get_priority_max: handler },
  });

/** The answer that test/support/notifying.c expects. */
export const answer = (call: NotifiedCall): NotifyResponse => call.return((call.args[0] ?? 0n) ^ 0x5a5an);

/** Waits for some turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}

/** Answers at once, later, or much later, by the argument of the call. */
export async function answerSometime(call: NotifiedCall): Promise<NotifyResponse> {
  const n = Number(call.args[0]) % 7;
  if (n === 0) await turns(20);
  else if (n < 3) await turns(1);
  return answer(call);
}

/** The number of calls of each kind that a child of `endOf` makes. */
export const CALLS = 200;

/** When a child is killed: before the answer to its n-th call, some turns of the event loop after its start, or never. */
export type Killing = { readonly atCall: number } | { readonly afterTurns: number } | null;

/** Starts a child, kills it at the given time, and returns its end. Throws if a call was lost or was received twice. */
export async function endOf(killing: Killing): Promise<'killed' | 'whole'> {
  const received: (bigint | undefined)[] = [];
  const child = startNotifying(CALLS / 2, (call) => {
    received.push(call.args[0]);
    if (killing !== null && 'atCall' in killing && received.length === killing.atCall) child.kill('SIGKILL');
    return answerSometime(call);
  });
  const exit = once(child, 'exit');
  if (killing !== null && 'afterTurns' in killing) turns(killing.afterTurns).then(() => child.kill('SIGKILL'));
  const [code, signal] = await exit;
  const denied = child.violations.reduce((sum, { count }) => sum + count, 0);
  const distinct = new Set(received).size;
  const isRight =
    signal === 'SIGKILL'
      ? killing !== null && denied <= CALLS
      : code === 0 && denied === CALLS && received.length === CALLS;
  if (!isRight || received.length !== distinct) {
    const calls = `${denied} calls denied and ${received.length} received, ${distinct} of them different`;
    throw new Error(`a child to be killed ${JSON.stringify(killing)} ended with ${code ?? signal}, ${calls}`);
  }
  return signal === 'SIGKILL' ? 'killed' : 'whole';
}

/** The resources of this process: descriptors, threads of the supervisor, and children, with zombies. */
export const held = () => ({
  descriptors: readdirSync('/proc/self/fd').length,
  threads: threadsNamed('seccomp'),
  children: children().length,
});

/** Waits for the end of listeners and their threads, which follows the end of the last process with their filter. */
export async function fallsTo({ descriptors: before }: { readonly descriptors: number }): Promise<void> {
  await until(() => {
    const { descriptors, threads, children } = held();
    return threads <= 2 && children === 0 && descriptors <= before;
  });
}

/**
 * Starts children in eight lanes, each of which has one after another, and kills three of four in the middle of their
 * calls. Returns how many were killed.
 */
export async function killMany(children: number): Promise<number> {
  const LANES = 8;
  const oneAfterAnother = async (lane: number) => {
    const random = randomOf(lane);
    const ends = [];
    for (let i = 0; i < children / LANES; i++) {
      ends.push(await endOf(i % 4 === 3 ? null : { atCall: 1 + random.below(CALLS) }));
    }
    return ends;
  };
  const ends = await Promise.all(Array.from({ length: LANES }, (_, lane) => oneAfterAnother(lane)));
  return ends.flat().filter((end) => end === 'killed').length;
}

/** Why this process can't have so many children at once: each takes three descriptors, a process and a thread. */
export function obstacleToChildren(count: number): string | undefined {
  const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return Number(limit) < 4 * count + 96 ? `only ${limit} descriptors` : undefined;
}

/**
 * Starts children, and answers none of their calls before each has made one.
 *
 * @returns The different ends of the children, and how many of their calls were denied.
 */
export async function answerAllAtOnce(count: number) {
  const waiting: (() => void)[] = [];
  let allCalled = () => {};
  const called = new Promise<void>((resolve) => {
    allCalled = resolve;
  });
  const children = Array.from({ length: count }, () =>
    startNotifying(1, async (call) => {
      if (waiting.length < count) await new Promise<void>((resolve) => waiting.push(resolve) === count && allCalled());
      return answer(call);
    }),
  );
  const exits = Promise.all(children.map((child) => once(child, 'exit')));
  await called;
  for (const release of waiting) release();
  const ends = new Set((await exits).map(([code, signal]) => code ?? signal));
  return { ends, denied: children.reduce((sum, { violations }) => sum + (violations[0]?.count ?? 0), 0) };
}
