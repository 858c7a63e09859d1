/**
 * The option isolate: its values, when isolation is on, and what still works. test/adversary/isolation.test.ts tests
 * what a child cannot reach.
 */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { explain } from '../../lib/analysis/explain.js';
import { thisHost } from '../../lib/host.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { record } from '../../lib/record/record.js';
import { compile } from '../../lib/sandbox/compile.js';
import { fork } from '../../lib/sandbox/fork.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import type { FilterSource } from '../../lib/sandbox/plan/resolve-sources.js';
import { run as runToEnd } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { type SpawnSyncOptions, spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { constantOn } from '../../lib/syscalls/constants.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { compileC } from '../support/compile-c.js';
import { describeUnless } from '../support/describe-unless.js';
import { finish, run, statusOf } from '../support/processes.js';
import {
  changesNoUser,
  evaluateScript,
  hasCapability,
  NO_CHANGE_OF_USER,
  packageRoot,
  WITHOUT_RINGS,
} from '../support/scripts.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-isolation-'));
afterAll(() => rmSync(directory, { recursive: true }));

const allowAll: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW' };
const support = isolationSupport();
const hasScopes = support.by === 'scopes';
const isRoot = process.getuid?.() === 0;
const canChangeUser = hasCapability('CAP_SETUID');
/** Of a child that is not root. */
const notRoot: SpawnOptions = isRoot ? { uid: 65_534, gid: 65_534, cwd: '/' } : {};

/** Whether a child could signal this process. */
const signals = (profile: FilterSource, options: SpawnOptions = {}) =>
  spawnSync('sh', ['-c', `kill -0 ${process.pid}`], profile, options as SpawnSyncOptions).status === 0;

