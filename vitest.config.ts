import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/support/skip-reporter.js';

/** Folders whose tests change nothing of their process: their files share worker threads. */
const PURE = ['test/{analysis,decode,filter,fuzz,policy,profile,syscalls,util}/**/*.test.ts'];

/** Files of these folders that replace functions of Node, which modules have imported before. */
const ISOLATED = ['test/profile/read-file.test.ts'];

const OTHERS = ['test/!(analysis|decode|filter|fuzz|policy|profile|syscalls|util)/**/*.test.ts', 'test/*.test.ts'];

export default defineConfig({
  test: {
    setupFiles: 'test/support/seed.ts',
    maxWorkers: '100%',
    reporters: ['default', new SkipReporter()],
    // Far more than any test takes, on a busy machine too: only what hangs runs out of it.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, exclude: ISOLATED, pool: 'threads', isolate: false } },
      {
        extends: true,
        test: { name: 'processes', include: [...OTHERS, ...ISOLATED], globalSetup: 'scripts/build-changed.ts' },
      },
    ],
  },
});
