/** fork: a Node under the profile from its first instruction. test/compat/fork.mjs compares its channel and its ends with Node's. */
import { type ChildProcess, fork as nodeFork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { type ForkedProcess, type ForkOptions, fork } from '../../lib/sandbox/fork.js';
import { describeUnless } from '../support/describe-unless.js';
import { finish, statusOf } from '../support/processes.js';
import { hasRings, NO_IO_URING } from '../support/rings.js';
import { evaluateScript, hasNoNewPrivs, NO_NEW_PRIVS, packageRoot, WITH_RINGS } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-fork-'));
chmodSync(folder, 0o755); // Other users read it, too.
afterAll(() => rmSync(folder, { recursive: true }));

const denyMkdir: ProfileDocument = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
};
const filtersHere = Number(statusOf('self').get('Seccomp_filters') ?? 0);

let count = 0;
/** A module with this code. */
function moduleOf(code: string, extension = 'cjs'): string {
  const file = join(folder, `module ${count++}.${extension}`);
  writeFileSync(file, code);
  return file;
}

const STATES = `
  const threads = (fs) => fs.readdirSync('/proc/self/task').map((id) => {
    const status = fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8');
    return ['Seccomp', 'Seccomp_filters', 'NoNewPrivs'].map((name) => Number(new RegExp('^' + name + ':\\\\s*(\\\\d+)', 'm').exec(status)[1])).join();
  });`;
/** mode, filters, no_new_privs */
const UNDER_FILTER = `2,${filtersHere + 1},1`;

/** The first message of a child, which is then ended. */
async function firstMessage(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message');
  child.kill();
  return message;
}

