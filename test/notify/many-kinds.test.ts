/**
 * Children that are denied many kinds of calls. Each kind is reported, in slices; beyond a bound, calls are only
 * counted.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test, vi } from 'vitest';
import type { Violation } from '../../lib/notify/violation.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { compileC } from '../support/compile-c.js';
import { finish } from '../support/processes.js';

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

  test('is reported in order and before the exit, while other events are handled', async () => {
    const told: number[] = [];
    const sinceTurn: number[] = [0];
    let isOver = false;
    const turn = () => {
      sinceTurn.push(0);
      if (!isOver) setImmediate(turn);
    };
    // Slower than the child makes calls, so that kinds have to wait.
    const slowly = (violation: Violation) => {
      for (const end = performance.now() + 1; performance.now() < end; );
      told.push(numberIn(violation));
      sinceTurn.push((sinceTurn.pop() ?? 0) + 1);
    };
    const child = storage.run('start', () => spawn(program, ['300'], profile, { onViolation: slowly }));
    const atExit = new Promise((resolve) =>
      child.on('exit', (code) => resolve({ code, told: told.length, store: storage.getStore() })),
    );
    turn();
    expect(await atExit).toEqual({ code: 0, told: 300, store: 'start' });
    isOver = true;
    expect(told).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(Math.max(...sinceTurn)).toBeLessThan(20);
  });

  test('of one child does not delay the exit of another child without denied calls', async () => {
    const ends: string[] = [];
    const slowly = () => {
      for (const end = performance.now() + 1; performance.now() < end; );
    };
    const flooding = spawn(program, ['1000'], profile, { onViolation: slowly }).on('exit', () => ends.push('flood'));
    const quiet = spawn('true', [], profile, { onViolation: true }).on('exit', () => ends.push('quiet'));
    await Promise.all([finish(flooding), finish(quiet)]);
    expect(ends).toEqual(['quiet', 'flood']);
  });
});
