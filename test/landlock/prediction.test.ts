/**
 * The prediction of what a ruleset decides, and the running kernel: two answers to the same accesses, which must be one.
 * SECCOMP_TEST_ACCESSES is the number of random accesses (default: 1500), SECCOMP_TEST_SEED chooses them.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FileAccess, type Prediction, predict, type Rule } from '../../lib/landlock/paths/prediction.js';
import { bitsOf, GRANTS, type Right, rightsIn } from '../../lib/landlock/paths/rights.js';
import { describeUnless } from '../support/describe-unless.js';
import { kernelAnswers, landlockAbi } from './accesses.js';
import { type Attempt, places, type Scenario, scenario, tryUntil } from './scenarios.js';

const ACCESSES = Number(process.env['SECCOMP_TEST_ACCESSES'] ?? 1500);
const EACH = 50;

const abi = landlockAbi();
const obstacle = abi > 0 ? undefined : `this kernel has no Landlock (errno ${-abi})`;

describeUnless(obstacle, `predicted = decided by the kernel, with Landlock ${abi}`, () => {
  const directories = obstacle === undefined ? places(abi) : [];

  test('for random trees, rulesets and accesses', async () => {
    const predicted = new Map<string, number>();
    const property = fc.property(scenario(directories, abi, EACH), (each) => {
      for (const { access } of each.attempts) {
        const result = `${access.kind} ${resultOf(predict(each.ruleset, access, each.tree))}`;
        predicted.set(result, (predicted.get(result) ?? 0) + 1);
      }
      expect(disagreements(each), showRules(each)).toEqual([]);
    });
    const isEnough = () =>
      results().every((result) => (predicted.get(result) ?? 0) > ACCESSES / 500) &&
      [...predicted.values()].reduce((a, b) => a + b) > 0.9 * ACCESSES;
    await tryUntil(property, Math.ceil(ACCESSES / (0.7 * EACH)), isEnough);
    expect([...predicted.keys()].sort()).toEqual(results());
    expect(isEnough()).toBe(true);
  });

  test('for denied accesses, once the missing rules are added', () => {
    let added = 0;
    const property = fc.property(scenario(directories, abi, 8), (each) => {
      const attempt = each.attempts.find(({ access }) => isMendable(each, access));
      if (attempt === undefined) return;
      added++;
      expect(decidedWith(each, attempt, missingOf(each, attempt.access))).toEqual(['allowed', []]);
    });
    fc.assert(property, { numRuns: Math.ceil(ACCESSES / 75) });
    expect(added).toBeGreaterThan(ACCESSES / 500);
  });
});

const resultOf = (prediction: Prediction) => (prediction.allowed ? 'allowed' : prediction.errno);

/** The accesses about which prediction and kernel disagree. */
function disagreements(scenario: Scenario): readonly string[] {
  const answers = kernelAnswers(scenario);
  return scenario.attempts.flatMap(({ access, words }, i) => {
    const { outside, inside } = answers[i] ?? expect.fail('no answer');
    const predicted = resultOf(predict(scenario.ruleset, access, scenario.tree));
    const agrees = inside === (predicted === 'allowed' ? outside : predicted);
    return agrees ? [] : [`${words}: predicted ${predicted}, the kernel ${inside}, without Landlock ${outside}`];
  });
}

function showRules({ ruleset: { handled, rules } }: Scenario): string {
  const granted = rules.map(({ path, rights }) => `${path}: ${rightsIn(rights)}`);
  return [`handled: ${rightsIn(handled)}`, ...granted].join('\n');
}

/** Every result of every kind of access. */
function results(): readonly string[] {
  const kinds = ['create', 'exchange', 'execute', 'ioctl', 'link', 'open', 'remove', 'rename', 'truncate'];
  const moving = ['exchange', 'link', 'rename'];
  return kinds
    .flatMap((kind) =>
      ['EACCES', 'allowed', ...(moving.includes(kind) ? ['EXDEV'] : [])].map((each) => `${kind} ${each}`),
    )
    .sort();
}

