/**
 * Children that are denied many kinds of calls. Each kind is reported, in slices; beyond a bound, calls are only
 * counted.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { thisHost } from '../../lib/host.js';
import type { Violation } from '../../lib/notify/violations/violation.js';
import { ViolationLog } from '../../lib/notify/violations/violation-log.js';
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

describe('denied files', () => {
  const path = { path: Buffer.from('/a'), type: '-', lineage: '1:1 ' };
  const file = { text: Buffer.from('/a'), base: Buffer.from('/'), file: path, target: { ...path, type: '?' } };
  const denied = { errno: 'EACCES', denied: 'reading /a', remedy: undefined, file: 0 } as const;

  /** A log of `count` kinds of openat, each counted twice; `isDenied` by the second argument, which is their index. */
  function logOf(count: number, isDenied: (index: number) => boolean) {
    const kindAt = vi.fn((index: number) => {
      if (index >= count) return undefined;
      return {
        ...{
          arch: 0xc000_003e,
          number: 257,
          answer: 0,
          pid: 1,
          tid: 1,
          executable: Buffer.of(),
          instruction: Buffer.of(),
          flags: 0,
        },
        ...{ args: [0n, BigInt(index), 0n, 0n, 0n, 0n], captured: [], files: [file] },
      };
    });
    const counts = {
      kinds: Array<number>(count).fill(2),
      others: 5,
      unseen: { noRoom: 9, unreadable: 0, notFound: 0 },
    };
    const context = { profiles: [], host: thisHost(), denials: [] as never, unreported: [] };
    const find = ({ args }: { readonly args: readonly bigint[] }) => (isDenied(Number(args[1])) ? denied : undefined);
    return { log: new ViolationLog({ counts, kindAt } as never, context, find), kindAt };
  }
  const indexOf = ({ args }: Violation) => Number(args[1]);

  test('are listed for 2,048 kinds, and counted beyond these; allowed files are neither', () => {
    const { log, kindAt } = logOf(2 * MOST + 4, (index) => index % 2 === 0);
    const { violations, unlistedViolations, unseenCalls } = log.read();
    expect(unseenCalls).toEqual([expect.stringMatching(/^9 calls that name files were not looked at/)]);
    expect(violations.map(indexOf)).toEqual(Array.from({ length: MOST }, (_, i) => 2 * i));
    expect([violations.every(({ count }) => count === 2), unlistedViolations]).toEqual([true, 9]);
    expect(kindAt).toHaveBeenCalledTimes(2 * MOST + 4);
    expect([log.at(0)?.count, log.at(2)?.why]).toEqual([1, 'paths does not grant reading /a']);
    expect([log.at(1), log.at(2 * MOST), log.at(2 * MOST + 4)]).toEqual([undefined, undefined, undefined]);
  });

  test('have the errno that Landlock gives, and the absolute path', () => {
    const [violation] = logOf(1, () => true).log.read().violations;
    expect(violation).toMatchObject({
      ...{ syscall: 'openat', path: '/a', action: { kind: 'errno', errno: 13 }, fallback: false, deniedBy: 'paths' },
      decoded: expect.arrayContaining(['"/a"']),
    });
  });
});
