/**
 * seccomp/register: in node itself, in a cluster, and in children of fork(). test/extended/ has process pools of npm.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { describeUnless } from '../support/describe-unless.js';
import { statusOf } from '../support/processes.js';
import { registerRefusals } from '../support/register-refusals.js';
import { hasRings, hasRingsUnasked, NO_IO_URING } from '../support/rings.js';
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
    ['--require', 'a name', 'docker-default'],
    ['--import', 'a name', 'docker-default'],
    ['--require', 'JSON text', denyMkdir],
    ['--import', 'a path', file('profile.json', denyMkdir)],
  ])(
    'with %s attaches the profile to all threads before the program’s first line, given by %s',
    (option, _, profile) => {
      const code =
        "console.log([...new Set(threads('Seccomp_filters'))].join(), [...new Set(threads('NoNewPrivs'))].join())";
      const { status, stdout, stderr } = script(code, {
        execArgv: withOption(option),
        env: { SECCOMP_PROFILE: profile },
      });
      // Node was started again, under one more filter.
      const again = Number(hasRingsUnasked() && profile === 'docker-default');
      expect([status, stdout, stderr]).toEqual([0, `${filtersHere + 1 + again} 1\n`, '']);
    },
  );

  test('attaches no filter for unconfined', () => {
    const { stdout } = script("console.log(threads('Seccomp_filters').join())", {
      execArgv,
      env: { SECCOMP_PROFILE: 'unconfined' },
    });
    expect(new Set(stdout.trim().split(','))).toEqual(new Set([String(filtersHere)]));
  });

  test.each(both)('with %s exits 125 and does not run the program if no profile is set', (option) => {
    const { status, stdout, stderr } = script("console.log('runs')", {
      execArgv: withOption(option),
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
    const args = JSON.stringify([...execArgv, '-e', 'console.log(1)']);
    const { status, stdout } = script(
      `sandbox.harden(denying(1, 'seccomp'));
       const { status, stdout, stderr } = childProcess.spawnSync(process.execPath, ${args}, { encoding: 'utf8' });
       console.log(status, stdout, stderr);`,
      { env: { SECCOMP_PROFILE: denyMkdir } },
    );
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^125 {2}seccomp.*an attached filter denies it/)]);
  });

  test.for(both)('with %s restarts Node without io_uring, also without CAP_SYS_ADMIN', (option, { skip }) => {
    skip(!hasRings(), NO_IO_URING);
    const env = { ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' };
    const options = { execArgv: withOption(option), env, without: 'CAP_SYS_ADMIN' };
    expect(evaluateScript("return [rings(), failure(() => fs.readFileSync('/etc/passwd'))]", options)).toEqual([
      [],
      null,
    ]);
  });

  test.for(both)('with %s restarts Node with its inspector', (option, { skip }) => {
    skip(!hasRings(), NO_IO_URING);
    const code = `const sockets = fs.readdirSync('/proc/self/fd').filter((fd) => {
        try { return fd > 2 && fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; }
      });
      return [rings(), require('inspector').url()?.slice(0, 15), sockets.length];`;
    const options = {
      execArgv: ['--inspect=0', ...withOption(option)],
      env: { ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' },
    };
    expect(evaluateScript(code, options)).toEqual([[], 'ws://127.0.0.1:', 1]);
  });

  test.each(both)('with %s attaches the profile before an ES module’s first line', (option) => {
    const program = file('program.mjs', `import fs from 'node:fs'; fs.mkdirSync('/nowhere/x');`);
    const { stderr } = spawnSync(process.execPath, [...withOption(option), program], {
      encoding: 'utf8',
      cwd: packageRoot,
      env: { ...process.env, SECCOMP_PROFILE: denyMkdir },
    });
    expect(stderr).toContain('errno: -77');
  });
});

/** Runs early-messages.cjs, and returns what it prints. */
function earlyMessages(kind: string, option: string, profile: string, ownExecArgv: readonly string[] = []): unknown {
  const program = fileURLToPath(new URL('../support/early-messages.cjs', import.meta.url));
  const env = { ...process.env, ...WITH_RINGS, SECCOMP_PROFILE: profile };
  const args = [...ownExecArgv, program, kind, option, 'seccomp/register'];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: packageRoot, env, encoding: 'utf8' }));
}

