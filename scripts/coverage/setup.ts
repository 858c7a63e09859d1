/**
 * Runs in each process of Vitest before a test file. Each Node that a test starts writes the functions and blocks that it ran into
 * this folder. The process itself must not, since Vitest measures it: so the variable is set only now.
 */
process.env['NODE_V8_COVERAGE'] = process.env['SECCOMP_COVERAGE_OF_CHILDREN'];

// Vitest ends this process by a signal. The addon's counts are written only if it ends by itself.
process.on('SIGTERM', () => process.exit());
