/** explain(): what beside the profile decides about a call. test/profile/explain.test.ts has what the profile decides. */
import { expect, test } from 'vitest';
import { explain } from '../../lib/index.js';

const ALLOWING = { defaultAction: 'SCMP_ACT_ALLOW' } as const;

const ISOLATION = 'in a child that is isolated, as it is by default';
const NO_TERMINAL = `${ISOLATION}, and given no terminal`;
const NETWORK = "in a child with network: 'none'";
const PATHS = 'in a child with paths';
const DESCENDANTS = "in a child with descendants: 'kill', before Linux 6.12";

test.each<
  [syscall: string, args: readonly bigint[], changes: readonly (readonly [kind: string, by: string, errno: number])[]]
>([
  ['read', [], []],
  ['prlimit64', [5n, 7n, 1n], [['isolation', ISOLATION, 1]]],
  [
    'ioctl',
    [0n, 0x5412n],
    [
      ['isolation', ISOLATION, 1],
      ['paths', PATHS, 1],
    ],
  ],
  ['ioctl', [0n, 0x5410n], [['isolation', NO_TERMINAL, 1]]],
  ['ioctl', [0n, 0x540fn], []],
  ['clone', [0x8011n], [['isolation', ISOLATION, 1]]],
  ['clone', [0x11n], []],
  ['keyctl', [18n], [['isolation', ISOLATION, 1]]],
  ['add_key', [], [['isolation', ISOLATION, 1]]],
  ['request_key', [], [['isolation', ISOLATION, 1]]],
  [
    'socket',
    [1n],
    [
      ['network', NETWORK, 97],
      ['paths', `${PATHS}, before Linux 7.1`, 97],
    ],
  ],
  ['socket', [2n], [['network', NETWORK, 13]]],
  // All three gaps deny it; the newest kernel that does is named.
  [
    'io_uring_setup',
    [],
    [
      ['network', NETWORK, 38],
      ['paths', `${PATHS}, before Linux 7.1`, 38],
    ],
  ],
  ['openat2', [], [['paths', `${PATHS}, before Linux 6.10`, 38]]],
  ['open', [0n, 3n], [['paths', `${PATHS}, before Linux 6.10`, 13]]],
  ['truncate', [], [['paths', `${PATHS}, before Linux 6.2`, 13]]],
  ['mount_setattr', [], [['paths', PATHS, 1]]],
  ['setsid', [], [['descendants', DESCENDANTS, 1]]],
])('what denies %s to children, %#', (syscall, args, changes) => {
  const { action, changes: found } = explain(ALLOWING, { syscall, args, abi: 'x86_64' });
  expect(action).toEqual({ kind: 'allow' });
  expect(found).toEqual(changes.map(([kind, by, errno]) => ({ kind, by, action: { kind: 'errno', errno } })));
});

test('what the profile denies already is no change', () => {
  const { action, changes } = explain({ defaultAction: 'SCMP_ACT_ERRNO' }, { syscall: 'truncate' });
  expect(action).toEqual({ kind: 'errno', errno: 1 });
  expect(changes).toEqual([]);
});

test('unconfined allows every call, on no host that options could describe', () => {
  const nothing = { action: { kind: 'allow' }, why: 'nothing is filtered', changes: [] };
  expect(explain('unconfined', { syscall: 'mount' })).toEqual(nothing);
  expect(() => explain('unconfined', { syscall: 'mount' }, { capabilities: ['CAP_SYS_ADMIN'] })).toThrow(
    /^options\.capabilities: has no effect/,
  );
});