function missingOf({ ruleset, tree }: Scenario, access: FileAccess): readonly Rule[] {
  const prediction = predict(ruleset, access, tree);
  return prediction.allowed ? [] : prediction.missing;
}

/** Whether an access is denied, but rules could allow it. */
function isMendable(scenario: Scenario, access: FileAccess): boolean {
  const missing = missingOf(scenario, access);
  return missing.length > 0 && missing.every(({ rights }) => (rights & ~scenario.ruleset.handled) === 0);
}

/** The prediction for an access with more rules, and the disagreements about it. */
function decidedWith(scenario: Scenario, attempt: Attempt, rules: readonly Rule[]) {
  const ruleset = { ...scenario.ruleset, rules: [...scenario.ruleset.rules, ...rules] };
  const predicted = resultOf(predict(ruleset, attempt.access, scenario.tree));
  return [predicted, disagreements({ ...scenario, ruleset, attempts: [attempt] })];
}

describe('with /r readable and /w writable', () => {
  const rules = [
    { path: '/r', rights: GRANTS.read },
    { path: '/w', rights: GRANTS.write },
  ];
  const handled = GRANTS.read | GRANTS.write | GRANTS.execute;

  /** The errno of an access, and the rights that it misses, by path. */
  function decided(access: FileAccess, without: readonly Right[] = []) {
    const prediction = predict({ handled: handled & ~bitsOf(...without), rules }, access);
    if (prediction.allowed) return 'allowed';
    return [prediction.errno, ...prediction.missing.map(({ path, rights }) => `${path}: ${rightsIn(rights)}`)];
  }

  const nothing = { kind: 'open', what: 'file', read: false, write: false, truncate: false } as const;

  test.each<[string, FileAccess, ReturnType<typeof decided>]>([
    ['reading', { ...nothing, path: '/r/f', read: true }, 'allowed'],
    ['reading beside it', { ...nothing, path: '/rf', read: true }, ['EACCES', '/rf: READ_FILE']],
    ['writing', { ...nothing, path: '/r/f', write: true }, ['EACCES', '/r/f: WRITE_FILE']],
    ['O_PATH', { ...nothing, path: '/f' }, 'allowed'],
    ['O_TRUNC', { ...nothing, path: '/r/f', read: true, truncate: true }, ['EACCES', '/r/f: TRUNCATE']],
    ['O_CREAT', { ...nothing, path: '/r/f', what: 'missing', read: true }, ['EACCES', '/r: MAKE_REG']],
    ['execve', { kind: 'execute', path: '/r/f' }, ['EACCES', '/r/f: EXECUTE']],
    ['mkdir', { kind: 'create', path: '/r/d', what: 'directory' }, ['EACCES', '/r: MAKE_DIR']],
    ['unlink', { kind: 'remove', path: '/r/f', what: 'file' }, ['EACCES', '/r: REMOVE_FILE']],
    ['moving out', { kind: 'rename', from: '/w/f', to: '/f', what: 'file' }, ['EACCES', '/: MAKE_REG,REFER']],
    ['moving within', { kind: 'rename', from: '/w/f', to: '/w/d/f', what: 'file' }, 'allowed'],
    [
      'linking in',
      { kind: 'link', from: '/r/f', to: '/w/f', what: 'file' },
      ['EXDEV', '/r: REFER', '/r/f: WRITE_FILE,TRUNCATE,IOCTL_DEV'],
    ],
  ])('%s', (_, access, expected) => {
    expect(decided(access)).toEqual(expected);
  });

  test('a ruleset that does not handle REFER denies moving', () => {
    const access: FileAccess = { kind: 'rename', from: '/w/f', to: '/w/d/f', what: 'file' };
    expect(decided(access, ['REFER'])).toEqual(['EXDEV', '/w: REFER', '/w/d: REFER']);
  });

  test('a ruleset that handles nothing denies nothing', () => {
    const access: FileAccess = { kind: 'rename', from: '/a/f', to: '/b/f', what: 'file' };
    expect(predict({ handled: 0, rules: [] }, access)).toEqual({ allowed: true });
  });
});
