import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import ResultsReporter from './test/support/results-reporter.js';
import { SkipReporter } from './test/support/skip-reporter.js';

/** Folders whose tests start no processes. */
const PURE = ['analysis/', 'decode/', 'filter/', 'fuzz/', 'policy/', 'profile/', 'syscalls/', 'util/'];
/** Attackers' trees take all the time of the CPUs that they get. */
const TREES = ['adversary/tree/', 'slow/trees.'];

/** The files to which a check is restricted that is repeated: scripts/checks/results.mjs. */
const repeated = process.env['SECCOMP_TEST_FILES']?.split(' ');
const files = readdirSync(`${import.meta.dirname}/test`, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.test.ts') && repeated?.includes(`test/${file}`) !== false,
);
const isOf = (starts: readonly string[], file: string) => starts.some((start) => file.startsWith(start));
/**
 * What a file contains that can't share its process with others: it replaces modules, counts what all of its process has, or
 * changes its user, after which its files in /proc are root's.
 */
const ALONE =
  /\bvi\.(?:mock|doMock|resetModules)\(|\b(?:children|held)\(\)|'\/proc\/self\/fd'\)\.length|'node:inspector'|\bprocess\.seteuid\?/;

const trees = files.filter((file) => isOf(TREES, file));
const isolated = files.filter(
  (file) => !trees.includes(file) && ALONE.test(readFileSync(`${import.meta.dirname}/test/${file}`, 'utf8')),
);
const shared = files.filter((file) => !trees.includes(file) && !isolated.includes(file));

const paths = (files: readonly string[]) => files.map((file) => `test/${file}`);
const globalSetup = 'scripts/build/changed.ts';

export default defineConfig({
  test: {
    setupFiles: 'test/support/seed.ts',
    passWithNoTests: repeated !== undefined,
    maxWorkers: '100%',
    reporters: ['default', new SkipReporter(), new ResultsReporter()],
    // Far more than any test takes, on a busy machine too: only what hangs runs out of it.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // No project has an `exclude`: those of the command line would not apply to it.
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: paths(shared.filter((file) => isOf(PURE, file))),
          pool: 'threads',
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: paths(shared.filter((file) => !isOf(PURE, file))),
          isolate: false,
          globalSetup,
        },
      },
      { extends: true, test: { name: 'isolated', include: paths(isolated), globalSetup } },
      // Last and alone.
      {
        extends: true,
        test: { name: 'trees', include: paths(trees), maxWorkers: 1, sequence: { groupOrder: 1 }, globalSetup },
      },
    ],
  },
});
