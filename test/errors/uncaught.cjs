/** Wrong calls from CommonJS, of which one is made, and nothing is caught. */
const { loadProfile, run, spawn } = require('seccomp');

const calls = {
  spawn: () => spawn('true', [], 'dokcer-default'),
  loadProfile: () => loadProfile('{"defaultAction": "SCMP_ACT_ERRRNO"}'),
  run: () => run('false', 'docker-default'),
};
calls[process.argv[2]]();