describe('--require', () => {
  // Node 20 loses them with --import, even of an empty module.
  test.each(['cluster', 'fork'])('loses no message that the parent sends at once: %s', (kind) => {
    const rings = expect.any(Number);
    expect(earlyMessages(kind, '--require', denyMkdir)).toEqual({ received: 20, filters: filtersHere + 1, rings });
  });

  test('attaches the profile in a worker thread that is made from text', () => {
    const code = `const worker = new Worker("try { require('node:fs').mkdirSync('/nowhere/x') } catch (error) { process.exit(-error.errno) }", { eval: true });
      return (await once(worker, 'exit'))[0];`;
    expect(evaluateScript(code, { execArgv, env: { SECCOMP_PROFILE: denyMkdir } })).toBe(77);
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
    const result = earlyMessages('fork', '--require', 'docker-default');
    expect(result).toEqual({ received: 20, filters: filtersHere + 2, rings: 0 });
  });

  test('--import exits 125 in a Node that has a channel', () => {
    const stderr = expect.stringContaining('use --require instead of --import');
    expect(earlyMessages('fork', '--import', 'docker-default')).toEqual({ code: 125, stderr });
  });

  test('--require exits 125 in a worker of a cluster', () => {
    const stderr = expect.stringContaining('start its primary under seccomp/register');
    expect(earlyMessages('cluster', '--require', 'docker-default')).toEqual({ code: 125, stderr });
  });

  test('a restarted Node keeps inherited descriptors that look like those of its event loops', ({ skip }) => {
    const inheriting = fileURLToPath(new URL('../support/unusual-descriptors.py', import.meta.url));
    const code = "console.log([0, 60].map((fd) => require('node:fs').readlinkSync('/proc/self/fd/' + fd)).join(' '))";
    const args = [inheriting, process.execPath, '--require', 'seccomp/register', '-e', code];
    const env = { ...process.env, ...WITH_RINGS, SECCOMP_PROFILE: 'docker-default' };
    const { stdout, stderr, error } = spawnSync('python3', args, { cwd: packageRoot, env, encoding: 'utf8' });
    skip(error !== undefined || stderr.includes('no attribute'), 'needs Python 3.10, for os.eventfd');
    expect([stdout, stderr]).toEqual(['anon_inode:[eventpoll] anon_inode:[eventfd]\n', '']);
  });

  test('a primary that was started with --require has workers without io_uring', () => {
    const result = earlyMessages('cluster', '--require', 'docker-default', ['--require', 'seccomp/register']);
    expect(result).toEqual({ received: 20, filters: filtersHere + 3, rings: 0 });
  });
});

describe('a worker', () => {
  // Node ignores --import for workers that are made from text.
  const code = file(
    'worker.cjs',
    "try { require('node:fs').mkdirSync('/nowhere/x') } catch (error) { process.exit(-error.errno) }",
  );
  const inWorker = (options: string) => `(await once(new Worker(${JSON.stringify(code)}, { ${options} }), 'exit'))[0]`;

  test('of a registered process has the filter, even with its own environment', () => {
    const options = { execArgv, env: { SECCOMP_PROFILE: denyMkdir } };
    expect(evaluateScript(`return [${inWorker('')}, ${inWorker('env: {}')}];`, options)).toEqual([77, 77]);
  });

  test('cannot have another profile than its process, nor one if its process has none', () => {
    const another = evaluateScript(`return ${inWorker("env: { SECCOMP_PROFILE: 'docker-default' }")};`, {
      execArgv,
      env: { SECCOMP_PROFILE: denyMkdir },
    });
    const alone = evaluateScript(`return ${inWorker(`execArgv: ${JSON.stringify(execArgv)}`)};`, {
      env: { SECCOMP_PROFILE: denyMkdir },
    });
    expect([another, alone]).toEqual([125, 125]);
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

  test('take the profile from NODE_OPTIONS, for a pool that has no option for Node’s arguments', () => {
    const result = evaluateScript(
      `const child = childProcess.fork(${JSON.stringify(file('send.cjs', `process.send(require(${taskFile})().filters)`))}, [], { execArgv: [], env: { ...process.env, NODE_OPTIONS: '--require seccomp/register', SECCOMP_PROFILE: '${denyMkdir.replaceAll("'", "\\'")}' } });
       return (await once(child, 'message'))[0];`,
    );
    expect(result).toBe(filtersHere + 1);
  });
});
