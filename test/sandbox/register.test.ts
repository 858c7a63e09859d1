/**
 * seccomp/register: in node itself, in a cluster, and in children of fork(). test/extended/ has process pools of npm.
 */
import { execFileSync, fork, spawnSync } from 'node:child_process';
import { once as onceEvent } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { spawnSync as spawnSyncUnder } from '../../lib/sandbox/spawn-sync.js';
import { memoize, once } from '../../lib/util/memo.js';
import { describeUnless } from '../support/describe-unless.js';
import { statusOf } from '../support/processes.js';
import { registerRefusals } from '../support/register-refusals.js';
import { hasRings, NO_IO_URING } from '../support/rings.js';
import { evaluateScript, NO_RINGS, packageRoot, script, WITH_RINGS } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-register-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const denyMkdir = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }],
});
const execArgv = ['--require', 'seccomp/register'];
const filtersHere = Number(statusOf('self').get('Seccomp_filters') ?? 0);

/** A task of a pool: reports how its process is filtered. */
const TASK = `const fs = require('node:fs'); const { spawnSync } = require('node:child_process');
  module.exports = () => ({
    filters: Number(/Seccomp_filters:\\s*(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]),
    unshare: spawnSync('unshare', ['true'], { encoding: 'utf8' }).stderr.trim(),
    own: process.pid !== Number(process.env.POOL_OWNER),
  });`;
const UNDER_DOCKER_DEFAULT = {
  filters: filtersHere + 2, // The first denies io_uring_setup.
  unshare: expect.stringContaining('Operation not permitted'),
  own: true,
};

describe('seccomp/register', () => {
  const both = ['--require', '--import'] as const;
  const withOption = (option: string) => [option, 'seccomp/register'];

  test.each([
    ['--require', 'JSON text', denyMkdir],
    ['--import', 'a path', file('profile.json', denyMkdir)],
  ])(
    'with %s attaches the profile to all threads before an ES module’s first line, given by %s',
    (option, _, profile) => {
      const program = file(
        'program.mjs',
        `import fs from 'node:fs';
       const threads = fs.readdirSync('/proc/self/task').map((id) => fs.readFileSync('/proc/self/task/' + id + '/status', 'utf8'));
       const fields = threads.map((text) => [...text.matchAll(/(?:NoNewPrivs|Seccomp_filters):\\s*(\\d+)/g)].map(([, value]) => value));
       try { fs.mkdirSync('/nowhere/x'); } catch ({ errno }) { console.log([...new Set(fields.map(String))].join(' '), errno); }`,
      );
      const { status, stdout, stderr } = spawnSync(process.execPath, [...withOption(option), program], {
        encoding: 'utf8',
        cwd: packageRoot,
        env: { ...process.env, SECCOMP_PROFILE: profile },
      });
      expect([status, stdout, stderr]).toEqual([0, `1,${filtersHere + 1} -77\n`, '']);
    },
  );

  /** What a Node with an inspector and without CAP_SYS_ADMIN reports under docker-default, which is given by its name. */
  const underDockerDefault = memoize(
    (option: string) =>
      evaluateScript(
        `const sockets = fs.readdirSync('/proc/self/fd').filter((fd) => {
        try { return fd > 2 && fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; }
      });
      const inspector = require('inspector').url()?.slice(0, 15);
      const [filters, noNewPrivs] = ['Seccomp_filters', 'NoNewPrivs'].map((name) => [...new Set(threads(name))].join());
      return { filters, noNewPrivs, rings: rings(), read: failure(() => fs.readFileSync('/etc/passwd')), inspector, sockets: sockets.length };`,
        {
          execArgv: ['--inspect=0', ...withOption(option)],
          env: { ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' },
          without: 'CAP_SYS_ADMIN',
        },
      ) as object,
  );

  test.each(both)('with %s attaches a profile that is given by a name to all threads', (option) => {
    // Node was started again, under one more filter.
    const filters = String(filtersHere + 1 + Number(hasRings()));
    expect(underDockerDefault(option)).toMatchObject({ filters, noNewPrivs: '1' });
  });

  test('attaches no filter for unconfined', () => {
    const { stdout } = script("console.log(threads('Seccomp_filters').join())", {
      execArgv,
      env: { SECCOMP_PROFILE: 'unconfined' },
    });
    expect(new Set(stdout.trim().split(','))).toEqual(new Set([String(filtersHere)]));
  });

  test('exits 125 and does not run the program if no profile is set', () => {
    const { status, stdout, stderr } = script("console.log('runs')", {
      execArgv: withOption('--import'),
      env: { SECCOMP_PROFILE: undefined },
    });
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toMatch(/^seccomp\/register: SECCOMP_PROFILE is not set: .*the program was not run\n$/s);
  });

  test('refuses profiles that can’t be attached: empty, unknown, missing or with mistakes', () => {
    const profiles = ['', 'docker', './nowhere.json', '{"defaultAction":"ALLOW"}'];
    expect(registerRefusals(profiles.map((profile) => ({ SECCOMP_PROFILE: profile })))).toEqual([
      expect.stringContaining('SECCOMP_PROFILE is empty'),
      expect.stringContaining('unknown built-in profile "docker"'),
      expect.stringContaining("nowhere.json: the profile can't be read"),
      expect.stringContaining('defaultAction: unknown action'),
    ]);
  });

  test('exits 125 if the kernel refuses the filter', () => {
    const denied = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['seccomp'], action: 'SCMP_ACT_ERRNO' }],
    } as const;
    const { status, stdout, stderr } = spawnSyncUnder(process.execPath, [...execArgv, '-e', 'console.log(1)'], denied, {
      encoding: 'utf8',
      cwd: packageRoot,
      env: { ...process.env, SECCOMP_PROFILE: denyMkdir },
    });
    expect([status, stdout, stderr]).toEqual([
      125,
      '',
      expect.stringMatching(/^seccomp.*an attached filter denies seccomp\(2\)/),
    ]);
  });

  test.for(both)('with %s restarts Node without io_uring, also without CAP_SYS_ADMIN', (option, { skip }) => {
    skip(!hasRings(), NO_IO_URING);
    expect(underDockerDefault(option)).toMatchObject({ rings: [], read: null });
  });

  test.for(both)('with %s restarts Node with its inspector', (option, { skip }) => {
    skip(!hasRings(), NO_IO_URING);
    expect(underDockerDefault(option)).toMatchObject({ inspector: 'ws://127.0.0.1:', sockets: 1 });
  });
});

