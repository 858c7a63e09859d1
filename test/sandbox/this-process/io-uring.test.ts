/** Filters beside io_uring instances: which policies deny what Node needs, and what is attached then. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { compiledOf } from '../../../lib/filter/filter.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Policy } from '../../../lib/policy/policy.js';
import { resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import { besideIoUring, deniesIoUring, ioUringDescriptors } from '../../../lib/sandbox/this-process/io-uring.js';
import { deniesCall } from '../../../lib/sandbox/this-process/libuv-calls.js';
import * as descriptors from '../../../lib/sandbox/this-process/open-descriptors.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const HOST = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set<string>() } as const;

interface Condition {
  readonly index: number;
  readonly value: number;
  readonly op?: string;
}

/** The policy of a profile with one rule. */
function policyOf(
  defaultAction: string,
  names: readonly string[] = [],
  action = 'ERRNO',
  ...args: readonly Condition[]
) {
  const rule = { names, action: `SCMP_ACT_${action}`, args: args.map((each) => ({ op: 'SCMP_CMP_EQ', ...each })) };
  const document = { defaultAction: `SCMP_ACT_${defaultAction}`, syscalls: names.length === 0 ? [] : [rule] };
  const { policy } = resolveSources(JSON.stringify(document), { host: HOST });
  return policy ?? expect.fail('has no policy');
}

const ALLOWING = policyOf('ALLOW');

describe('a call of libuv is denied', () => {
  test.each<[string, Policy, boolean]>([
    ['not by a policy that allows it', ALLOWING, false],
    ['not by one that logs it', policyOf('LOG'), false],
    ['by one that denies all calls', policyOf('ERRNO'), true],
    ['by one that kills for it', policyOf('ALLOW', ['accept4'], 'KILL_PROCESS'), true],
    ['by one that traps', policyOf('ALLOW', ['accept4'], 'TRAP'), true],
    ['not by one that denies accept', policyOf('ALLOW', ['accept']), false],
    ['on its descriptor', policyOf('ALLOW', ['accept4'], 'ERRNO', { index: 0, value: 5 }), true],
    ['not on another descriptor', policyOf('ALLOW', ['accept4'], 'ERRNO', { index: 0, value: 6 }), false],
    ['with its flags', policyOf('ALLOW', ['accept4'], 'ERRNO', { index: 3, value: 0x8_0800 }), true],
    ['not with other flags', policyOf('ALLOW', ['accept4'], 'ERRNO', { index: 3, value: 0 }), false],
    ['without an address', policyOf('ERRNO', ['accept4'], 'ALLOW', { index: 1, value: 1 }), true],
    ['not by a policy without ABIs', { ...policyOf('ERRNO'), abis: [] }, false],
  ])('%s', (_, policy, isDenied) => {
    expect(deniesCall([policy], 'accept4', 5)).toBe(isDenied);
    expect([deniesCall([], 'accept4', 5), deniesCall([ALLOWING, policy], 'accept4', 5)]).toEqual([false, isDenied]);
  });

  test('with descriptor 3 unless another is given', () => {
    const policy = policyOf('ALLOW', ['accept4'], 'ERRNO', { index: 0, value: 3 });
    expect([deniesCall([policy], 'accept4'), deniesCall([policy], 'accept4', 4)]).toEqual([true, false]);
  });
});

test.each<[string, Policy, boolean]>([
  ['that allow it', ALLOWING, false],
  ['that deny making an instance', policyOf('ALLOW', ['io_uring_setup']), true],
  ['that deny using it', policyOf('ALLOW', ['io_uring_enter']), true],
  ['that deny using it to wait', policyOf('ALLOW', ['io_uring_enter'], 'ERRNO', { index: 3, value: 1 }), true],
  ['that deny using it for nothing', policyOf('ALLOW', ['io_uring_enter'], 'ERRNO', { index: 3, value: 0 }), false],
  [
    'that deny making one with 0 in its last argument',
    policyOf('ALLOW', ['io_uring_setup'], 'ERRNO', { index: 5, value: 0 }),
    true,
  ],
  [
    'that deny using it with 0 in its last argument',
    policyOf('ALLOW', ['io_uring_enter'], 'ERRNO', { index: 5, value: 0 }),
    true,
  ],
  [
    'that deny making one with more entries',
    policyOf('ALLOW', ['io_uring_setup'], 'ERRNO', { index: 0, value: 8 }),
    false,
  ],
  ['that deny registering files with it', policyOf('ALLOW', ['io_uring_register']), false],
])('policies %s need a Node without io_uring: %s', (_, policy, isNeeded) => {
  expect([deniesIoUring([policy]), deniesIoUring([ALLOWING, policy]), deniesIoUring([])]).toEqual([
    isNeeded,
    isNeeded,
    false,
  ]);
});

describe('filters that are attached to a process', () => {
  const filterOf = (policy: Policy) => compiledOf(compilePolicy(policy, { flags: ['LOG'] }));
  const denying = filterOf(policyOf('ALLOW', ['io_uring_enter', 'io_uring_setup'], 'KILL_PROCESS'));
  const allowing = filterOf(ALLOWING);
  const withInstances = (...fds: readonly number[]) => {
    const ring = fds.map((fd) => ({ fd, target: 'anon_inode:[io_uring]' }));
    vi.spyOn(descriptors, 'openDescriptors').mockReturnValue([{ fd: 3, target: 'anon_inode:[eventpoll]' }, ...ring]);
  };
  const kindOf = ({ policy }: { readonly policy: Policy }, syscall: string, fd: number) => {
    const number = syscallNumber('x86_64', syscall) ?? -1;
    return evaluate(policy, { arch: abiOf('x86_64').audit, number, args: [BigInt(fd), 0n, 0n, 0n, 0n, 0n] }).kind;
  };

  test('without instances are as they are', () => {
    withInstances();
    expect(ioUringDescriptors()).toEqual([]);
    const given = [denying, allowing];
    expect([besideIoUring(given, false), besideIoUring(given, true)]).toEqual([given, given]);
  });

  test('with instances are refused if they deny their use, unless that is accepted', () => {
    withInstances(7);
    expect(besideIoUring([allowing], false)).toEqual([allowing]);
    expect(() => besideIoUring([allowing, denying], false)).toThrow(
      expect.objectContaining({
        code: 'ERR_SECCOMP_UNSUPPORTED',
        message: expect.stringMatching(
          /^this Node's event loops have io_uring instances, and the filter denies io_uring_/,
        ),
      }),
    );
  });

  test('that are accepted allow the use of these instances, and nothing more', () => {
    withInstances(7, 9);
    const [first, second] = besideIoUring([allowing, denying], true);
    expect(first).toBe(allowing);
    expect(second?.flags).toEqual(['LOG']);
    const changed = second ?? expect.fail('one filter');
    expect([7, 8, 9, 3].map((fd) => kindOf(changed, 'io_uring_enter', fd))).toEqual([
      ...['allow', 'kill-process', 'allow', 'kill-process'],
    ]);
    expect([kindOf(changed, 'io_uring_setup', 7), kindOf(changed, 'read', 0)]).toEqual(['kill-process', 'allow']);
    expect([changed.policy.defaultAction, changed.policy.foreignAction]).toEqual([
      denying.policy.defaultAction,
      denying.policy.foreignAction,
    ]);
  });
});
