import { defineConfig } from 'vitest/config';
import { SkipReporter } from './test/support/skip-reporter.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: 'test/support/seed.ts',
    maxWorkers: '100%',
    reporters: ['default', new SkipReporter()],
    // Far more than any test takes, on a busy machine too: only what hangs runs out of it.
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
