/**
 * The seed of what tests choose at random: always the same, so that a test does not fail by chance, unless
 * SECCOMP_TEST_SEED is another number. Vitest runs this before each test file, for the properties of fast-check.
 */
import fc from 'fast-check';

export const SEED = Number(process.env['SECCOMP_TEST_SEED'] ?? 1);

fc.configureGlobal({ seed: SEED });
