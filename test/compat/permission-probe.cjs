/** permission-probe.cjs OUTSIDE: prints what happens when this program tries to leave its folder, where `link` leads to OUTSIDE. */
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');

const [outside] = process.argv.slice(2);
const read = 'require("node:fs").readFileSync(process.argv.at(-1), "utf8")';

/** Returns a text, or the code of an error. */
function resultOf(action) {
  try {
    return action();
  } catch ({ code }) {
    return code;
  }
}

function program(command, args, options) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error) throw error;
  return stdout || /ERR_\w+|EACCES/.exec(stderr)?.[0];
}

function inWorker() {
  return new Promise((resolve) => {
    const code = `const { parentPort } = require('node:worker_threads');
      try { parentPort.postMessage(require('node:fs').readFileSync(${JSON.stringify(outside)}, 'utf8')); }
      catch ({ code }) { parentPort.postMessage(code); }`;
    try {
      new Worker(code, { eval: true, execArgv: [] })
        .once('message', resolve)
        .once('error', ({ code: error }) => resolve(error));
    } catch ({ code: error }) {
      resolve(error);
    }
  });
}

const found = {
  file: resultOf(() => readFileSync(outside, 'utf8')),
  link: resultOf(() => readFileSync(join(__dirname, 'link'), 'utf8')),
  parent: resultOf(() => process.kill(process.ppid, 0)),
  cat: resultOf(() => program('cat', [outside])),
  node: resultOf(() => program(process.execPath, ['-p', read, outside])),
  nodeOfShell: resultOf(() =>
    program('sh', ['-c', 'NODE_OPTIONS= "$0" -p "$1" "$2"', process.execPath, read, outside]),
  ),
};
inWorker().then((worker) => {
  console.log(JSON.stringify({ ...found, worker }));
  process.exit();
});
