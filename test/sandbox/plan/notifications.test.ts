/** Who answers the notifications of a policy: a handler, an agent, or nobody, which is refused. */
import { describe, expect, test } from 'vitest';
import { NO_DENIALS } from '../../../lib/policy/denials.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Action, Decision, Policy } from '../../../lib/policy/policy.js';
import { agentOf } from '../../../lib/sandbox/plan/agent-handoff.js';
import { hasNotify, refuseWithoutHandler, refuseWithoutListener } from '../../../lib/sandbox/plan/notifications.js';
import { filterForAll } from '../../../lib/sandbox/plan/plan-filters.js';
import { resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';

const ALLOW: Action = { kind: 'allow' };
const NOTIFY: Action = { kind: 'notify' };
const ALWAYS: readonly Decision[] = [{ conditions: [], action: NOTIFY }];
const NEVER: readonly Decision[] = [{ conditions: [], action: ALLOW }];
const SOMETIMES: readonly Decision[] = [
  { conditions: [{ index: 0, width: 32, op: 'eq', value: 1n }], action: NOTIFY },
  { conditions: [], action: ALLOW },
];

interface Given extends Partial<Policy> {
  readonly x86_64?: readonly (readonly [number, readonly Decision[]])[];
  readonly x86?: readonly (readonly [number, readonly Decision[]])[];
  readonly ranges?: Policy['abis'][number]['ranges'];
}

const policyOf = ({ x86_64 = [], x86 = [], ranges = [], ...rest }: Given): Policy => ({
  abis: [
    { abi: abiOf('x86_64'), syscalls: new Map(x86_64), ranges },
    { abi: abiOf('x86'), syscalls: new Map(x86), ranges: [] },
  ],
  defaultAction: ALLOW,
  foreignAction: ALLOW,
  ...rest,
});
const range = (first: number, last: number, decisions: readonly Decision[]) => [{ first, last, decisions }];

const MKDIR = syscallNumber('x86_64', 'mkdir') ?? -1;
const MKDIR_32 = syscallNumber('x86', 'mkdir') ?? -1;

test.each<[string, Given, string | undefined]>([
  ['nothing', {}, undefined],
  ['a call that is allowed', { x86_64: [[MKDIR, NEVER]] }, undefined],
  ['a range that is allowed', { ranges: range(500, 600, NEVER) }, undefined],
  ['a call', { x86_64: [[MKDIR, ALWAYS]] }, 'mkdir'],
  ['a call under conditions', { x86_64: [[MKDIR, SOMETIMES]] }, 'mkdir'],
  ['a call of another ABI', { x86: [[MKDIR_32, ALWAYS]] }, 'mkdir'],
  ['a call of both', { x86_64: [[MKDIR, ALWAYS]], x86: [[MKDIR_32, ALWAYS]] }, 'mkdir'],
  ['a call without a name', { x86_64: [[9999, ALWAYS]] }, 'syscall 9999'],
  ['a range', { ranges: range(500, 600, SOMETIMES) }, 'syscalls 500 to 600'],
  ['calls of unlisted numbers', { defaultAction: NOTIFY }, 'the default action'],
  ['calls of unlisted ABIs', { foreignAction: NOTIFY }, 'the default action'],
  [
    'all of these',
    { x86_64: [[MKDIR, ALWAYS]], ranges: range(500, 600, ALWAYS), defaultAction: NOTIFY },
    'the default action, mkdir, syscalls 500 to 600',
  ],
])('a policy notifies of %s', (_, given, what) => {
  const policy = policyOf(given);
  expect(hasNotify(policy)).toBe(what !== undefined);
  const refuse = (names: readonly string[]) => () => refuseWithoutHandler(policy, names);
  if (what === undefined) expect(refuse([])).not.toThrow();
  else expect(refuse([])).toThrow(`SCMP_ACT_NOTIFY needs a supervisor, and options.notify has no handler for ${what}`);
  if (what === undefined || what === 'mkdir') expect(refuse(['rmdir', 'mkdir'])).not.toThrow();
  else expect(refuse(['rmdir', 'mkdir'])).toThrow(`has no handler for ${what.replace('mkdir, ', '')}`);
});

const profile = (rest: object) => JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', ...rest });
const NOTIFYING = { syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }] };
const KILLABLE = 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV';

