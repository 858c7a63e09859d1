/** The main job in a CommonJS module in TypeScript. */
import sandbox = require('seccomp');

const filter: sandbox.Filter = sandbox.compile('docker-default');
if (filter.instructions.length > 0) void import('./job.mjs').then(({ mainJob }) => mainJob(sandbox));
