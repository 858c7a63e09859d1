/** `seccomp run` with --timeout, --memory, --processes and --cpu. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { limitOptions } from '../../lib/cli/options/limit-options.js';
import { main } from '../support/built.js';

const run = (args: readonly string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });

describe('limitOptions', () => {
  test.each([
    ['1.5', 1_500],
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['24d', 2_073_600_000],
  ])('--timeout %s is %d ms', (timeout, milliseconds) => {
    expect(limitOptions({ timeout })).toEqual({ timeout: milliseconds });
  });

  test.each(['0', '0.1ms', '-1', '', '5 s', '5x', 'm', '25d', '1e3'])('refuses --timeout "%s"', (timeout) => {
    expect(() => limitOptions({ timeout })).toThrow(
      `--timeout: must be a time from 1ms to 24d, such as 1.5 (seconds), 500ms, 90s, 5m or 2h, not "${timeout}"`,
    );
  });

  test('takes sizes and numbers', () => {
    const limits = { memory: 512n << 20n, processes: 64, cpu: 1.5 };
    expect(limitOptions({ memory: '512M', processes: '64', cpu: '1.5' })).toEqual({ limits });
    expect(limitOptions({ memory: '1048576' })).toEqual({ limits: { memory: 1_048_576n } });
    expect(limitOptions({})).toEqual({});
  });

  test('refuses others', () => {
    expect(() => limitOptions({ memory: 'much' })).toThrow('--memory: must be a number of bytes, or a text such as');
    expect(() => limitOptions({ processes: 'many' })).toThrow('--processes: must be a number, not "many"');
    expect(() => limitOptions({ cpu: '-1' })).toThrow('--cpu: must be a number, not "-1"');
  });
});

test('a program that runs too long is ended with all that it has started, and the status is 124', () => {
  const { status, stderr } = run(['run', '--timeout', '200ms', '--', 'sh', '-c', 'sleep 60 & exec sleep 60']);
  expect([status, stderr]).toEqual([124, 'seccomp: sh: ended, since it ran longer than --timeout\n']);
});

test('a program that ends in time keeps its status', () => {
  expect(run(['run', '--timeout', '1h', '--', 'sh', '-c', 'exit 3']).status).toBe(3);
});

test('what can’t be limited is not started', () => {
  const { status, stderr } = run(['run', '--memory', '64M', '--', 'echo', 'started']);
  expect([status, stderr]).toEqual([125, expect.stringMatching(/^seccomp: options\.limits/)]);
});
