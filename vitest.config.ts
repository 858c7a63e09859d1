import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/support/skip-reporter.js';

/** Folders whose tests change nothing of their process. */
const PURE = 'analysis,decode,filter,fuzz,policy,profile,syscalls,util';
/** Folders whose tests start processes, and change nothing of their own. */
const STARTING = 'compat,docs,errors,integration,kernel,peers,types';
/** A file in a pure folder that replaces functions of Node, which modules have imported before. */
const ISOLATED = 'profile/read-file';

const [pure, starting] = [PURE, STARTING].map((folders) => `{${folders}}/**`);
const others = `!(${[PURE, STARTING, 'adversary'].join(',').replaceAll(',', '|')})/**`;
const tests = (...paths: readonly string[]) => paths.map((path) => `test/${path}.test.ts`);
const globalSetup = 'scripts/build-changed.ts';

export default defineConfig({
  test: {
    setupFiles: 'test/support/seed.ts',
    maxWorkers: '100%',
    reporters: ['default', new SkipReporter()],
    // Far more than any test takes, on a busy machine too: only what hangs runs out of it.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // No project has an `exclude`: those of the command line would not apply to it.
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: tests(`${pure}/!(read-file)`), pool: 'threads', isolate: false },
      },
      { extends: true, test: { name: 'starting', include: tests(`${starting}/*`), isolate: false, globalSetup } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: tests('*', `${others}/*`, 'adversary/*', 'adversary/!(tree)/**/*', ISOLATED),
          globalSetup,
        },
      },
      // Last and alone: attackers' trees take all the time of the CPUs that they get.
      {
        extends: true,
        test: {
          name: 'trees',
          include: tests('adversary/tree/**/*'),
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          globalSetup,
        },
      },
    ],
  },
});
