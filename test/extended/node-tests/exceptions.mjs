/** The tests of Node's own that are expected to fail, each with its reason. */

const MOCKS = 'replaces functions inside Node, which this package does not use';

export const EXCEPTIONS = new Map([
  ['test-child-process-exec-kill-throws.js', MOCKS],
  ['test-child-process-pipe-dataflow.js', MOCKS],
  ['test-child-process-spawnsync-kill-signal.js', MOCKS],
  ['test-child-process-spawnsync-shell.js', MOCKS],
  ['test-child-process-windows-hide.js', MOCKS],
]);

const NO_HANDLES = 'this channel carries no handles';
const OF_CHILD = 'the child has sent a handle, which does not arrive';

/** Those that send servers or sockets, and the error by which they fail without the option `handles`. */
export const WITHOUT_HANDLES = new Map([
  ['test-child-process-fork-dgram.js', NO_HANDLES],
  ['test-child-process-fork-getconnections.js', NO_HANDLES],
  ['test-child-process-fork-net-server.js', NO_HANDLES],
  ['test-child-process-fork-net-socket.js', NO_HANDLES],
  ['test-child-process-fork-net.js', NO_HANDLES],
  ['test-child-process-http-socket-leak.js', NO_HANDLES],
  ['test-child-process-pass-fd.js', OF_CHILD],
  ['test-child-process-recv-handle.js', NO_HANDLES],
  ['test-child-process-send-keep-open.js', NO_HANDLES],
  ['test-child-process-send-returns-boolean.js', NO_HANDLES],
]);
