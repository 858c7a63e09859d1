/** When a child's tree has a guardian, of which kind, and why not: for each option, kernel and user. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as status from '../../../lib/kernel/process-status.js';
import * as domain from '../../../lib/landlock/domain.js';
import type { Enforcement } from '../../../lib/landlock/enforcement.js';
import { readTreeLimits } from '../../../lib/process-tree/limits.js';
import type { SpawnOptions } from '../../../lib/sandbox/options/types.js';
import {
  asksForGuardian,
  isGroup,
  outliving,
  refused,
  type TreePlan,
  treeFor,
  treeSupport,
  withoutGuardian,
  withTree,
} from '../../../lib/sandbox/plan/tree.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const CAP_KILL = (1n << 5n).toString(16);
const CAP_CHOWN = '1';
const sampled = readTreeLimits({ processes: 5, exact: false }) as never;
const preferred = readTreeLimits({ processes: 5, exact: 'preferred' }) as never;
const exact = readTreeLimits({ processes: 5 }) as never;
const NO_SCOPES = 'no scopes here';

interface Machine {
  readonly hasScopes?: boolean;
  readonly user?: number;
  readonly capabilities?: string;
}

/** Plans on a machine with scopes, for root with CAP_KILL, a child that is isolated. */
function planned(
  options: SpawnOptions,
  byDefault: 'kill' | 'leave' = 'leave',
  { hasScopes = true, user = 0, capabilities = CAP_KILL }: Machine = {},
  { isIsolated = options.isolate !== false, makesGroup = true } = {},
): Partial<TreePlan> | undefined {
  vi.spyOn(domain, 'isolationSupport').mockReturnValue({
    by: hasScopes ? 'scopes' : 'domain',
    reason: hasScopes ? null : NO_SCOPES,
    domain: undefined,
  });
  vi.spyOn(process, 'geteuid').mockReturnValue(user);
  vi.spyOn(status, 'readStatus').mockReturnValue(new Map([['CapEff', capabilities]]));
  return treeFor(options, byDefault, { isIsolated, makesGroup });
}

const GUARDED = { reason: undefined, isGroup: false, caveat: undefined };
const WITHOUT: Machine = { hasScopes: false };

describe('a tree', () => {
  test.each<[string, SpawnOptions, 'kill' | 'leave', object | undefined]>([
    ['left by default', {}, 'leave', undefined],
    ['ended by default', {}, 'kill', { ...GUARDED, required: false }],
    ['ended', { descendants: 'kill' }, 'leave', { ...GUARDED, required: true }],
    ['ended, also by default', { descendants: 'kill' }, 'kill', { ...GUARDED, required: true }],
    ['left', { descendants: 'leave' }, 'kill', undefined],
    ['weighed', { limits: sampled }, 'leave', { ...GUARDED, required: true }],
    ['weighed if possible', { limits: sampled, bestEffort: true }, 'leave', { ...GUARDED, required: false }],
    [
      'weighed if possible, and ended',
      { limits: sampled, bestEffort: true, descendants: 'kill' },
      'leave',
      { required: true },
    ],
    ['weighed if no cgroup is there', { limits: preferred }, 'leave', { ...GUARDED, required: true }],
    [
      'left, and limited by the cgroup that is preferred',
      { limits: preferred, descendants: 'leave' },
      'kill',
      undefined,
    ],
    ['limited by a cgroup', { limits: exact }, 'leave', undefined],
  ])('that is %s', (_, options, byDefault, expected) => {
    const plan = planned(options, byDefault);
    if (expected === undefined) expect(plan).toBe(undefined);
    else expect(plan).toMatchObject(expected);
    expect(asksForGuardian(options)).toBe(Object(expected).required === true || options.limits === sampled);
  });

  test.each<[string, SpawnOptions & { detached?: boolean }, object, RegExp]>([
    ['detached', { detached: true }, {}, /a detached child is to live on: leave out detached, or /],
    ['not isolated', { isolate: false }, {}, /a guardian needs isolation: leave out isolate: false/],
    ['unconfined', {}, { isIsolated: false }, /which unconfined does without: give descendants: "kill"/],
  ])('of a child that is %s is left by default, and an error if it is to be ended', (_, options, means, reason) => {
    expect(planned(options, 'kill', {}, means)).toMatchObject({
      required: false,
      reason: expect.stringMatching(reason),
    });
    const text = /^options\.descendants: 'kill' can't be honored: /;
    const kill = () => planned({ ...options, descendants: 'kill' }, 'leave', {}, means);
    expect(kill).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(reason) }),
    );
    expect(kill).toThrow(text);
    const weigh = () => planned({ ...options, limits: sampled }, 'leave', {}, means);
    expect(weigh).toThrow(/^options\.limits that a guardian may sample, which kills all descendants, can't be/);
  });

  test('that is weighed can’t be left', () => {
    expect(() => planned({ limits: sampled, descendants: 'leave' })).toThrow(
      /^options\.limits that a guardian may sample, .* can't be honored: descendants: 'leave' keeps it from ending them/,
    );
  });

  test('of a detached child has a remedy in terms of the option', () => {
    expect(planned({ detached: true } as never, 'kill')?.reason).toContain('or give descendants: "leave"');
    const weighed = { detached: true, limits: sampled, bestEffort: true } as never;
    expect(planned(weighed)?.reason).toContain('or give limits with exact: true');
  });
});

