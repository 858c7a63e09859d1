/** What is planned for a start: which filters, who answers their notifications, and what is reported. */
import { describe, expect, test, vi } from 'vitest';
import { thisHost } from '../../../lib/host.js';
import * as domain from '../../../lib/landlock/domain.js';
import { readPaths } from '../../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { SpawnOptions } from '../../../lib/sandbox/options/types.js';
import { type FilterPlan, planFilters, planObservation, type Target } from '../../../lib/sandbox/plan/plan-filters.js';
import { type FilterSource, resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { describeUnless } from '../../support/describe-unless.js';

const { isolationSupport } = domain;

const NOTIFYING = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  listenerPath: '/run/agent.sock',
  syscalls: [{ names: ['uname'], action: 'SCMP_ACT_NOTIFY' }],
});
const PROFILE = 'docker-default';
const paths = readPaths({ read: ['/'] }) as never;
const notify = { mkdir: () => {} } as never;

const planned = (options: SpawnOptions, target: Target = 'child', profile: FilterSource = PROFILE): FilterPlan =>
  planFilters(resolveSources(profile, options), options, target);

/** What the first filter of a plan decides about a call. */
function decided({ filters: [filter] }: FilterPlan, syscall: string, ...args: readonly number[]): string {
  const { abi } = thisHost();
  const number = syscallNumber(abi, syscall) ?? -1;
  if (filter === undefined) return 'unfiltered';
  const all = [0, 1, 2, 3, 4, 5].map((i) => BigInt(args[i] ?? 0));
  return evaluate(filter.policy, { arch: abiOf(abi).audit, number, args: all as never }).kind;
}

describe('a child is supervised', () => {
  test.each<[string, SpawnOptions, Target, FilterSource, boolean]>([
    ['not without an option', {}, 'child', PROFILE, false],
    ['for violations', { onViolation: true }, 'child', PROFILE, true],
    ['not for onViolation: false', { onViolation: false }, 'child', PROFILE, false],
    ['for handlers', { notify }, 'child', PROFILE, true],
    ['for handlers under unconfined', { notify }, 'child', 'unconfined', true],
    ['not for violations under unconfined', { onViolation: true }, 'child', 'unconfined', false],
    ['for violations without a network', { onViolation: true, network: 'none' }, 'child', 'unconfined', true],
    ['not by this process', { onViolation: true }, 'execve', PROFILE, false],
  ])('%s', (_, options, target, profile, isSupervised) => {
    const plan = planned(options, target, profile);
    expect([plan.supervision !== undefined, plan.agent]).toEqual([isSupervised, undefined]);
    if (plan.supervision !== undefined) {
      const names = Object.keys(options.notify ?? {});
      expect([...plan.supervision.handlers.keys()]).toEqual(names);
      expect(plan.supervision.watches).toBe(options.onViolation === true);
      expect(plan.filters).toHaveLength(1);
    }
  });

  test('by an agent that its profile names, not by this process too', () => {
    const agent = { path: '/run/agent.sock', metadata: undefined };
    expect(planned({}, 'child', NOTIFYING)).toMatchObject({ agent, supervision: undefined });
    expect(planned({}, 'execve', NOTIFYING)).toMatchObject({ agent });
    expect(() => planned({ onViolation: true }, 'child', NOTIFYING)).toThrow(/names an agent/);
    expect(() => planned({ notify }, 'child', NOTIFYING)).toThrow(/names an agent/);
    for (const target of ['harden', 'register'] as const)
      expect(() => planned({}, target, NOTIFYING)).toThrow(/SCMP_ACT_NOTIFY needs a supervisor/);
  });

  test('by an agent, under a filter with the flags of its profile and with what its options deny', () => {
    const flagged = JSON.stringify({ ...JSON.parse(NOTIFYING), flags: ['SECCOMP_FILTER_FLAG_LOG'] });
    const plan = planned({ network: 'none' }, 'child', flagged);
    expect([plan.flags, plan.filters.map(({ flags }) => flags)]).toEqual([['LOG'], [['LOG']]]);
    expect(['uname', 'connect', 'read'].map((name) => decided(plan, name))).toEqual(['notify', 'errno', 'allow']);
    expect(decided(planned({}, 'child', flagged), 'connect')).toBe('allow');
  });

  test('and is notified of what the profile denies, or has a handler, and nothing else', () => {
    const watched = planned({ onViolation: true });
    expect([decided(watched, 'unshare', 0x1000_0000), decided(watched, 'read')]).toEqual(['notify', 'allow']);
    const handled = planned({ notify });
    expect(['mkdir', 'unshare', 'read'].map((name) => decided(handled, name, 0x1000_0000))).toEqual([
      'notify',
      'errno',
      'allow',
    ]);
    const both = planned({ notify, onViolation: true });
    expect(['mkdir', 'unshare', 'read'].map((name) => decided(both, name, 0x1000_0000))).toEqual([
      'notify',
      'notify',
      'allow',
    ]);
    const unconfined = planned({ notify }, 'child', 'unconfined');
    expect(['mkdir', 'unshare'].map((name) => decided(unconfined, name))).toEqual(['notify', 'allow']);
  });
});

