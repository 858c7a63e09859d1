/**
 * Starts itself by `cluster.fork` or by `child_process.fork`, for each child of a list, and sends it 20 messages at once.
 * Prints as JSON, for each, how many it received, and how many filters and io_uring instances its process has; or how it
 * ended without an answer.
 *
 * The argument is the list as JSON; of each child, `cluster` or `fork`, how it requires seccomp/register, and its profile.
 */
const childProcess = require('node:child_process');
const cluster = require('node:cluster');
const { readdirSync, readFileSync, readlinkSync } = require('node:fs');

const [, , list] = process.argv;
if (list === undefined) receive();
else Promise.all(JSON.parse(list).map(start)).then((results) => console.log(JSON.stringify(results)));

function start([kind, option, SECCOMP_PROFILE]) {
  const [silent, execArgv, env] = [true, [option, 'seccomp/register'], { SECCOMP_PROFILE }];
  cluster.setupPrimary({ execArgv, silent, args: [] });
  const options = { execArgv, silent, env: { ...process.env, ...env } };
  const child = kind === 'cluster' ? cluster.fork(env).process : childProcess.fork(__filename, [], options);
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
  return new Promise((resolve) => child.on('close', (code) => resolve(result ?? { code, stderr })));
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