test('a tree can outlive the child, but not as a process group', () => {
  expect(outliving(undefined)).toBeUndefined();
  const tree = planned({ descendants: 'kill' }) as TreePlan;
  expect(outliving(tree)).toEqual({ ...tree, outlives: true });
  const group = { ...tree, isGroup: true } as TreePlan;
  expect(() => outliving(group)).toThrow(
    /^options\.descendants: 'kill' can't be honored: .* no call that could be seen$/,
  );
});

describe('without scopes, a tree', () => {
  test.each<[string, SpawnOptions, object]>([
    ['that is ended is a process group', { descendants: 'kill', uid: 7 }, { isGroup: true, caveat: undefined }],
    [
      'of this user has a caveat',
      { descendants: 'kill' },
      { isGroup: true, caveat: expect.stringContaining(NO_SCOPES) },
    ],
    [
      'of root has one too',
      { descendants: 'kill', uid: 0 },
      { isGroup: true, caveat: expect.stringContaining('another uid') },
    ],
    [
      'that is ended by default is left',
      {},
      {
        isGroup: false,
        reason: `${NO_SCOPES}; descendants: 'kill' ends them as a process group, and denies the program setsid and setpgid`,
      },
    ],
    [
      'that is weighed if possible is left',
      { limits: sampled, bestEffort: true },
      { isGroup: false, option: { remedy: 'give descendants: "leave"' } },
    ],
  ])('%s', (_, options, expected) => {
    expect(planned(options, 'kill', WITHOUT)).toMatchObject(expected);
  });

  test('of root, started by another user, has a caveat: it can signal its guardian', () => {
    const other = { ...WITHOUT, user: 7 };
    expect(planned({ descendants: 'kill', uid: 0 }, 'kill', other)?.caveat).toContain(NO_SCOPES);
    expect(planned({ descendants: 'kill', uid: 8 }, 'kill', other)?.caveat).toBe(undefined);
  });

  test('that must be a domain is an error', () => {
    const code = 'ERR_SECCOMP_UNSUPPORTED';
    for (const options of [{ limits: sampled }, { limits: sampled, descendants: 'kill' }] as const)
      expect(() => planned(options, 'leave', WITHOUT)).toThrow(expect.objectContaining({ code }));
    expect(() => planned({ descendants: 'kill' }, 'leave', WITHOUT, { makesGroup: false })).toThrow(
      /no scopes here; start the program by spawn or run, or leave the descendants$/,
    );
  });

  test('is supported as a process group', () => {
    planned({}, 'leave', WITHOUT);
    expect(treeSupport()).toEqual({ by: 'process-group', reason: NO_SCOPES });
    planned({}, 'leave');
    expect(treeSupport()).toEqual({ by: 'guardian' });
  });
});

