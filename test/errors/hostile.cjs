/**
 * Makes each of these changes of V8's stack traces in a worker of its own, and prints as JSON the errors there of a call
 * that throws and of one that rejects.
 */
const { once } = require('node:events');
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');

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

const describe = ({ name, code, message }) => `${name} ${code} ${message.split(':')[0]}`;

async function errorsAfter(change) {
  change();
  const { run, spawn } = require('seccomp');
  const errors = [];
  try {
    spawn('true', 'dokcer-default');
  } catch (error) {
    errors.push(describe(error));
  }
  await run('false', 'docker-default').catch((error) => errors.push(describe(error)));
  return errors;
}

async function inWorker(name) {
  const worker = new Worker(__filename, { workerData: name });
  const [errors] = await once(worker, 'message');
  await worker.terminate();
  return [name, errors];
}

if (isMainThread)
  Promise.all(Object.keys(changes).map(inWorker)).then((all) => console.log(JSON.stringify(Object.fromEntries(all))));
else errorsAfter(changes[workerData]).then((errors) => parentPort.postMessage(errors));
