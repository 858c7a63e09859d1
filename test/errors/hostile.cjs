/**
 * Makes the change of V8's stack traces that argv[2] names, and prints the errors of a call that throws and of one that
 * rejects.
 */
const changes = {
  'a limit of 0': () => {
    Error.stackTraceLimit = 0;
  },
  'no limit': () => {
    Error.stackTraceLimit = undefined;
  },
  'a frozen Error': () => Object.freeze(Error),
  'a prepareStackTrace that gives call sites': () => {
    Error.prepareStackTrace = (_, sites) => sites;
  },
  'a prepareStackTrace that throws': () => {
    Error.prepareStackTrace = () => {
      throw new Error('not this one');
    };
  },
  'no captureStackTrace': () => {
    delete Error.captureStackTrace;
  },
  'a polluted Object.prototype': () => {
    Object.assign(Object.prototype, { get: 1, set: 1, cause: 1, stack: 1, polluted: 1 });
  },
};

changes[process.argv[2]]();
const { run, spawn } = require('seccomp');

const print = ({ name, code, message }) => console.log(name, code, message.split(':')[0]);
try {
  spawn('true', 'dokcer-default');
} catch (error) {
  print(error);
}
run('false', 'docker-default').catch(print);