describeUnless(hasScopes ? undefined : (support.reason ?? 'Landlock has no scopes'), 'isolation', () => {
  test('is on under a profile, and off under unconfined', () => {
    for (const profile of ['docker-default', JSON.stringify(allowAll)]) expect(signals(profile)).toBe(false);
    expect(signals(compile(allowAll))).toBe(false);
    expect(signals('unconfined')).toBe(true);
    expect(signals('docker-default', { isolate: false })).toBe(true);
  });

  test('is on for every function that starts programs', async () => {
    const script = `kill -0 ${process.pid} || exit 7`;
    const sandbox = new Sandbox('docker-default');
    expect(await run('sh', ['-c', script], 'docker-default')).toMatchObject({ code: 7 });
    expect(spawnSync('sh', ['-c', script], 'docker-default').status).toBe(7);
    expect(await runToEnd('sh', ['-c', script], 'docker-default').catch(({ exitCode }) => exitCode)).toBe(7);
    expect(await finish(sandbox.spawn('sh', ['-c', script]))).toMatchObject({ code: 7 });
    expect(sandbox.spawnSync('sh', ['-c', script]).status).toBe(7);
    expect(() => sandbox.execSync(script, { stdio: 'ignore' })).toThrowError(expect.objectContaining({ status: 7 }));
    expect((await record('sh', ['-c', script])).exitCode).toBe(7);
    const main = join(packageRoot, 'dist/cli/main.js');
    expect(nodeSpawnSync(process.execPath, [main, 'run', '--', 'sh', '-c', script]).status).toBe(7);
    expect(nodeSpawnSync(process.execPath, [main, 'run', '--no-isolate', '--', 'sh', '-c', script]).status).toBe(0);
  });

  test('is on for fork, before the first line', async () => {
    const module = join(directory, 'signals.cjs');
    writeFileSync(module, 'try { process.kill(process.ppid, 0); process.exitCode = 1 } catch { process.exitCode = 7 }');
    const child = fork(module, 'docker-default');
    expect([child.spawnfile, child.spawnargs[0]]).toEqual([process.execPath, process.execPath]);
    expect(child.enforcement.isolation.by).toBe('scopes');
    expect(await once(child, 'exit')).toEqual([7, null]);
    expect(await once(fork(module, 'docker-default', { isolate: false }), 'exit')).toEqual([1, null]);
  });

  test('is on for fork wherever Node is installed, or the start fails', async () => {
    const module = join(directory, 'signals.cjs');
    const ends = (options: object) => once(fork(module, [], 'docker-default', options), 'exit');
    const [folder, name] = [dirname(process.execPath), basename(process.execPath)];
    // Node's fork leaves a Buffer aside, so nothing is found.
    expect(await ends({ cwd: Buffer.from(folder), execPath: `./${name}`, silent: true })).not.toEqual([1, null]);
    expect(await ends({ cwd: pathToFileURL(`${folder}/`), execPath: `./${name}` })).toEqual([7, null]);
    expect(await ends({ execPath: name, env: { PATH: `/nowhere:${folder}` } })).toEqual([7, null]);
    for (const [execPath, code] of [
      [directory, 'EACCES'],
      ['/nowhere/node', 'ENOENT'],
      ['no-such-node', 'ENOENT'],
    ] as const) {
      const [error] = await once(fork(module, 'docker-default', { execPath }), 'error');
      expect(error.code).toBe(code);
    }
    expect(() => fork(module, 'docker-default', { execPath: 1 as never })).toThrow(/must be of type string/);
  });

  test('is probed again at each fork: a filter may have denied it since', async () => {
    const [before, after] = evaluateScript(`
      const by = () => {
        const child = sandbox.fork('/nowhere/x.js', 'docker-default', { silent: true });
        child.kill('SIGKILL');
        return child.enforcement.isolation.by;
      };
      const first = by();
      sandbox.harden(denying(1, 'landlock_restrict_self'), { acceptRings: true });
      return [first, by()];`) as readonly unknown[];
    expect([before, after]).toEqual(['scopes', null]);
  });

  test.each([
    [
      'ENOSYS',
      "'SCMP_ACT_ERRNO', errnoRet: 38",
      /an attached filter denies (?:Landlock, which this kernel has|it): let it allow/,
    ],
    ['EOPNOTSUPP', "'SCMP_ACT_ERRNO', errnoRet: 95", /add landlock to lsm=/],
    ['EPERM', "'SCMP_ACT_ERRNO', errnoRet: 1", /an attached filter denies Landlock/],
    ['a kill', "'SCMP_ACT_KILL_PROCESS'", /an attached filter denies Landlock/],
    ['a trap', "'SCMP_ACT_TRAP'", /an attached filter denies Landlock/],
  ])('is reported as missing if Landlock fails with %s', (_, action, reason) => {
    const result = evaluateScript(
      `
      const syscalls = [{ names: ['landlock_create_ruleset', 'landlock_restrict_self'], action: ${action} }];
      sandbox.harden({ defaultAction: 'SCMP_ACT_ALLOW', syscalls });
      const { status, enforcement: { isolation: { by, reason } } } = sandbox.spawnSync('true', 'docker-default');
      const options = { isolate: true, uid: process.getuid() || 65534 };
      return { status, by, reason, refused: failure(() => sandbox.spawnSync('true', [], 'docker-default', options)) };`,
      { env: WITHOUT_RINGS },
    );
    const refused = 'ERR_SECCOMP_UNSUPPORTED';
    expect(result).toEqual({ status: 0, reason: expect.stringMatching(reason), refused });
  });

  test('true is refused for a child that may become root', ({ skip }) => {
    skip(!isRoot || !canChangeUser, 'needs root with CAP_SETUID');
    skip(changesNoUser(), NO_CHANGE_OF_USER);
    const bySavedId = evaluateScript(
      `
      process.seteuid(65534);
      return failure(() => sandbox.spawnSync('true', [], 'docker-default', { isolate: true }));`,
      { env: WITHOUT_RINGS },
    );
    expect(bySavedId).toBe('ERR_SECCOMP_UNSUPPORTED');
    const code = `
      const { spawnSync } = require('seccomp');
      const codeOf = (options) => { try { return spawnSync('true', [], 'docker-default', { isolate: true, ...options }).status } catch ({ code }) { return code } };
      const { open } = spawnSync('true', 'docker-default').enforcement.isolation;
      console.log(JSON.stringify([codeOf({}), codeOf({ capabilities: [] }), open.map(({ reach }) => reach)]));`;
    const setuid = ['+setuid,+perfmon', '+setuid,+perfmon'];
    const ids = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      `--inh-caps=${setuid[0]}`,
      `--ambient-caps=${setuid[1]}`,
    ];
    const { stdout, error } = nodeSpawnSync('setpriv', [...ids, process.execPath, '-e', code], {
      cwd: packageRoot,
      encoding: 'utf8',
    });
    skip(error !== undefined || stdout === '', 'setpriv is missing, or another user cannot read this checkout');
    const [ambient, without, open] = JSON.parse(stdout);
    expect([ambient, without]).toEqual(['ERR_SECCOMP_UNSUPPORTED', 0]);
    expect(open).toEqual(expect.arrayContaining(['environment', 'files-of-root']));
  });

  test('counts no ambient capability for another user, since setuid(2) of root clears them', ({ skip }) => {
    skip(!isRoot || !canChangeUser || !hasCapability('CAP_PERFMON'), 'needs root with CAP_SETUID and CAP_PERFMON');
    const code = `
      const { spawnSync } = require('seccomp');
      const { stdout, enforcement } = spawnSync('cat', ['/proc/self/status'], 'docker-default', { uid: 65534, encoding: 'utf8' });
      console.log(JSON.stringify([/CapAmb:\\t(.*)/.exec(stdout)[1], enforcement.isolation.open.map(({ reach }) => reach)]));`;
    const capabilities = ['--inh-caps=+perfmon', '--ambient-caps=+perfmon'];
    const { stdout, error } = nodeSpawnSync('setpriv', [...capabilities, process.execPath, '-e', code], {
      cwd: packageRoot,
      encoding: 'utf8',
    });
    skip(error !== undefined, 'setpriv is missing');
    const [ambient, open] = JSON.parse(stdout);
    expect(ambient).toMatch(/^0+$/);
    expect(open).not.toContain('environment');
  });

  test('is a default of a Sandbox, which a call can override', () => {
    const { spawnSync } = new Sandbox('docker-default', { isolate: false });
    const script = ['-c', `kill -0 ${process.pid}`];
    expect(spawnSync('sh', script).status).toBe(0);
    expect(spawnSync('sh', script, { isolate: {} } as object).status).not.toBe(0);
  });

  test('true is enforced in full, even under unconfined, with the filter that it needs', ({ skip }) => {
    skip(isRoot && !canChangeUser, 'root needs CAP_SETUID');
    const result = spawnSync('cat', ['/proc/self/status'], 'unconfined', {
      ...notRoot,
      isolate: true,
      encoding: 'utf8',
    });
    expect(result.stdout).toMatch(
      new RegExp(`Seccomp_filters:\t${Number(statusOf('self').get('Seccomp_filters')) + 1}\n`),
    );
    expect(result.enforcement?.isolation).toMatchObject({ by: 'scopes' });
    expect(signals('unconfined', { ...notRoot, isolate: true })).toBe(false);
  });

  test('true is refused for a child that is root, with a remedy', ({ skip }) => {
    skip(!isRoot, 'needs root');
    const refused = expect.objectContaining({
      code: 'ERR_SECCOMP_UNSUPPORTED',
      message: expect.stringMatching(/^options\.isolate: true can't be honored: uid 0 .*; give the child another uid/),
    });
    expect(() => spawn('true', [], 'docker-default', { isolate: true })).toThrowError(refused);
    expect(() => fork('x.js', 'docker-default', { isolate: true })).toThrowError(refused);
    expect(spawnSync('true', [], 'docker-default', { isolate: true, ...notRoot }).status).toBe(0);
  });

  test('leaves abstract sockets reachable with abstractSockets: true', async () => {
    const name = `seccomp-isolation-${process.pid}`;
    const server = createServer((socket) => socket.end()).listen(`\0${name}`);
    await once(server, 'listening');
    const connect = (options: SpawnOptions) =>
      run(
        process.execPath,
        ['-e', `net.connect('\\0${name}').on('error', (e) => console.log(e.code)).resume()`],
        'node',
        options,
      );
    expect((await connect({})).stdout).toBe('EPERM\n');
    expect((await connect({ isolate: { abstractSockets: true } })).stdout).toBe('');
    server.close();
  });

  test('leaves this process unchanged if execve fails', () => {
    const result = evaluateScript(`
      const before = fs.readFileSync('/proc/self/limits', 'utf8');
      const code = failure(() => sandbox.execve('/nowhere/x', 'docker-default'));
      process.kill(process.ppid, 0);
      return [code, fs.readFileSync('/proc/self/limits', 'utf8') === before, field('/proc/self/status', 'NoNewPrivs')];`);
    expect(result).toEqual([-constants.errno.ENOENT, true, statusOf('self').get('NoNewPrivs')]);
  });

  test('is reported as missing in the sixteenth domain, and refused if it is required', () => {
    const nested = compileC('nested-domains.c');
    const code = `
      const { spawnSync } = require('seccomp');
      const { status, enforcement } = spawnSync('true', 'docker-default');
      let error; try { spawnSync('true', 'docker-default', { isolate: true, uid: process.getuid() || 65534 }) } catch ({ message }) { error = message }
      console.log(JSON.stringify([status, enforcement.isolation, error]));`;
    const { stdout, stderr } = nodeSpawnSync(nested, ['16', process.execPath, '-e', code], {
      encoding: 'utf8',
      cwd: packageRoot,
    });
    expect(stdout, stderr).not.toBe('');
    const [status, isolation, error] = JSON.parse(stdout);
    expect([status, isolation.by, isolation.reason]).toEqual([
      0,
      undefined,
      expect.stringContaining('too many Landlock domains'),
    ]);
    expect(isolation.closed).toEqual(['limits', 'terminal', 'keyrings']);
    expect(error).toMatch(/isolate: true can't be honored: .*too many Landlock domains/);
  });
});

describe('without Landlock', () => {
  test('a child writes no core dumps, and can raise its limit again; rlimits take precedence', () => {
    const limits = (options: SpawnOptions) =>
      String(spawnSync('sh', ['-c', 'ulimit -Sc; ulimit -Hc'], 'docker-default', options as object).stdout)
        .split('\n')
        .slice(0, 2);
    const [, hard] = limits({ isolate: false });
    expect(limits({})).toEqual(['0', hard]);
    expect(limits({ rlimits: { core: { soft: 512, hard: 1024 } } })).toEqual(['1', '2']);
    const closed = (options: object) => spawnSync('true', [], 'docker-default', options).enforcement?.isolation.closed;
    expect(closed({ rlimits: { core: 0 } })).toContain('core-dumps'); // By itself a child may raise it.
    for (const options of [{}, { rlimits: { core: 1024 } }]) expect(closed(options)).not.toContain('core-dumps');
  });

  test('this process’s own limit of core dumps is lowered, and restored if execve fails', ({ skip }) => {
    const code = `
      const { spawnSync, execve } = require('seccomp');
      const of = (options) => String(spawnSync('sh', ['-c', 'ulimit -Sc'], 'docker-default', options).stdout).trim();
      const isolated = of({});
      try { execve('/nowhere/x', 'docker-default'); } catch {}
      console.log(JSON.stringify([isolated, of({ isolate: false })]));`;
    const args = ['-c', 'ulimit -S -c 100 && exec "$@"', 'sh', process.execPath, '-e', code];
    const { status, stdout } = nodeSpawnSync('sh', args, { cwd: packageRoot, encoding: 'utf8' });
    skip(status !== 0, 'the hard limit of core dumps is lower');
    expect(JSON.parse(stdout)).toEqual(['0', '100']);
  });

  test('calls that the filter denies are reported, and explained as denied by isolation', async () => {
    const child = spawn('prlimit', ['--pid', String(process.pid), '--core=0'], 'docker-default', { onViolation: true });
    await finish(child);
    expect(child.violations.find(({ syscall }) => syscall === 'prlimit64')).toMatchObject({
      ...{ action: { kind: 'errno', errno: 1 }, deniedBy: 'isolation' },
      why: expect.stringMatching(/^isolate denies prlimit64 /),
    });
    const { action, changes } = explain('docker-default', { syscall: 'prlimit64', args: [1, 4, 1] });
    expect(action.kind).toBe('allow');
    expect(changes.at(-1)).toMatchObject({ kind: 'isolation', action: { kind: 'errno', errno: 1 } });
    expect(explain('docker-default', { syscall: 'prlimit64', args: [0, 4, 1] }).changes).toEqual([]);
  });

  test('such calls of a recorded program are among the notes', async ({ skip }) => {
    skip(nodeSpawnSync('perl', ['--version']).error !== undefined, 'no perl');
    const { notes } = await record('perl', ['-e', 'ioctl(STDIN, 0x5412, my $x = "x")'], { stdio: 'ignore' });
    expect(notes.join()).toMatch(/isolate denies ioctl TIOCSTI.*; under the profile, the program needs isolate: false/);
  });

  test('so are those that concern its parent, and a terminal that it is not given', async ({ skip }) => {
    skip(nodeSpawnSync('perl', ['--version']).error !== undefined, 'no perl');
    const { abi } = thisHost();
    const [clone, keyctl] = ['clone', 'keyctl'].map((name) => syscallNumber(abi, name));
    // The child that a child makes is one of the program, which waits for both.
    const script = `
      system("true");
      if (fork == 0) { syscall(${clone}, ${0x8000 | constants.signals.SIGCHLD}, 0, 0, 0, 0); exit }
      1 while wait > 0;
      syscall(${keyctl}, 11, -3, 0, 0);
      ioctl(STDIN, ${constantOn(abi, 'TIOCSPGRP')}, my $group = pack("i", $$));`;
    const { notes } = await record('perl', ['-e', script], { stdio: 'ignore' });
    const found = notes.map(
      (note) => /^isolate denies (.*?)[,:] .*; (?:otherwise, )?under the profile, /.exec(note)?.[1],
    );
    // What a container's engine denies never reaches the recording.
    const { status } = nodeSpawnSync('perl', ['-e', `syscall(${keyctl}, 11, -3, 0, 0); exit $!{EPERM}`]);
    const denied = ['clone with CLONE_PARENT', 'ioctl TIOCSPGRP', ...(status === 0 ? ['keyctl'] : [])];
    expect(found.filter(Boolean).toSorted()).toEqual(denied);
    expect((await record('true', [], { stdio: 'ignore' })).notes).toEqual([]);
  });

  test.each([
    ['a text', 'yes', /isolate.*boolean/],
    ['null', null, /isolate.*boolean/],
    ['a list', [], /options\.isolate/],
    ['an unknown word', { abstractSocket: true }, /options\.isolate\.abstractSocket: is unknown/],
    ['a number in it', { abstractSockets: 1 }, /options\.isolate\.abstractSockets/],
  ])('%s is refused', (_, isolate, message) => {
    expect(() => spawn('true', [], 'docker-default', { isolate: isolate as never })).toThrow(message);
    expect(() => new Sandbox('docker-default', { isolate: isolate as never }).spawn('true')).toThrow(message);
  });

  test('reports what is not enforced', () => {
    const { enforcement } = spawn('true', [], 'docker-default', { isolate: false, stdio: 'ignore' });
    expect(enforcement.isolation).toMatchObject({ reason: 'isolation is off', closed: [] });
    expect(enforcement.isolation).not.toHaveProperty('by');
    expect(enforcement.isolation.open).toContainEqual({ reach: 'signals', remedy: 'leave out isolate: false' });
    const { enforcement: unconfined } = spawn('true', [], 'unconfined', { stdio: 'ignore' });
    expect(unconfined.isolation.open).toContainEqual({ reach: 'signals', remedy: 'give isolate: true' });
  });
});

describe('inside its own process tree, a child can', () => {
  const shell = (script: string, options: SpawnOptions = {}) => run('bash', ['-c', script], 'docker-default', options);

  test('signal its children, its process group and itself', async () => {
    expect(await shell('sleep 60 & kill $! && wait $!; echo $?')).toMatchObject({ stdout: '143\n', code: 0 });
    expect(
      await shell('trap "echo got" TERM; kill -TERM 0; kill -0 $$ && echo self', { detached: true }),
    ).toMatchObject({
      stdout: 'got\nself\n',
    });
    expect((await shell('timeout -s KILL 0.01 sleep 60; echo $?')).stdout).toBe('137\n');
  });

  test('have job control', async () => {
    const { stdout } = await shell(
      'set -m; sleep 60 & jobs -p >/dev/null; kill -STOP %1; kill -CONT %1; kill %1; wait %1; echo $?',
    );
    expect(stdout).toBe('143\n');
  });

  test('be signaled by this process', async () => {
    const child = spawn('sleep', ['60'], 'docker-default', { stdio: 'ignore' });
    await once(child, 'spawn');
    expect(child.kill('SIGKILL')).toBe(true);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });

  test('move files between directories', async () => {
    expect(await shell(`cd ${directory}; mkdir -p a b; echo x >a/f; mv a/f b/g; ln b/g a/h; cat a/h`)).toMatchObject({
      stdout: 'x\n',
    });
  });

  test.for([
    ['strace', ['-f', '-o', '/dev/null', 'sh', '-c', 'true & wait']],
    ['gdb', ['-batch', '-ex', 'run', '-ex', 'quit', '--args', '/bin/true']],
    ['bwrap', ['--ro-bind', '/', '/', '--dev', '/dev', 'true']],
  ] as const)('run %s as without isolation', async ([tool, args], { skip }) => {
    skip(nodeSpawnSync(tool, ['--version']).error !== undefined, `no ${tool}`);
    const without = await run(tool, args, allowAll, { isolate: false });
    expect(await run(tool, args, allowAll)).toMatchObject({ code: without.code });
  });

  test('run Node with an inspector, and a cluster', async () => {
    const inspected = await run(process.execPath, ['--inspect=127.0.0.1:0', '-e', 'console.log(1)'], 'node');
    expect(inspected).toMatchObject({ code: 0, stdout: '1\n' });
    const module = join(directory, 'cluster.cjs');
    writeFileSync(
      module,
      `const cluster = require('node:cluster'); const net = require('node:net');
       if (cluster.isPrimary) {
         const worker = cluster.fork();
         worker.on('listening', ({ port }) => net.connect(port, '127.0.0.1').on('data', (data) => {
           console.log(String(data)); worker.kill();
         }));
       } else net.createServer((socket) => socket.end('served')).listen(0, '127.0.0.1');`,
    );
    expect((await run(process.execPath, [module], 'node')).stdout).toBe('served\n');
  });
});
