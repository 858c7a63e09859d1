/** Actions and the return values of filters. Source: seccomp(2), and seccomp_run_filters() of the kernel. */
import { expect, test } from 'vitest';
import {
  ACTION_KINDS,
  actionBase,
  actionOf,
  compareRestriction,
  isAllowing,
  permissiveness,
  returnValue,
} from '../../lib/policy/action.js';
import type { Action } from '../../lib/policy/policy.js';

/** The kernel takes the smallest return value of several filters, compared as signed 32-bit integers. */
const asKernelCompares = (value: number) => value | 0;

test('the most restrictive action is the one whose return value the kernel takes', () => {
  const byKernel = [...ACTION_KINDS].sort((a, b) => asKernelCompares(actionBase(a)) - asKernelCompares(actionBase(b)));
  expect(ACTION_KINDS).toEqual(byKernel);
  for (const [i, a] of ACTION_KINDS.entries())
    for (const [j, b] of ACTION_KINDS.entries())
      expect(Math.sign(compareRestriction(actionOf(actionBase(a)), actionOf(actionBase(b))))).toBe(Math.sign(i - j));
});

test.each(ACTION_KINDS)('the return value of %s reads back as the same action', (kind) => {
  for (const data of [0, 1, 4095]) {
    const value = (actionBase(kind) | data) >>> 0;
    const hasData = kind === 'errno' || kind === 'trap' || kind === 'trace';
    expect(returnValue(actionOf(value)) >>> 0).toBe(hasData ? value : actionBase(kind));
  }
});

test('the kernel limits an errno to 4095', () => {
  expect(actionOf(actionBase('errno') | 4096)).toEqual({ kind: 'errno', errno: 4095 });
  expect(actionOf(actionBase('errno') | 0xffff)).toEqual({ kind: 'errno', errno: 4095 });
});

test('a return value that is no action kills the process', () => {
  for (const value of [0x0001_0000, 0x7fbf_0000, 0x7ffe_0000, 0x8001_0000, 0xffff_0000])
    expect(actionOf(value)).toEqual({ kind: 'kill-process' });
});

test.each<[Action, number, 0 | 1 | 2]>([
  [{ kind: 'kill-process' }, 0x8000_0000, 0],
  [{ kind: 'kill-thread' }, 0, 0],
  [{ kind: 'trap' }, 0x0003_0000, 0],
  [{ kind: 'trap', data: 7 }, 0x0003_0007, 0],
  [{ kind: 'errno', errno: 13 }, 0x0005_000d, 0],
  [{ kind: 'notify' }, 0x7fc0_0000, 1],
  [{ kind: 'trace', message: 5 }, 0x7ff0_0005, 1],
  [{ kind: 'log' }, 0x7ffc_0000, 2],
  [{ kind: 'allow' }, 0x7fff_0000, 2],
])('%j is 0x%i of linux/seccomp.h, and permits a call as far as %i', (action, value, permits) => {
  expect(returnValue(action)).toBe(value);
  expect(permissiveness(action)).toBe(permits);
  expect(isAllowing(action)).toBe(permits === 2);
});