describeUnless(pathsSupport().reason ?? undefined, 'calls that name files', () => {
  test.each<[string, SpawnOptions, Target, boolean]>([
    ['are reported', { onViolation: true, reportPaths: true, paths }, 'child', true],
    ['are not reported without reportPaths', { onViolation: true, paths }, 'child', false],
    ['are not reported without onViolation', { reportPaths: true, paths }, 'child', false],
    ['are not reported without paths', { onViolation: true, reportPaths: true }, 'child', false],
    ['are not reported for reportPaths: false', { onViolation: true, reportPaths: false, paths }, 'child', false],
  ])('%s', (_, options, target, isReported) => {
    const plan = planned(options, target);
    expect([plan.supervision?.reportsPaths ?? false, decided(plan, 'openat') === 'notify']).toEqual([
      isReported,
      isReported,
    ]);
  });

  test('are reported under unconfined, which denies nothing else', () => {
    const plan = planned({ onViolation: true, reportPaths: true, paths }, 'child', 'unconfined');
    expect([plan.supervision?.reportsPaths, decided(plan, 'openat'), decided(plan, 'getpid')]).toEqual([
      true,
      'notify',
      'allow',
    ]);
  });
});

describe('a plan', () => {
  test('has no filter under unconfined, but what its options deny', () => {
    expect(planned({}, 'child', 'unconfined')).toMatchObject({
      filters: [],
      isolation: undefined,
      hasNoNetwork: false,
    });
    const alone = planned({ network: 'none' }, 'child', 'unconfined');
    expect([alone.filters.length, alone.hasNoNetwork, decided(alone, 'connect'), decided(alone, 'unshare')]).toEqual([
      1,
      true,
      'errno',
      'allow',
    ]);
    expect(decided(planned({ isolate: {} }, 'child', 'unconfined'), 'prlimit64', 1, 4, 1)).toBe('errno');
    expect(decided(planned({}), 'connect')).toBe('allow');
    expect(decided(planned({ network: 'none' }), 'connect')).toBe('errno');
  });

  test.each<[Target, boolean, boolean]>([
    ['child', true, true],
    ['execve', true, false],
    ['harden', false, false],
    ['register', false, false],
  ])('for %s is isolated: %s', (target, isIsolated) => {
    expect(planned({}, target).isolation !== undefined).toBe(isIsolated);
    expect(planned({ isolate: false }, target).isolation).toBe(undefined);
    expect(planned({}, target, 'unconfined').isolation).toBe(undefined);
  });

  test('has the flag LOG once, before those of the profile', () => {
    expect(planned({ logDenied: true }).flags).toEqual(['LOG']);
    expect(planned({ logDenied: false }).flags).toEqual([]);
  });

  test('has a tree if the descendants are ended, by the option or by default', ({ skip }) => {
    skip(isolationSupport().by !== 'scopes', 'needs Landlock scopes');
    const tree = (options: SpawnOptions, byDefault?: 'kill' | 'leave', profile: FilterSource = PROFILE) =>
      planFilters(resolveSources(profile, {}), options, 'child', byDefault).tree;
    expect([tree({}), tree({}, 'leave'), tree({ descendants: 'leave' }, 'kill')]).toEqual(Array(3).fill(undefined));
    expect(tree({}, 'kill')).toMatchObject({ required: false, reason: undefined });
    expect(tree({ descendants: 'kill' })).toMatchObject({ required: true, reason: undefined });
    // A guardian isolates a program under unconfined.
    expect(tree({ descendants: 'kill' }, 'leave', 'unconfined')).toMatchObject({ required: true, reason: undefined });
    expect(tree({}, 'kill', 'unconfined')).toMatchObject({
      reason: expect.stringContaining('unconfined does without'),
    });
  });

  test('makes a process group of the tree of a child alone, where Landlock has no scopes', () => {
    const support = { by: 'domain', reason: 'no scopes', domain: undefined } as const;
    vi.spyOn(domain, 'isolationSupport').mockReturnValue(support);
    expect(planned({ descendants: 'kill' }).tree).toMatchObject({ isGroup: true, required: true });
    expect(decided(planned({ descendants: 'kill' }), 'setsid')).toBe('errno');
    expect(decided(planned({}), 'setsid')).toBe('allow');
    expect(() => planned({ descendants: 'kill' }, 'execve')).toThrow(/no scopes; start the program by spawn or run/);
    for (const target of ['harden', 'register'] as const)
      expect(planned({ descendants: 'kill' }, target).tree).toBe(undefined);
    vi.restoreAllMocks();
  });

  test('says what is enforced, and why there is no guardian', () => {
    const { enforcement } = planFilters(resolveSources(PROFILE, {}), { network: 'none' }, 'child', 'kill');
    expect(enforcement(0)).toMatchObject({ network: { by: 'filter' }, tree: expect.anything() });
    expect(enforcement(0, 'it failed').tree).toEqual({ reason: 'it failed' });
    expect(enforcement(1).isolation.by).toBe(undefined);
  });
});

