/** What every row of the matrix does with the installed package. The programs beside this file import or require it. */
import { equal, match } from 'node:assert/strict';
import { once } from 'node:events';

/** A real program whose system call docker-default denies: personality(ADDR_NO_RANDOMIZE), for which nobody needs privileges. */
const DENIED = /** @type {const} */ (['setarch', ['-R', 'true']]);

/** @param {typeof import('seccomp')} sandbox */
function compile(sandbox) {
  equal(sandbox.compile('docker-default').instructions.length > 100, true);
}

/** @param {typeof import('seccomp')} sandbox */
async function start({ spawnSync }) {
  equal(spawnSync('true', [], 'docker-default').status, 0);
  const { status, stderr } = spawnSync(...DENIED, 'docker-default', { encoding: 'utf8' });
  equal(status, 1);
  match(stderr, /Operation not permitted/);
}

/** @param {typeof import('seccomp')} sandbox */
async function forkItself({ fork }) {
  // The program itself, which answers with the result of its own denied call: see `answerAsChild`.
  const child = fork(process.argv[1] ?? '', ['child'], 'docker-default');
  const [message] = await once(child, 'message');
  equal(message, 'Operation not permitted');
  const [code] = await once(child, 'exit');
  equal(code, 0);
}

/** @param {typeof import('seccomp')} sandbox */
async function reportViolations({ spawn }) {
  /** @type {string[]} */
  const reported = [];
  const child = spawn(...DENIED, 'docker-default', {
    stdio: 'ignore',
    onViolation: ({ syscall, why }) => reported.push(`${syscall}: ${why}`),
  });
  await once(child, 'close');
  equal(reported.length, 1);
  match(reported[0] ?? '', /^personality: /);
}

/** In a forked child: makes a call that its profile denies, and sends the result. */
async function answerAsChild() {
  const { spawnSync } = await import('node:child_process');
  const { stderr } = spawnSync(...DENIED, { encoding: 'utf8' });
  process.send?.(/Operation not permitted/.exec(stderr)?.[0] ?? `not denied: ${stderr}`);
  process.disconnect();
}

/** The steps by name. Names of functions do not survive a minifier. */
const STEPS = { compile, spawn: start, fork: forkItself, onViolation: reportViolations };

/**
 * Prints what was done, as one line of JSON: `done`, the steps, or `error`, the error of the package that ended them.
 * @param {typeof import('seccomp')} sandbox
 */
export async function mainJob(sandbox) {
  if (process.argv[2] === 'child') return answerAsChild();
  const done = [];
  try {
    for (const [name, step] of Object.entries(STEPS)) {
      await step(sandbox);
      done.push(name);
    }
    console.log(JSON.stringify({ done }));
  } catch (error) {
    if (!(error instanceof sandbox.SeccompError)) throw error;
    console.log(JSON.stringify({ done, error: { name: error.name, code: error.code, message: error.message } }));
    process.exitCode = 1;
  }
}