describe('the guardian of another user’s tree', () => {
  test.each<[SpawnOptions, Machine, boolean]>([
    [{ uid: 7 }, { user: 0, capabilities: CAP_CHOWN }, true],
    [{ uid: 7 }, { user: 0, capabilities: CAP_KILL }, false],
    [{ uid: 0 }, { user: 0, capabilities: '0' }, false],
    [{}, { user: 7, capabilities: '0' }, false],
    [{ uid: null as never }, { user: 7, capabilities: '0' }, false],
    [{ uid: 7 }, { user: 7, capabilities: '0' }, false],
    [{ uid: 8 }, { user: 7, capabilities: '0' }, true],
  ])('with %o on %o needs CAP_KILL: %s', (options, machine, isRefused) => {
    const reason = expect.stringContaining('this process needs CAP_KILL');
    expect(planned(options, 'kill', machine)?.reason).toEqual(isRefused ? reason : undefined);
    const kill = () => planned({ ...options, descendants: 'kill' }, 'leave', machine);
    if (isRefused) expect(kill).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED' }));
    else expect(kill()).toMatchObject({ required: true });
  });

  test('is taken to lack it where /proc can’t be read', () => {
    planned({});
    vi.spyOn(status, 'readStatus').mockImplementation(() => expect.fail('no /proc'));
    expect(treeFor({ uid: 7 }, 'kill', { isIsolated: true, makesGroup: true })?.reason).toContain('CAP_KILL');
    vi.spyOn(status, 'readStatus').mockReturnValue(new Map());
    expect(treeFor({ uid: 7 }, 'kill', { isIsolated: true, makesGroup: true })?.reason).toContain('CAP_KILL');
  });
});

describe('enforcement of a tree', () => {
  const enforced: Enforcement = { isolation: { closed: [], open: [] } };
  const plan = {
    required: false,
    option: { text: '', remedy: '' },
    reason: undefined,
    isGroup: false,
    caveat: undefined,
    outlives: false,
  };

  test.each<[string, TreePlan | undefined, string | undefined, object | undefined]>([
    ['that is left', undefined, undefined, undefined],
    ['with a guardian', plan, undefined, { by: 'guardian' }],
    ['whose guardian could not be started', plan, 'no guardian', { reason: 'no guardian' }],
    ['without a guardian', { ...plan, reason: 'why' }, undefined, { reason: 'why' }],
    ['that is a group', { ...plan, isGroup: true }, undefined, { by: 'process-group' }],
    [
      'that is a group with a caveat',
      { ...plan, isGroup: true, caveat: 'but' },
      undefined,
      { by: 'process-group', reason: 'but' },
    ],
    ['that is a group, not started', { ...plan, isGroup: true }, 'no guardian', { reason: 'no guardian' }],
  ])('%s', (_, tree, unguarded, expected) => {
    expect(withTree(enforced, tree, unguarded)).toEqual(
      expected === undefined ? enforced : { ...enforced, tree: expected },
    );
    expect(isGroup(tree)).toBe(tree?.isGroup ?? false);
  });

  test('explains why killTree has none', () => {
    expect(withoutGuardian(enforced, 7).message).toBe(
      "killTree: the descendants of child 7 are left: give the option descendants: 'kill'",
    );
    expect(withoutGuardian({ ...enforced, tree: { reason: 'why' } }, 7).message).toMatch(
      /are left: there is no guardian: why$/,
    );
    expect(refused('ERR_SECCOMP_OPTION', 'why').message).toBe("options.descendants: 'kill' can't be honored: why");
  });
});
