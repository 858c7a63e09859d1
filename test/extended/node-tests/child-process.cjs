/**
 * Preloaded into a test of Node's own: answers `require('child_process')` of Node's test files with the functions of a
 * Sandbox, and with Node's own exports that are none of them.
 */
const Module = require('node:module');
const nodes = require('node:child_process');
const { Sandbox } = require('../../../dist/index.cjs');

const { NODE_TESTS: folder, NODE_TESTS_HANDLES: handles } = process.env;
const answer = { ...nodes, ...new Sandbox('docker-default', { handles: handles === 'true' }) };
const load = Module._load;
Module._load = function loadModule(request, parent, ...others) {
  const isChildProcess = request === 'child_process' || request === 'node:child_process';
  if (isChildProcess && parent?.filename?.startsWith(folder)) return answer;
  return Reflect.apply(load, this, [request, parent, ...others]);
};
