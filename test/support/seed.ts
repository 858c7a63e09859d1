/**
 * The seed of random choices in tests. It is always the same, so that no test fails by chance, unless SECCOMP_TEST_SEED
 * is another number. Vitest runs this file before each test file, for the properties of fast-check.
 */
import fc from 'fast-check';

export const SEED = Number(process.env['SECCOMP_TEST_SEED'] ?? 1);

fc.configureGlobal({ seed: SEED });