describe('a plan for a recording', () => {
  test('notifies of every call, is isolated by Landlock alone, and has no callbacks', () => {
    const plan = planObservation({}, false);
    expect(plan).toMatchObject({ flags: [], agent: undefined, paths: undefined, hasNoNetwork: false, isOfNode: false });
    expect([plan.isolation !== undefined, planObservation({ isolate: false }, false).isolation]).toEqual([
      true,
      undefined,
    ]);
    expect(['read', 'mkdir', 'connect'].map((name) => decided(plan, name))).toEqual(Array(3).fill('notify'));
    expect(decided(plan, 'prlimit64', 1, 4, 1)).toBe('notify');
    expect(plan.supervision).toMatchObject({ onViolation: undefined, watches: false, reportsPaths: false, timeout: 0 });
    expect(plan.supervision?.handlers.size).toBe(0);
    expect([plan.tree, plan.limits]).toEqual([undefined, undefined]);
    expect(plan.enforcement(0)).not.toHaveProperty('tree');
  });

  test('counts files apart, if they are to be found', () => {
    const [calls, files] = [planObservation({}, false), planObservation({}, true)];
    expect(planObservation({}, true).supervision?.native).toBe(files.supervision?.native);
    expect(calls.supervision?.native).not.toBe(files.supervision?.native);
  });

  test('may have a tree and paths', ({ skip }) => {
    skip((isolationSupport().reason ?? pathsSupport().reason) !== null, 'needs Landlock scopes');
    const plan = planObservation({ descendants: 'kill', paths }, false);
    expect(plan).toMatchObject({ tree: { required: true, reason: undefined }, paths: { required: true } });
    expect(plan.enforcement(0)).toMatchObject({ tree: { by: 'guardian' }, paths: { by: 'landlock' } });
    expect(plan.enforcement(0, 'it failed').tree).toEqual({ reason: 'it failed' });
  });
});
