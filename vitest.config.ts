import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: 'test/support/seed.ts',
    maxWorkers: '100%',
    // Far more than any test takes, on a busy machine too: only what hangs runs out of it.
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
