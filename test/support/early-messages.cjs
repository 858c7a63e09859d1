/**
 * Starts itself by `cluster.fork` or by `child_process.fork`, and sends 20 messages at once. Prints as JSON how many the
 * child received, and how many filters and io_uring instances its process has; or how the child ended without an answer.
 *
 * Arguments: `cluster` or `fork`, then the options of the child's Node.
 */
const childProcess = require('node:child_process');
const cluster = require('node:cluster');
const { readdirSync, readFileSync, readlinkSync } = require('node:fs');

const [, , kind, ...execArgv] = process.argv;
if (kind === undefined) receive();
else start();

function start() {
  const silent = true;
  cluster.setupPrimary({ execArgv, silent, args: [] });
  const child = kind === 'cluster' ? cluster.fork().process : childProcess.fork(__filename, [], { execArgv, silent });
  // One that has ended already, without an answer, is of no interest: `close` tells.
  for (let i = 0; i < 20; i++) child.send(i, () => {});
  let result;
  let stderr = '';
  child.stdout.resume(); // Otherwise `close` is not emitted.
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  child.on('message', (message) => {
    if (message === 'ready') child.send('last');
    else result = message;
  });
  child.on('close', (code) => console.log(JSON.stringify(result ?? { code, stderr })));
}

function receive() {
  let received = 0;
  process.on('message', (message) => {
    if (typeof message === 'number') received++;
    if (message === 'last') process.send({ received, filters: filters(), rings: rings() }, () => process.disconnect());
  });
  process.send('ready');
}

function filters() {
  return Number(/^Seccomp_filters:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

function rings() {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // The descriptor that listed the others.
    }
  });
  return targets.filter((target) => target === 'anon_inode:[io_uring]').length;
}
