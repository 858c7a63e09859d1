/** A pool's task: the filters of its process, and the error of a call that docker-default denies. */
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

module.exports = () => ({
  filters: Number(/Seccomp_filters:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
  unshare: spawnSync('unshare', ['true'], { encoding: 'utf8' }).stderr.trim(),
  isOwnProcess: process.pid !== Number(process.env.POOL_OWNER),
});

module.exports.run = module.exports; // jest-worker calls functions by name.
