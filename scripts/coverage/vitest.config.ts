/** Vitest's configuration for `npm run coverage`: that of the checkout, and which lines of lib/ the tests run. */
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

export default mergeConfig(
  base,
  defineConfig({
    test: {
      setupFiles: 'scripts/coverage/setup.ts',
      coverage: {
        enabled: true,
        provider: 'v8',
        include: ['lib/**/*.ts'],
        reporter: ['json'],
        reportOnFailure: true,
        reportsDirectory: 'out/coverage',
      },
    },
  }),
);
