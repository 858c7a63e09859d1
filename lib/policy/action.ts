/** Actions and the 32-bit values that a filter returns for them. Source: linux/seccomp.h. */
import { MAX_ERRNO } from '../syscalls/errno.js';
import type { Action } from './policy.js';

const BASE = {
  'kill-process': 0x8000_0000,
  'kill-thread': 0x0000_0000,
  trap: 0x0003_0000,
  errno: 0x0005_0000,
  notify: 0x7fc0_0000,
  trace: 0x7ff0_0000,
  log: 0x7ffc_0000,
  allow: 0x7fff_0000,
} as const;

/**
 * Every kind of action, the most restrictive first. Of the return values of several filters, the kernel takes the first
 * in this order.
 */
export const ACTION_KINDS: readonly Action['kind'][] = [
  'kill-process',
  'kill-thread',
  'trap',
  'errno',
  'notify',
  'trace',
  'log',
  'allow',
];

/** The value that a filter returns for an action: SECCOMP_RET_* and its 16 data bits. */
export function returnValue(action: Action): number {
  switch (action.kind) {
    case 'errno':
      return BASE.errno | action.errno;
    case 'trace':
      return BASE.trace | action.message;
    case 'trap':
      return BASE.trap | (Object.hasOwn(action, 'data') ? (action.data ?? 0) : 0);
    default:
      return BASE[action.kind];
  }
}

/** The SECCOMP_RET_* value of a kind, without data. */
export function actionBase(kind: Action['kind']): number {
  return BASE[kind];
}

/** Negative if `a` is more restrictive than `b`, positive if less, 0 if they are of one kind. */
export function compareRestriction(a: Action, b: Action): number {
  return ACTION_KINDS.indexOf(a.kind) - ACTION_KINDS.indexOf(b.kind);
}

/** How far an action permits a call: 0, denied; 1, a supervisor or a tracer decides; 2, executed. */
export function permissiveness(action: Action): 0 | 1 | 2 {
  if (isAllowing(action)) return 2;
  return action.kind === 'notify' || action.kind === 'trace' ? 1 : 0;
}

/** Whether the kernel executes the call, by this action alone. */
export function isAllowing({ kind }: Action): boolean {
  return kind === 'allow' || kind === 'log';
}

/** The action that the kernel takes for a filter's return value. Unknown values kill the process. */
export function actionOf(value: number): Action {
  const base = (value & 0xffff_0000) >>> 0;
  const data = value & 0xffff;
  const kind = ACTION_KINDS.find((each) => BASE[each] === base) ?? 'kill-process';
  if (kind === 'errno') return { kind, errno: Math.min(data, MAX_ERRNO) };
  if (kind === 'trap') return data === 0 ? { kind } : { kind, data };
  return kind === 'trace' ? { kind, message: data } : { kind };
}

/** A flag that a profile may set for attaching its filter: SECCOMP_FILTER_FLAG_* of seccomp(2). */
export type AttachFlag = 'LOG' | 'SPEC_ALLOW';