describe('without a listener', () => {
  test.each<[string, readonly object[], string | undefined]>([
    ['nothing', [{}, { flags: ['SECCOMP_FILTER_FLAG_LOG'] }], undefined],
    ['a notification', [{}, NOTIFYING], 'SCMP_ACT_NOTIFY'],
    ['a flag of listeners', [{}, { flags: ['SECCOMP_FILTER_FLAG_LOG', KILLABLE] }], KILLABLE],
    ['both', [NOTIFYING, { flags: [KILLABLE] }], KILLABLE],
  ])('%s is refused', (_, documents, what) => {
    const sources = resolveSources(documents.map(profile), {});
    const refuse = () => refuseWithoutListener(sources);
    if (what === undefined) expect(refuse).not.toThrow();
    else
      expect(refuse).toThrow(
        expect.objectContaining({
          code: 'ERR_SECCOMP_UNSUPPORTED',
          message: `${what} needs a supervisor, and this call has none: use spawn with options.notify, or a profile with listenerPath; or use another action, such as SCMP_ACT_ERRNO`,
        }),
      );
  });
});

describe('the agent of profiles', () => {
  const agent = (listenerPath: string, listenerMetadata?: string) => ({ ...NOTIFYING, listenerPath, listenerMetadata });
  const named = (documents: readonly object[], options: Parameters<typeof agentOf>[1] = {}) =>
    agentOf(resolveSources(documents.map(profile), {}), { notify: undefined, onViolation: undefined, ...options });

  test('is the one that they name, if they notify of anything', () => {
    expect(named([NOTIFYING])).toBe(undefined);
    expect(named([agent('/a', 'x')])).toEqual({ path: '/a', metadata: 'x' });
    expect(named([NOTIFYING, agent('/a'), agent('/a')])).toEqual({ path: '/a', metadata: undefined });
    expect(named([{ listenerPath: '/a' }])).toBe(undefined);
    expect(named([{ listenerPath: 'relative' }])).toBe(undefined);
    expect(named([{ listenerPath: '/a' }, NOTIFYING])).toEqual({ path: '/a', metadata: undefined });
  });

  test.each([
    ['other paths', [agent('/a'), agent('/b')], '(/a, /b)'],
    ['other metadata', [agent('/a', 'x'), agent('/a', 'y')], '(/a, /a)'],
    ['no metadata in one', [agent('/a', 'x'), agent('/a')], '(/a, /a)'],
    ['another path behind two equal ones', [agent('/a'), agent('/a'), agent('/c')], '(/a, /c)'],
  ])('is one: %s are refused', (_, documents, shown) => {
    expect(() => named(documents)).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(shown) }),
    );
  });

  test('is refused beside handlers and violations of this process', () => {
    const refused = /^listenerPath names an agent, and a filter has only one listener: leave out listenerPath, or/;
    expect(() => named([agent('/a')], { notify: {}, onViolation: undefined })).toThrow(refused);
    expect(() => named([agent('/a')], { notify: undefined, onViolation: true })).toThrow(refused);
    expect(named([agent('/a')], { notify: undefined, onViolation: false })).toMatchObject({ path: '/a' });
    expect(named([NOTIFYING], { notify: {}, onViolation: true })).toBe(undefined);
    expect(named([{ listenerPath: '/a' }], { notify: {}, onViolation: true })).toBe(undefined);
  });

  test('has a filter that lets the start send it the listener, and denies taking that', () => {
    const { policy } = resolveSources(profile({ ...NOTIFYING, defaultAction: 'SCMP_ACT_ERRNO' }), {});
    const listening = { path: '/a', metadata: undefined };
    const filter = filterForAll({ policy, flags: ['LOG'] }, ['read'], { ...NO_DENIALS, network: true }, listening);
    expect([filter.flags, filter.gate.length > 0]).toEqual([['LOG'], true]);
    const open = filterForAll(resolveSources(profile(NOTIFYING), {}), [], NO_DENIALS, listening);
    const [abi] = open.policy.abis;
    const kindOf = (name: string) => {
      const number = syscallNumber(abi?.abi.name ?? 'x86_64', name) ?? -1;
      return evaluate(open.policy, { arch: abi?.abi.audit ?? 0, number, args: [0n, 0n, 0n, 0n, 0n, 0n] }).kind;
    };
    expect(['mkdirat', 'pidfd_getfd', 'sendmsg'].map(kindOf)).toEqual(['allow', 'errno', 'allow']);
    const nothing = { policy: undefined, flags: [] };
    expect(() => filterForAll(nothing, [], NO_DENIALS, listening)).toThrow(new TypeError('unconfined has no filter'));
  });
});
