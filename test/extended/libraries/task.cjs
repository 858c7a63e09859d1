/** A pool's task: the filters of its process, and the errors of calls that docker-default and confine-children.mjs deny. */
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

function chdir() {
  try {
    process.chdir('.');
  } catch (error) {
    return error.code;
  }
}

module.exports = () => ({
  filters: Number(/Seccomp_filters:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
  unshare: spawnSync('unshare', ['true'], { encoding: 'utf8' }).stderr.trim(),
  chdir: chdir() ?? 'allowed',
  isOwnProcess: process.pid !== Number(process.env.POOL_OWNER),
});

module.exports.run = module.exports; // jest-worker calls functions by name.
