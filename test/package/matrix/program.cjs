/** The main job in a CommonJS module. */
const sandbox = require('seccomp');

import('./job.mjs').then(({ mainJob }) => mainJob(sandbox));
