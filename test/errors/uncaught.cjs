/** Makes one of these wrong calls from CommonJS. Does not catch its error. */
const { loadProfile, run, spawn } = require('seccomp');

const calls = {
  spawn: () => spawn('true', [], 'dokcer-default'),
  loadProfile: () => loadProfile('{"defaultAction": "SCMP_ACT_ERRRNO"}'),
  run: () => run('false', 'docker-default'),
};
calls[process.argv[2]]();