describe('the module', () => {
  test('finds all threads under the filter at its first line: ESM', async () => {
    const states = await firstMessage(
      fork(
        moduleOf(
          `import fs from 'node:fs'; process.send(threads(fs));${STATES.replace('const threads = (fs) =>', 'function threads(fs) { return').replace(/;$/, '; }')}`,
          'mjs',
        ),
        denyMkdir,
      ),
    );
    expect(new Set(states as string[])).toEqual(new Set([UNDER_FILTER]));
  });

  test('is under the profile from its first line, and so are its workers and the processes that it forks: CommonJS', async () => {
    const child = fork(
      moduleOf(`
        const fs = require('node:fs'); ${STATES}
        const states = [...new Set(threads(fs))];
        const { Worker, isMainThread, parentPort } = require('node:worker_threads');
        const mkdir = () => { try { fs.mkdirSync('/nowhere/x'); } catch (error) { return error.errno; } };
        if (!isMainThread) parentPort.postMessage(mkdir());
        else if (process.argv[2]) process.send(mkdir());
        else {
          new Worker(__filename).once('message', (inWorker) => {
            require('node:child_process').fork(__filename, ['again']).once('message', (inFork) => process.send([states, mkdir(), inWorker, inFork]));
          });
        }`),
      denyMkdir,
    );
    expect(await firstMessage(child)).toEqual([[UNDER_FILTER], -77, -77, -77]);
  });

  test('may be given by URL, and sees the arguments, options and environment that Node’s own fork gives it', async () => {
    const file = moduleOf(
      'process.send([process.argv, process.execArgv, process.env, process.execPath, process.argv0])',
    );
    const options = { execArgv: ['--no-warnings'], env: { ...process.env, A: 'b', UNSET: undefined } };
    const args = ['x y', '--z'];
    expect(await firstMessage(fork(pathToFileURL(file), args, denyMkdir, options))).toEqual(
      await firstMessage(nodeFork(file, args, options)),
    );
  });

  test('is all that a child of node -e runs, with the same arguments of Node too', () => {
    const code = `const { fork } = require('seccomp');
      const module = ${JSON.stringify(moduleOf("console.log('module')"))};
      fork(module, 'docker-default');
      for (const profile of ['docker-default', 'unconfined']) fork(module, profile, { execArgv: process.execArgv });
      console.log('text');`;
    const { stdout } = spawnSync(process.execPath, ['-e', code], {
      cwd: packageRoot,
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(stdout.trim().split('\n').sort()).toEqual(['module', 'module', 'module', 'text']); // In any order.
  });

  test('has messages, args and execArgv as in Node, and ends as in Node', async () => {
    const module = moduleOf(
      'process.on("message", (message) => process.send([message, process.argv.slice(2), process.execArgv]))',
    );
    for (const execArgv of [
      ['--no-warnings', '--title', 'x'],
      ['--no-warnings', '--'],
    ]) {
      const child = fork(module, ['--run'], denyMkdir, { execArgv });
      child.send('sent at once');
      expect(await firstMessage(child)).toEqual(['sent at once', ['--run'], execArgv.filter((each) => each !== '--')]);
    }
  });
});

describe('whatever Node is to run first, or instead, is under the profile, or nothing runs:', () => {
  const report = join(folder, 'report.cjs');
  writeFileSync(
    report,
    `const fs = require('node:fs'); ${STATES}
     fs.writeSync(1, [...new Set(threads(fs))].map((state) => 'state ' + state + '\\n').join(''));`,
  );
  const envFile = join(folder, 'variables');
  writeFileSync(envFile, `NODE_OPTIONS=--require "${report}"\n`);
  const config = join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({ nodeOptions: { require: [report], import: [report] }, testRunner: {}, watch: {} }),
  );
  const scripts = join(folder, 'with scripts');
  mkdirSync(scripts);
  writeFileSync(join(scripts, 'package.json'), JSON.stringify({ scripts: { report: `node "${report}"` } }));
  writeFileSync(join(scripts, 'node.config.json'), JSON.stringify({ nodeOptions: { require: [report] } }));
  const snapshot = join(folder, 'snapshot.blob');

  /** Expects that what Node runs with these arguments and options, if anything, is under the filter. */
  async function expectFiltered(execArgv: readonly string[], options: ForkOptions = {}): Promise<void> {
    // Under NODE_OPTIONS=--watch, Node 24 starts itself again and again. The end of the tree has a filter of its own.
    const ended = { timeout: 2000, killSignal: 'SIGKILL', descendants: 'kill' } as const;
    const { stdout } = await finish(
      fork(report, ['variables'], denyMkdir, { ...options, ...ended, execArgv, silent: true }),
    );
    const states = stdout.split('\n').filter((line) => line.startsWith('state '));
    expect(new Set(states)).toEqual(new Set(states.length === 0 ? [] : [`state 2,${filtersHere + 2},1`]));
  }

  test.each<[readonly string[], ForkOptions?]>([
    [[]],
    [['--require', report]],
    [['--import', report]],
    [['-e', `require(${JSON.stringify(report)})`]],
    [['--test']],
    [['--build-snapshot', report]],
    [['--snapshot-blob', snapshot, '--build-snapshot', report]],
    [['--snapshot-blob', snapshot]],
    [['--build-snapshot-config', config]],
    [['--run', 'report'], { cwd: scripts }],
    [['--experimental-config-file', config]],
    [['--config-file', config]],
    [['--experimental-default-config-file'], { cwd: scripts }],
    [['--experimental-sea-config', config]],
    [['--build-sea', config]],
    [['--env-file', envFile]],
    [[`--env-file-if-exists=${envFile}`]],
    [['--inspect=0']],
    [['--cpu-prof', '--cpu-prof-dir', folder]],
    [['--experimental-loader', report]],
    [['--prof-process']],
    [['--title']],
    [[], { env: { ...process.env, NODE_OPTIONS: `--require "${report}"` } }],
    [[], { env: { ...process.env, NODE_OPTIONS: `--experimental-config-file=${config}` } }],
    [[], { env: { ...process.env, NODE_REPL_EXTERNAL_MODULE: report } }],
  ])('%j %j', expectFiltered);

  test.for<[readonly string[], ForkOptions?]>([
    [['--require', report]],
    [['--import', report]],
    [['--config-file', config]],
    [['--experimental-config-file', config]],
    [[], { env: { ...process.env, NODE_OPTIONS: `--require "${report}"` } }],
  ])('as another user: %j', async ([execArgv, options = {}], { skip }) => {
    skip(process.getuid?.() !== 0, 'needs root');
    await expectFiltered(execArgv, { ...options, uid: 65_534, gid: 65_534 });
  });

  // A watcher goes on until it is killed.
  test.concurrent.each<[readonly string[], ForkOptions?]>([
    [['--watch']],
    [['--watch-path', folder]],
    [['--watch_path=/nowhere', '--require', report]],
    [[], { env: { ...process.env, NODE_OPTIONS: '--watch' } }],
    [[], { env: { ...process.env, NODE_OPTIONS: `"--w\\atch" --require "${report}"` } }],
  ])('%j %j', expectFiltered);
});

describe('the end', () => {
  test('is reported as by Node', async () => {
    expect(await once(fork(moduleOf('process.exit(7)'), denyMkdir), 'exit')).toEqual([7, null]);
  });

  test('comes by SIGSYS where the profile kills', async () => {
    const profile: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_KILL_PROCESS' }],
    };
    const child = fork(moduleOf("require('node:fs').mkdirSync('/nowhere/x')"), profile);
    expect(await once(child, 'exit')).toEqual([null, 'SIGSYS']);
  });
});

/** Prints if it is ever run. */
const neverRun = moduleOf("console.log('the module runs')");

test('a filter that cannot be attached is an error, and no Node starts', ({ skip }) => {
  skip(hasNoNewPrivs(), NO_NEW_PRIVS);
  const result = evaluateScript(
    `try {
       sandbox.fork(${JSON.stringify(neverRun)}, [], denying(1, 'mkdir'), { noNewPrivileges: false, silent: true });
     } catch (error) {
       return [error.code, error.message];
     }`,
    { without: 'CAP_SYS_ADMIN' },
  );
  expect(result).toEqual(['ERR_SECCOMP_ATTACH', expect.stringContaining('needs CAP_SYS_ADMIN')]);
});

