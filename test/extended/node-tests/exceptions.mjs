/** The tests of Node's own that are expected to fail, each with its reason. */

const MOCKS = 'replaces functions inside Node, which this package does not use';

export const EXCEPTIONS = new Map([
  ['test-child-process-exec-kill-throws.js', MOCKS],
  ['test-child-process-pipe-dataflow.js', MOCKS],
  ['test-child-process-spawnsync-kill-signal.js', MOCKS],
  ['test-child-process-spawnsync-shell.js', MOCKS],
  ['test-child-process-windows-hide.js', MOCKS],
]);
