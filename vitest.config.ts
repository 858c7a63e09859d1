import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/support/skip-reporter.js';

/** Folders whose tests change nothing of their process. */
const PURE = 'analysis,decode,filter,fuzz,policy,profile,syscalls,util';
/** Folders whose tests start processes, and change nothing of their own. */
const STARTING = 'compat,docs,errors,integration,kernel,peers,types';
/** Attackers' trees, which take all the time of the CPUs that they get. */
const TREES = 'test/adversary/tree/**/*.test.ts';

/** Files of pure folders that replace functions of Node, which modules have imported before. */
const ISOLATED = ['test/profile/read-file.test.ts'];

const testsIn = (folders: string) => `test/{${folders}}/**/*.test.ts`;
const globalSetup = 'scripts/build-changed.ts';

export default defineConfig({
  test: {
    setupFiles: 'test/support/seed.ts',
    maxWorkers: '100%',
    reporters: ['default', new SkipReporter()],
    // Far more than any test takes, on a busy machine too: only what hangs runs out of it.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: [testsIn(PURE)], exclude: ISOLATED, pool: 'threads', isolate: false },
      },
      { extends: true, test: { name: 'starting', include: [testsIn(STARTING)], isolate: false, globalSetup } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: [
            `test/!(${PURE.replaceAll(',', '|')}|${STARTING.replaceAll(',', '|')})/**/*.test.ts`,
            'test/*.test.ts',
            ...ISOLATED,
          ],
          exclude: [TREES],
          globalSetup,
        },
      },
      // Last and alone: they disturb all others.
      {
        extends: true,
        test: { name: 'trees', include: [TREES], maxWorkers: 1, sequence: { groupOrder: 1 }, globalSetup },
      },
    ],
  },
});