/** Runs early-messages.cjs, and returns what it prints. */
function earlyMessages(
  children: readonly (readonly [kind: string, option: string, profile: string])[],
  ownExecArgv: readonly string[] = [],
) {
  const program = fileURLToPath(new URL('../support/early-messages.cjs', import.meta.url));
  const env = { ...process.env, ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' };
  const args = [...ownExecArgv, program, JSON.stringify(children)];
  return JSON.parse(
    execFileSync(process.execPath, args, { cwd: packageRoot, env, encoding: 'utf8' }),
  ) as readonly unknown[];
}

/** Of children whose parent is not registered. */
const early = once(() =>
  earlyMessages([
    ['cluster', '--require', denyMkdir],
    ['fork', '--require', 'docker-default'],
    ['fork', '--import', 'docker-default'],
    ['cluster', '--require', 'docker-default'],
  ]),
);

describe('--require', () => {
  // Node 20 loses them with --import, even of an empty module.
  test('loses no message that the parent sends at once', () => {
    const all = { received: 20, filters: filtersHere + 1, rings: expect.any(Number) };
    expect(early()[0]).toEqual(all);
  });
});

describeUnless(hasRings() ? undefined : NO_IO_URING, 'with io_uring', () => {
  function fromStdin(option: string) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [option, 'seccomp/register'], {
      input: "console.log('runs')",
      encoding: 'utf8',
      cwd: packageRoot,
      env: { ...process.env, ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' },
    });
    return [status, stdout, stderr];
  }

  test('--require restarts a Node that reads its program from stdin', () => {
    expect(fromStdin('--require')).toEqual([0, 'runs\n', '']);
  });

  test('--import exits 125 in a Node that reads its program from stdin', () => {
    const refusal =
      /: this Node has io_uring instances, which the profile denies, and with its program on stdin it cannot be restarted without them: use --require .*, or give the program as a file, or have the parent deny io_uring_setup; see /;
    expect(fromStdin('--import')).toEqual([125, '', expect.stringMatching(refusal)]);
  });

  test('--require restarts a Node that has a channel, and no message is lost', () => {
    expect(early()[1]).toEqual({ received: 20, filters: filtersHere + 2, rings: 0 });
  });

  test('--import exits 125 in a Node that has a channel', () => {
    const stderr = expect.stringContaining('use --require instead of --import');
    expect(early()[2]).toEqual({ code: 125, stderr });
  });

  test('--require exits 125 in a worker of a cluster', () => {
    const stderr = expect.stringContaining('start its primary under seccomp/register');
    expect(early()[3]).toEqual({ code: 125, stderr });
  });

  test('a restarted Node keeps inherited descriptors that look like those of its event loops', ({ skip }) => {
    const inheriting = fileURLToPath(new URL('../support/unusual-descriptors.py', import.meta.url));
    const code =
      "console.log([0, 60, 61, 62, 63].map((fd) => require('node:fs').readlinkSync('/proc/self/fd/' + fd)).join(' '))";
    const args = [inheriting, process.execPath, '--require', 'seccomp/register', '-e', code];
    const env = { ...process.env, ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' };
    const { stdout, stderr, error } = spawnSync('python3', args, { cwd: packageRoot, env, encoding: 'utf8' });
    skip(error !== undefined || stderr.includes('no attribute'), 'needs Python 3.10, for os.eventfd');
    const [epoll, event] = ['anon_inode:\\[eventpoll\\]', 'anon_inode:\\[eventfd\\]'];
    expect(stdout).toMatch(new RegExp(`^${epoll} ${event} (pipe:\\[\\d+\\]) \\1 ${epoll}\n$`));
    expect(stderr).toBe('');
  });

  test('a primary that was started with --require has workers without io_uring', () => {
    const result = earlyMessages([['cluster', '--require', 'docker-default']], execArgv);
    expect(result).toEqual([{ received: 20, filters: filtersHere + 3, rings: 0 }]);
  });
});

test('is not loaded by node --run, whose shell has no filter; a Node that the script starts loads it from NODE_OPTIONS', ({
  skip,
}) => {
  skip(Number.parseInt(process.versions.node, 10) < 22, 'needs Node 22, for --run');
  const ofNode = file(
    'filters.cjs',
    "console.log(/Seccomp_filters:.*/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[0])",
  );
  const go = `grep Seccomp_filters: /proc/self/status; "${process.execPath}" "${ofNode}"`;
  file('package.json', JSON.stringify({ scripts: { go } }));
  const NODE_OPTIONS = `--require ${join(packageRoot, 'dist/register.cjs')}`;
  const env = { ...process.env, NODE_OPTIONS, SECCOMP_PROFILE: denyMkdir };
  const { stdout, stderr } = spawnSync(process.execPath, ['--run', 'go'], { encoding: 'utf8', cwd: folder, env });
  expect(stderr).toBe('');
  expect([...stdout.matchAll(/\d+$/gm)].map(Number)).toEqual([filtersHere, filtersHere + 1]);
});

describe('a worker', () => {
  // Node ignores --import for workers that are made from text.
  const text = "try { require('node:fs').mkdirSync('/nowhere/x') } catch (error) { process.exit(-error.errno) }";
  const code = file('worker.cjs', text);

  /** The exit codes of workers in a registered process: made from a file, from text, and with environments of their own. */
  const exitCodes = once(() => {
    const inFile = JSON.stringify(code);
    const workers = [
      inFile,
      `${JSON.stringify(text)}, { eval: true }`,
      `${inFile}, { env: {} }`,
      `${inFile}, { env: { SECCOMP_PROFILE: 'docker-default' } }`,
    ].map((args) => `once(new Worker(${args}), 'exit')`);
    const options = { execArgv, env: { SECCOMP_PROFILE: denyMkdir } };
    return evaluateScript(`return (await Promise.all([${workers}])).flat();`, options) as readonly number[];
  });

  test('of a process registered by --require has the filter, made from a file or from text, even with its own environment', () => {
    expect(exitCodes().slice(0, 3)).toEqual([77, 77, 77]);
  });

  test('cannot have another profile than its process, nor one if its process has none', () => {
    const alone = evaluateScript(
      `return (await once(new Worker(${JSON.stringify(code)}, { execArgv: ${JSON.stringify(execArgv)} }), 'exit'))[0]`,
      { env: { SECCOMP_PROFILE: denyMkdir } },
    );
    expect([exitCodes()[3], alone]).toEqual([125, 125]);
  });
});

describe('a worker of pm2’s cluster mode', () => {
  const app = file(
    'pm2-app.cjs',
    `const { readFileSync } = require('node:fs');
     process.send(Number(/Seccomp_filters:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));
     process.disconnect();`,
  );

  /** Starts a worker as pm2 does, with what pm2 knows of it, and returns its exit code and what it sends. */
  function startWorker(given: Readonly<Record<string, unknown>>, own: Readonly<Record<string, string>> = {}): unknown {
    const env = JSON.stringify({ ...own, pm2_env: JSON.stringify(given) });
    return evaluateScript(
      `const cluster = require('node:cluster');
       cluster.setupPrimary({ exec: ${JSON.stringify(app)}, execArgv: ${JSON.stringify(execArgv)}, silent: true });
       const worker = cluster.fork(${env});
       const sent = [];
       worker.on('message', (message) => sent.push(message));
       const [code] = await once(worker, 'exit');
       return { code, sent };`,
      { env: { ...WITH_RINGS, SECCOMP_PROFILE: undefined } },
    );
  }

  test('has the profile that pm2 gives its program, not that of pm2, and is restarted without io_uring', () => {
    const profile = JSON.stringify({ ...JSON.parse(denyMkdir), defaultAction: 'SCMP_ACT_ALLOW' });
    expect(startWorker({ SECCOMP_PROFILE: profile }, { SECCOMP_PROFILE: 'none' })).toEqual({
      code: 0,
      sent: [filtersHere + 1],
    });
    const filters = filtersHere + 1 + Number(hasRings());
    expect(startWorker({ SECCOMP_PROFILE: 'node' })).toEqual({ code: 0, sent: [filters] });
  });

  test('sends why it does not run, and adds it to its log, unless pm2 opens that as another user', () => {
    const [log, other] = [join(folder, 'pm2.log'), join(folder, 'pm2-other.log')];
    const line = expect.stringMatching(/^seccomp\/register: unknown built-in .*; the program was not run\n$/);
    const sent = [{ type: 'log:err', topic: 'log:err', data: line }];
    expect(startWorker({ SECCOMP_PROFILE: 'none', pm_err_log_path: log })).toEqual({ code: 125, sent });
    expect(readFileSync(log, 'utf8')).toEqual(line);
    expect(startWorker({ SECCOMP_PROFILE: 'none', pm_err_log_path: other, uid: 'www' })).toMatchObject({ code: 125 });
    expect(existsSync(other)).toBe(false);
  });

  test('exits 125 if pm2 gives it no profile, a log that can’t be written, or no object', () => {
    const given = [{ pm_err_log_path: join(folder, 'nowhere/pm2.log') }, { SECCOMP_PROFILE: 7 }, [], 'text'];
    for (const each of given) expect(startWorker(Object(each))).toMatchObject({ code: 125 });
  });
});

describe('processes that a library starts', () => {
  const env = { SECCOMP_PROFILE: 'docker-default' };
  const task = file('task.cjs', TASK);
  const taskFile = JSON.stringify(task);

  test('workers of a cluster share a server socket, each under the profile', () => {
    const server = file(
      'server.cjs',
      `const http = require('node:http'); const task = require(${taskFile});
       http.createServer((request, response) => response.setHeader('connection', 'close').end(JSON.stringify({ ...task(), pid: process.pid })))
         .listen(0, '127.0.0.1');`,
    );
    const result = evaluateScript(
      `${NO_RINGS}
       const cluster = require('node:cluster');
       process.env.POOL_OWNER = process.pid;
       cluster.setupPrimary({ exec: ${JSON.stringify(server)}, execArgv: ${JSON.stringify(execArgv)} });
       const [{ port }] = (await Promise.all([cluster.fork(), cluster.fork()].map((worker) => once(worker, 'listening')))).map(([address]) => address);
       const answers = [];
       for (let i = 0; i < 4; i++) answers.push(await (await fetch('http://127.0.0.1:' + port)).json());
       await new Promise((resolve) => cluster.disconnect(resolve));
       return { workers: new Set(answers.map(({ pid }) => pid)).size, answers: answers.map(({ pid, ...answer }) => answer) };`,
      { env },
    );
    expect(result).toEqual({ workers: 2, answers: Array(4).fill(UNDER_DOCKER_DEFAULT) });
  });

  test('take the profile from NODE_OPTIONS, for a pool that has no option for Node’s arguments', async () => {
    const child = fork(file('send.cjs', `process.send(require(${taskFile})().filters)`), [], {
      cwd: packageRoot,
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '--require seccomp/register', SECCOMP_PROFILE: denyMkdir },
    });
    const [[filters], [code]] = await Promise.all([onceEvent(child, 'message'), onceEvent(child, 'exit')]);
    expect([filters, code]).toEqual([filtersHere + 1, 0]);
  });
});
