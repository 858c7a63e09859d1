/**
 * Children that are denied many kinds of calls. Each kind is reported, in slices; beyond a bound, calls are only
 * counted.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Violation } from '../../lib/notify/violations/violation.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { compileC } from '../support/compile-c.js';
import { blockUntilEnd, finish } from '../support/processes.js';

const profile: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO' }],
};
const program = compileC('many-mounts.c');

/** The most kinds that a listener keeps. Source: native/supervisor/call_kinds.h. */
const MOST = 2048;

/** The number in the path of a mount. */
const numberIn = ({ decoded }: Violation) => Number(/\d+/.exec(decoded[1] ?? '')?.[0]);

describe('calls of kinds beyond the listener’s limit', () => {
  test('are counted by the child', async () => {
    const child = spawn(program, [String(MOST + 52)], profile, { onViolation: true });
    await finish(child);
    expect(child.violations.map(numberIn)).toEqual(Array.from({ length: MOST }, (_, i) => i));
    expect(child.unlistedViolations).toBe(52);
  });

  test('are counted in the result of spawnSync', () => {
    const result = spawnSync(program, [String(MOST + 52)], profile, { onViolation: true });
    expect([result.violations.length, result.unlistedViolations]).toEqual([MOST, 52]);
  });

  test('are counted in the error of run, and in its message', async () => {
    const script = `${program} ${MOST + 52}; exit 1`;
    const error = await run('sh', ['-c', script], profile, { onViolation: true }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({
      unlistedViolations: 52,
      message: expect.stringMatching(/\nand 52 denied calls of kinds that violations does not list$/),
    });
  });

  test('are not counted if denied calls are not observed', async () => {
    const child = spawn(program, ['5'], profile);
    await finish(child);
    expect([child.violations, child.unlistedViolations]).toEqual([[], 0]);
  });
});

test('the exit of a child is reported even if a test has replaced the timers', async () => {
  vi.useFakeTimers({ toFake: ['setImmediate', 'performance'] });
  try {
    for (let i = 0; i < 3; i++) await finish(spawn(program, ['1'], profile, { onViolation: true }));
  } finally {
    vi.useRealTimers();
  }
});

describe('a flood of kinds', () => {
  const storage = new AsyncLocalStorage<string>();
  /** The most kinds of one turn of the event loop. SLICE of lib/notify/deliveries.ts, if each kind takes one millisecond. */
  const PER_TURN = 5;

  /** Calls `onKind` for each kind, and `onFirst` before. One millisecond seems to pass in each call. */
  function eachInOneMillisecond(onFirst: () => void, onKind: (violation: Violation) => void) {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => void vi.restoreAllMocks());
    return (violation: Violation) => {
      if (now++ === 0) onFirst();
      onKind(violation);
    };
  }

  test('is reported in order and before the exit, while other events are handled', async () => {
    const told: number[] = [];
    const sinceTurn: number[] = [0];
    let isOver = false;
    const turn = () => {
      sinceTurn.push(0);
      if (!isOver) setImmediate(turn);
    };
    const onKind = (violation: Violation) => {
      told.push(numberIn(violation));
      sinceTurn.push((sinceTurn.pop() ?? 0) + 1);
    };
    // All other kinds wait while the first is delivered.
    const onViolation = eachInOneMillisecond(() => blockUntilEnd(child), onKind);
    const child = storage.run('start', () => spawn(program, ['300'], profile, { onViolation }));
    const atExit = new Promise((resolve) =>
      child.on('exit', (code) => resolve({ code, told: told.length, store: storage.getStore() })),
    );
    turn();
    expect(await atExit).toEqual({ code: 0, told: 300, store: 'start' });
    isOver = true;
    expect(told).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(Math.max(...sinceTurn)).toBe(PER_TURN);
  });

  test('of one child does not delay the exit of another child without denied calls', async () => {
    const ends: string[] = [];
    const onFirst = () => {
      const quiet = spawn('true', [], profile, { onViolation: true }).on('exit', () => ends.push('quiet'));
      blockUntilEnd(flooding);
      blockUntilEnd(quiet);
    };
    const onViolation = eachInOneMillisecond(onFirst, () => {});
    const flooding = spawn(program, ['1000'], profile, { onViolation }).on('exit', () => ends.push('flood'));
    await finish(flooding);
    expect(ends).toEqual(['quiet', 'flood']);
  });
});
