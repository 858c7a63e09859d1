/** Makes one of these wrong calls from CommonJS. Does not catch its error. */
const { loadProfile, run } = require('seccomp');

const calls = {
  loadProfile: () => loadProfile('{"defaultAction": "SCMP_ACT_ERRRNO"}'),
  run: () => run('false', 'docker-default'),
};
calls[process.argv[2]]();
