/** The matchers and assertions in Vitest, Jest and node:test, which run suites in which some tests must fail. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { once } from '../../lib/util/memo.js';
import { libraries, noLibraries } from '../support/libraries.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const suites = 'test/testing/suites';
const directory = mkdtempSync(join(tmpdir(), 'seccomp-runners-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Jest's command. */
const jest = join(libraries, 'jest/bin/jest.js');

/** A test's name, and the message of its failure; null if it passed. */
type Results = ReadonlyMap<string, string | null>;

/** Without Vitest's variables: the inner Vitest would take itself for a worker. */
const {
  VITEST: _,
  VITEST_WORKER_ID: __,
  VITEST_POOL_ID: ___,
  VITEST_MODE: ____,
  NODE_TEST_CONTEXT: _____,
  ...env
} = process.env;

function node(args: readonly string[]) {
  const child = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { ...env, NO_COLOR: '1' } });
  return `${child.stdout}${child.stderr}`;
}

interface Assertion {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** The results of each file in Jest's report, which Vitest writes too. */
function readReport(file: string, output: string): ReadonlyMap<string, Results> {
  try {
    const { testResults }: { testResults: { name: string; assertionResults: Assertion[] }[] } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    const resultsOf = (all: readonly Assertion[]) =>
      new Map(all.map((each) => [each.title, each.status === 'passed' ? null : each.failureMessages.join()]));
    return new Map(testResults.map(({ name, assertionResults }) => [basename(name), resultsOf(assertionResults)]));
  } catch (error) {
    throw new Error(`${error}: ${output.slice(0, 2000)}`);
  }
}

/** A suite of which each file in one Jest process has an instance of the package. */
const INSTANCE = `
  import { run } from 'seccomp';
  test('receives violations, and answers calls', async () => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] };
    const notify = { uname: (call) => call.deny('ENOSYS') };
    const error = await run('sh', ['-c', 'mkdir /nowhere/x; uname'], profile, { onViolation: true, notify }).catch((error) => error);
    expect(error.violations.map(({ decoded }) => decoded.join())).toEqual([expect.stringContaining('"/nowhere/x"')]);
    expect(error.stderr).toContain('uname: cannot get system name: Function not implemented');
  });`;
const INSTANCES = ['first.suite.mjs', 'second.suite.mjs', 'third.suite.mjs'];

/** Runs the suite of the matchers, and the instances, in one Jest. */
const inJest = once(() => {
  const instances = mkdtempSync(join(directory, 'instances-'));
  for (const name of INSTANCES) writeFileSync(join(instances, name), INSTANCE);
  const moduleNameMapper = { '^seccomp$': join(root, 'dist/index.js') };
  const report = join(directory, 'jest.json');
  const roots = [join(root, suites), instances];
  const testMatch = ['**/jest.suite.mjs', `${instances}/*`];
  const config = JSON.stringify({ rootDir: root, roots, testMatch, transform: {}, moduleNameMapper });
  const args = [jest, '--json', `--outputFile=${report}`, '--no-cache', `--config=${config}`, '--runInBand'];
  return readReport(report, node(['--experimental-vm-modules', ...args]));
});

const RUNNERS: Readonly<Record<string, () => Results>> = {
  Vitest: () => {
    const report = join(directory, 'vitest.json');
    // Otherwise it writes beside its configuration, where this user may not be allowed to.
    const config = ['--config', join(root, suites, 'vitest.config.mjs'), '--configLoader=runner'];
    const output = node([
      'node_modules/vitest/vitest.mjs',
      'run',
      ...config,
      '--reporter=json',
      `--outputFile=${report}`,
    ]);
    return readReport(report, output).get('vitest.suite.mjs') ?? new Map();
  },
  Jest: () => inJest().get('jest.suite.mjs') ?? new Map(),
  'node:test': () => {
    const output = node(['--test', '--test-reporter=tap', `${suites}/node.suite.mjs`]);
    const tests = [...output.matchAll(/^ *(ok|not ok) \d+ - (.*)\n((?: *.*\n)*?) *\.\.\.$/gm)];
    return new Map(tests.map(([, end, name = '', details = '']) => [name, end === 'ok' ? null : details]));
  },
};

/** The messages of the failures in every suite. */
const FAILS = {
  'FAILS denied: it is allowed': /read is allowed; should be denied/,
  'FAILS errno: it is another one': /mount is denied with EACCES; should be denied with EPERM/,
  'FAILS allowed: it is denied': /mount is denied with EACCES; should be allowed/,
  'FAILS no call is denied: one is': /made denied calls: socket\(AF_INET, [^\n]*\n[^\n]*denied: socket/,
  'FAILS runs: it does not': /ended with exit code 3[\s\S]*reason/,
};

const PASSES = [
  'a call is denied',
  'with its errno',
  'a call is allowed',
  'a group is denied',
  'a program runs',
  'no call is denied',
];

/** Further failures in the suites with matchers. */
const MATCHERS_FAIL = {
  'FAILS not of several': /\.not with several calls is ambiguous: use toAllowSyscall/,
  'FAILS does not run: it does': /true runs under the profile, and should not/,
  'FAILS does not run: nothing was denied': /false: ended with exit code 1[\s\S]*nothing shows that this is because/,
};

const MATCHERS_PASS = [
  'a call is not denied',
  'a call is not allowed',
  'a program does not run',
  'a call is denied, and hidden',
];

/** The tests of a runner's suite, each with the message of its failure; null if it passes. */
function expected(name: string) {
  const hasMatchers = name !== 'node:test';
  const passes = [...PASSES, ...(hasMatchers ? MATCHERS_PASS : [])];
  const fails = Object.entries({ ...FAILS, ...(hasMatchers ? MATCHERS_FAIL : {}) });
  return new Map<string, unknown>([
    ...passes.map((title) => [title, null] as const),
    ...fails.map(([title, message]) => [title, expect.stringMatching(message)] as const),
  ]);
}

test.for(Object.entries(RUNNERS))(
  'in %s assertions that hold pass, and others fail with the reason',
  ([name, run], { skip }) => {
    skip(name === 'Jest' && noLibraries !== undefined, noLibraries);
    expect(run()).toEqual(expected(name));
  },
);

test('each of three test files in one Jest process supervises its children', ({ skip }) => {
  skip(noLibraries !== undefined, noLibraries);
  const passed = new Map([['receives violations, and answers calls', null]]);
  expect(INSTANCES.map((name) => inJest().get(name))).toEqual(INSTANCES.map(() => passed));
});