describe('a profile under which no Node starts', () => {
  const denyEpoll: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['epoll_create1'], action: 'SCMP_ACT_ERRNO' }],
  };
  /** What a child emits. */
  async function eventsOf(child: ForkedProcess): Promise<unknown[]> {
    const events: unknown[] = [];
    child.on('error', ({ message }) => events.push(message));
    await new Promise<void>((resolve) => child.once('close', () => resolve()));
    return events;
  }

  test('is reported by the event error, which names the call and what to do', async () => {
    expect(await eventsOf(fork(neverRun, denyEpoll, { silent: true }))).toEqual([
      expect.stringMatching(
        /^fork: under this profile, .*node does not start \(SIGABRT\): denied: epoll_create1.*seccomp\/register/,
      ),
    ]);
  });

  test('is not what a module gets that fails itself, or is ended', async () => {
    const throwing = moduleOf("throw new Error('of the module')");
    expect(await eventsOf(fork(throwing, 'docker-default', { silent: true }))).toEqual([]);
    const killed = fork(moduleOf('setInterval(() => {}, 1000)'), 'docker-default');
    killed.kill();
    expect(await eventsOf(killed)).toEqual([]);
  });
});

describe('the options of spawn are those of fork:', () => {
  test('handlers and reports', async () => {
    const child = fork(
      moduleOf("try { require('node:fs').mkdirSync('/nowhere/x') } catch (error) { process.send(error.errno) }"),
      denyMkdir,
      {
        onViolation: true,
        notify: { uname: (call) => call.continue() },
      },
    );
    expect(await firstMessage(child)).toBe(-77);
    expect(child.violations).toContainEqual(
      expect.objectContaining({ syscall: 'mkdir', action: { kind: 'errno', errno: 77 } }),
    );
  });

  test('rlimits, capabilities, and the end of the tree', async () => {
    const child = fork(
      moduleOf(
        "process.send(require('node:fs').readFileSync('/proc/self/limits', 'utf8').match(/Max open files +(\\d+)/)[1])",
      ),
      denyMkdir,
      { rlimits: { nofile: 77 }, capabilities: [], descendants: 'kill' },
    );
    expect(await firstMessage(child)).toBe('77');
    await child.treeEnded;
  });
});

describe('an impossible request is an error, and nothing is started:', () => {
  test.each<[string, unknown, object, string]>([
    ['no profile', undefined, {}, 'ERR_INVALID_ARG_TYPE'],
    ['a profile with mistakes', { defaultAction: 'ALLOW' }, {}, 'ERR_SECCOMP_PROFILE'],
    ['an unknown option', 'docker-default', { shell: true }, 'ERR_SECCOMP_OPTION'],
    ['a number for env', 'docker-default', { env: 5 }, 'ERR_INVALID_ARG_TYPE'],
    ['a text for execArgv', 'docker-default', { execArgv: '--x' }, 'ERR_INVALID_ARG_TYPE'],
    ['a hole in execArgv', 'docker-default', { execArgv: new Array(1) }, 'ERR_INVALID_ARG_VALUE'],
    ['a hole in stdio', 'docker-default', { stdio: new Array(4) }, 'ERR_INVALID_ARG_VALUE'],
    ['a text for silent', 'docker-default', { silent: 'no' }, 'ERR_INVALID_ARG_TYPE'],
    ['a timeout that no timer has', 'docker-default', { timeout: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
    ['a signal that is none', 'docker-default', { signal: { aborted: false } }, 'ERR_INVALID_ARG_TYPE'],
    ['a number for logDenied', 'docker-default', { logDenied: 1 }, 'ERR_INVALID_ARG_TYPE'],
  ])('%s', (_, profile, options, code) => {
    expect(() => fork(neverRun, [], profile as never, options as ForkOptions)).toThrowError(
      expect.objectContaining({ code }),
    );
  });

  test('a missing execPath is reported as by Node', async () => {
    const [error] = await once(fork(neverRun, [], denyMkdir, { execPath: '/nowhere/node' }), 'error');
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'spawn /nowhere/node' });
  });
});

test('under unconfined, nothing is filtered', async () => {
  const states = await firstMessage(
    fork(moduleOf(`${STATES} process.send(threads(require('node:fs')))`), 'unconfined'),
  );
  const here = statusOf('self');
  expect(new Set(states as string[])).toEqual(new Set([`${here.get('Seccomp')},${filtersHere},1`]));
});

describeUnless(hasRings() ? undefined : NO_IO_URING, 'a Node that makes io_uring instances', () => {
  const env = { ...process.env, ...WITH_RINGS };
  const rings = `const fs = require('node:fs'); const rings = fs.readdirSync('/proc/self/fd').filter((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd) === 'anon_inode:[io_uring]'; } catch { return false; } }).length;`;

  test('makes none where the profile denies that', async () => {
    expect(await firstMessage(fork(moduleOf(`${rings} process.send(rings)`), [], 'docker-default', { env }))).toBe(0);
  });

  test('keeps them where the profile allows io_uring', async () => {
    const child = fork(moduleOf(`${rings} process.send(rings)`), [], denyMkdir, { env });
    expect(await firstMessage(child)).toBeGreaterThan(0);
  });
});
