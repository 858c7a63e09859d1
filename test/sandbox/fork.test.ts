/**
 * fork: Node's own fork, of a child that is under the profile before its module's first line. test/compat/fork.mjs compares its
 * channel and its ends with those of Node's.
 */
import { type ChildProcess, fork as nodeFork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { compile } from '../../lib/sandbox/compile.js';
import { type ForkOptions, fork } from '../../lib/sandbox/fork.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { encodePayload } from '../../lib/sandbox/this-process/fork-payload.js';
import { describeUnless } from '../support/describe-unless.js';
import { finish, statusOf } from '../support/processes.js';
import { hasRings, NO_IO_URING } from '../support/rings.js';
import { evaluateScript, hasNoNewPrivs, NO_NEW_PRIVS, packageRoot, script, WITH_RINGS } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-fork-'));
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

/** A file with this text. */
function fileOf(text: string): string {
  const file = join(folder, `file ${count++}`);
  writeFileSync(file, text);
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

  test('runs after preloads of execArgv, which are under the filter, and of NODE_OPTIONS, which are not yet', async () => {
    const preload = (name: string) =>
      moduleOf(`${STATES} globalThis.${name} = new Set(threads(require('node:fs'))).has('${UNDER_FILTER}');`);
    const child = fork(moduleOf('process.send([globalThis.byArgument, globalThis.byVariable])'), [], denyMkdir, {
      execArgv: ['--require', preload('byArgument')],
      env: { ...process.env, NODE_OPTIONS: `--require "${preload('byVariable')}"` },
    });
    expect(await firstMessage(child)).toEqual([true, false]);
  });
});

describe('a file of --env-file', () => {
  const early = moduleOf('globalThis.early = true');
  const withPreload = fileOf(`A=b\nNODE_OPTIONS=--require "${early}"\n`);
  const report = moduleOf('process.send([globalThis.early, process.env.A, process.env.NODE_OPTIONS])');

  test.each([
    ['in execArgv', [`--env-file=${withPreload}`], report, []],
    ['as two arguments', ['--env-file-if-exists', withPreload], report, []],
    ['in place of the module', [], `--env-file=${withPreload}`, [report]],
  ])('is refused if it sets NODE_OPTIONS: %s', (_, execArgv, module, args) => {
    const refusal = expect.objectContaining({
      code: 'ERR_SECCOMP_OPTION',
      message: expect.stringContaining('does not take NODE_OPTIONS from a file'),
    });
    expect(() => fork(module, args, denyMkdir, { execArgv, env: {} })).toThrowError(refusal);
    const [cwd, name] = [dirname(withPreload), basename(withPreload)];
    const relative = execArgv.map((option) => option.replace(withPreload, name));
    if (execArgv.length > 0)
      expect(() => fork(module, args, denyMkdir, { execArgv: relative, cwd, env: {} })).toThrowError(refusal);
  });

  test('sets the module’s environment, but not NODE_OPTIONS, neither behind the module nor from a file that fork can’t check', async () => {
    const behind = fork(report, [`--env-file=${withPreload}`], denyMkdir, { execArgv: [], env: {} });
    expect(await firstMessage(behind)).toEqual([null, null, null]);
    const later = fileOf('A=b');
    const execPath = fileOf(`#!/bin/sh\ncp '${withPreload}' '${later}'\nexec '${process.execPath}' "$@"\n`);
    chmodSync(execPath, 0o755);
    const raced = fork(report, [], denyMkdir, {
      execArgv: [`--env-file=${later}`],
      env: { PATH: process.env['PATH'] },
      execPath,
    });
    expect(await firstMessage(raced)).toEqual([null, 'b', null]);
  });

  test('may set NODE_OPTIONS, which has no effect, if the environment sets it', async () => {
    const child = fork(report, [], denyMkdir, {
      execArgv: [`--env-file=${withPreload}`],
      env: { NODE_OPTIONS: '--no-warnings' },
    });
    expect(await firstMessage(child)).toEqual([null, 'b', '--no-warnings']);
  });
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

describe('a filter that cannot be attached ends the child with 125, and the module does not run:', () => {
  const preload = join(packageRoot, 'dist/preload.cjs');
  const direct = (file: string, handover?: string) => {
    const env = { ...process.env, SECCOMP_FORK: handover };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', file, neverRun], { encoding: 'utf8', env });
    return { status, stdout, stderr };
  };

  test('the kernel refuses the program', () => {
    const result = evaluateScript(`
      const invalid = sandbox.compile(denying(1, 'mkdir'));
      Uint8Array.prototype.slice = function () { return this; }; // In place of a copy of the program.
      invalid.bytes.fill(0);
      const child = sandbox.fork(${JSON.stringify(neverRun)}, [], invalid, { silent: true, isolate: false });
      const output = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
      const [code] = await once(child, 'exit');
      return [code, ...(await output).map(String)];`);
    expect(result).toEqual([
      125,
      '',
      expect.stringMatching(
        /^seccomp fork: the filter was not attached \(seccomp EINVAL\).*the program was not run\n$/,
      ),
    ]);
  });

  test('an attached filter denies it', async () => {
    const code = `const child = require('seccomp').fork(${JSON.stringify(neverRun)}, { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] });
      child.on('exit', (code) => console.log('exit', code));`;
    const denySeccomp: ProfileDocument = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['seccomp'], action: 'SCMP_ACT_ERRNO' }],
    };
    const { stdout, stderr } = await finish(spawn(process.execPath, ['-e', code], denySeccomp, { cwd: packageRoot }));
    expect([stdout, stderr]).toEqual(['exit 125\n', expect.stringContaining('an attached filter denies it')]);
  });

  test('noNewPrivileges: false without CAP_SYS_ADMIN', ({ skip }) => {
    skip(hasNoNewPrivs(), NO_NEW_PRIVS);
    const result = evaluateScript(
      `
      const child = sandbox.fork(${JSON.stringify(join(packageRoot, 'examples/denied-tool.mjs'))}, [], denying(1, 'mkdir'), { noNewPrivileges: false, silent: true });
      const errors = child.stderr.toArray();
      return [(await once(child, 'exit'))[0], String(await errors)];`,
      { without: 'CAP_SYS_ADMIN' },
    );
    expect(result).toEqual([125, expect.stringContaining('needs CAP_SYS_ADMIN')]);
  });

  test('the addon is gone', () => {
    const copy = join(folder, 'copy');
    cpSync(join(packageRoot, 'dist'), join(copy, 'dist'), { recursive: true });
    symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
    const filters = [{ bytes: compile('docker-default').bytes, gate: [] }];
    const handover = encodePayload({
      filters,
      filterFlags: 0,
      noNewPrivileges: true,
      withoutIoUring: false,
      hidesNodeOptions: false,
    });
    const result = direct(join(copy, 'dist/preload.cjs'), handover);
    expect(result).toEqual({ status: 125, stdout: '', stderr: expect.stringContaining('there is no addon for linux') });
  });

  test.each([
    ['nothing was handed over', undefined],
    ['what was handed over is broken', '{"filters":'],
    [
      'what was handed over is no filter',
      '{"filters":[{"bytes":"AAAA","gate":[]}],"filterFlags":0,"noNewPrivileges":true}',
    ],
  ])('%s', (_, handover) => {
    expect(direct(preload, handover)).toMatchObject({ status: 125, stdout: '' });
  });

  test('process.exit was replaced, and the child ends with 1', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      ['-r', moduleOf('process.exit = () => {}'), '-r', preload, neverRun],
      { encoding: 'utf8' },
    );
    expect([stdout, status]).toEqual(['', 1]);
  });

  test('in a worker of a process without the filter, the worker ends', () => {
    const { stdout } = script(`
      new Worker(${JSON.stringify(neverRun)}, { execArgv: ['-r', ${JSON.stringify(preload)}] }).on('exit', (code) => console.log('exit', code));`);
    expect(stdout).toBe('exit 125\n');
  });
});

describe('an impossible request is an error, and nothing is started:', () => {
  test.each<[string, unknown, object, string]>([
    ['no profile', undefined, {}, 'ERR_INVALID_ARG_TYPE'],
    ['a profile with mistakes', { defaultAction: 'ALLOW' }, {}, 'ERR_SECCOMP_PROFILE'],
    ['an unknown option', 'docker-default', { shell: true }, 'ERR_SECCOMP_OPTION'],
    ['taking capabilities', 'docker-default', { capabilities: [] }, 'ERR_SECCOMP_OPTION'],
    ['a number for env', 'docker-default', { env: 5 }, 'ERR_INVALID_ARG_TYPE'],
    ['a text for execArgv', 'docker-default', { execArgv: '--x' }, 'ERR_INVALID_ARG_TYPE'],
    ['a hole in execArgv', 'docker-default', { execArgv: new Array(1) }, 'ERR_INVALID_ARG_VALUE'],
    ['a hole in stdio', 'docker-default', { stdio: new Array(4) }, 'ERR_INVALID_ARG_VALUE'],
    ['a text for silent', 'docker-default', { silent: 'no' }, 'ERR_INVALID_ARG_TYPE'],
    ['a timeout that no timer has', 'docker-default', { timeout: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
    ['a signal that is none', 'docker-default', { signal: { aborted: false } }, 'ERR_INVALID_ARG_TYPE'],
    // Node loads nothing before what these do.
    ['a snapshot', 'docker-default', { execArgv: ['--build-snapshot'] }, 'ERR_SECCOMP_OPTION'],
    ['another spelling', 'docker-default', { execArgv: ['--build_snapshot'] }, 'ERR_SECCOMP_OPTION'],
    ['functions of a snapshot', 'docker-default', { execArgv: ['--snapshot-blob=x'] }, 'ERR_SECCOMP_OPTION'],
    [
      'the same by NODE_OPTIONS',
      'docker-default',
      { env: { NODE_OPTIONS: '--snapshot-blob x' } },
      'ERR_SECCOMP_OPTION',
    ],
    ['its configuration', 'docker-default', { execArgv: ['--build-snapshot-config=x'] }, 'ERR_SECCOMP_OPTION'],
    ['a script of package.json', 'docker-default', { execArgv: ['--run', 'x'] }, 'ERR_SECCOMP_OPTION'],
    ['a watcher', 'docker-default', { execArgv: ['--watch'] }, 'ERR_SECCOMP_OPTION'],
    ['a watcher of a folder', 'docker-default', { execArgv: ['--watch_path=/tmp'] }, 'ERR_SECCOMP_OPTION'],
    [
      'a watcher by NODE_OPTIONS',
      'docker-default',
      { env: { NODE_OPTIONS: '-r x "--w\\atch"' } },
      'ERR_SECCOMP_OPTION',
    ],
    ['a configuration file', 'docker-default', { execArgv: ['--experimental-config-file=a'] }, 'ERR_SECCOMP_OPTION'],
    ['a program in one file', 'docker-default', { execArgv: ['--build-sea=x'] }, 'ERR_SECCOMP_OPTION'],
    ['a number for logDenied', 'docker-default', { logDenied: 1 }, 'ERR_INVALID_ARG_TYPE'],
  ])('%s', (_, profile, options, code) => {
    expect(() => fork(neverRun, [], profile as never, options as ForkOptions)).toThrowError(
      expect.objectContaining({ code }),
    );
  });

  test.each(['--build-snapshot', '--no-warnings', '-r', '--', '-'])(
    '%s in place of a module, before an option with which Node loads no preload',
    (option) => {
      const args = ['--build-snapshot', neverRun];
      const refusal = /^modulePath and args: with --build-snapshot, the Node that is started does not load/;
      expect(() => fork(option, args, 'docker-default')).toThrowError(refusal);
      expect(() => new Sandbox('docker-default').fork(option, args)).toThrowError(refusal);
    },
  );

  test.each([[['--title']], [['--no-warnings', '-r']], [['--conditions']]])(
    '%j without a value does not take the module for its value, nor the next argument for an option',
    async (execArgv) => {
      const entry = moduleOf("require('node:fs').writeSync(1, 'the entry runs')");
      const child = fork(neverRun, ['--build-snapshot', entry], 'docker-default', { execArgv, silent: true });
      const { code, stdout, stderr } = await finish(child);
      expect([code, stdout]).toEqual([9, '']);
      expect(stderr).toMatch(/requires an argument/);
    },
  );

  test('complete options of Node are those that the module sees', async () => {
    const module = moduleOf('process.send([process.execArgv, process.argv.slice(2)])');
    for (const execArgv of [
      ['--no-warnings', '--title', 'x'],
      ['--no-warnings', '--'],
    ]) {
      const child = fork(module, ['--run'], denyMkdir, { execArgv });
      expect(await firstMessage(child)).toEqual([execArgv.filter((option) => option !== '--'), ['--run']]);
    }
  });

  test('a single executable application, which runs its own module', async () => {
    const sea = vi.spyOn(process.getBuiltinModule('node:sea'), 'isSea').mockReturnValue(true);
    try {
      expect(() => fork(neverRun, [], 'docker-default')).toThrowError(/^options.execPath: this program is a single/);
      const [error] = await once(fork(neverRun, [], 'docker-default', { execPath: '/nowhere/node' }), 'error');
      expect(error).toMatchObject({ code: 'ENOENT' });
    } finally {
      sea.mockRestore();
    }
  });

  test('an option of V8 with the same beginning is not refused', () => {
    fork(neverRun, [], 'docker-default', { execArgv: ['--runtime-call-stats'], silent: true }).kill('SIGKILL');
  });

  test('a missing execPath is reported as by Node', async () => {
    const [error] = await once(fork(neverRun, [], denyMkdir, { execPath: '/nowhere/node' }), 'error');
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'spawn /nowhere/node' });
  });
});

test('under unconfined, fork is Node’s', async () => {
  const states = await firstMessage(
    fork(moduleOf(`${STATES} process.send(threads(require('node:fs')))`), 'unconfined'),
  );
  const here = statusOf('self');
  expect(new Set(states as string[])).toEqual(
    new Set([`${here.get('Seccomp')},${filtersHere},${here.get('NoNewPrivs')}`]),
  );
});

describeUnless(hasRings() ? undefined : NO_IO_URING, 'a Node that makes io_uring instances', () => {
  const env = { ...process.env, ...WITH_RINGS };
  const rings = `const fs = require('node:fs'); const rings = fs.readdirSync('/proc/self/fd').filter((fd) => {
    try { return fs.readlinkSync('/proc/self/fd/' + fd) === 'anon_inode:[io_uring]'; } catch { return false; } }).length;`;

  test.each([
    ['is started without them', undefined],
    ['that is not isolated is restarted without them', false],
  ])('%s, and keeps its process ID, arguments, descriptors and messages', async (_, isolate) => {
    const file = moduleOf(`${rings} fs.writeSync(5, 'through 5');
      process.on('message', (message) => process.send({ message, rings, pid: process.pid, args: process.argv.slice(2), execArgv: process.execArgv, env: process.env.SECCOMP_FORK }));`);
    const child = fork(file, ['a b', '-c', ''], 'docker-default', {
      env,
      isolate,
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'ignore', 'pipe'],
    });
    child.send('sent at once');
    const message = firstMessage(child);
    const [through] = await once(child.stdio.at(5) ?? child, 'data');
    expect(String(through)).toBe('through 5');
    expect(await message).toEqual({
      message: 'sent at once',
      rings: 0,
      pid: child.pid,
      args: ['a b', '-c', ''],
      execArgv: ['--no-warnings'],
    });
  });

  test('keeps them where the profile allows io_uring', async () => {
    const child = fork(moduleOf(`${rings} process.send(rings)`), [], denyMkdir, { env });
    expect(await firstMessage(child)).toBeGreaterThan(0);
  });

  test('exits with 125 if it is to be restarted and its arguments were overwritten', async () => {
    const options = { env, silent: true, execArgv: ['--title=other'] };
    const isolated = fork(moduleOf('process.send(process.title)'), [], 'docker-default', options);
    expect(await firstMessage(isolated)).toBe('other');
    const child = fork(neverRun, [], 'docker-default', { ...options, isolate: false });
    const errors = child.stderr?.toArray();
    expect(await once(child, 'exit')).toEqual([125, null]);
    expect((await errors)?.join('')).toContain('leave out --title');
  });
});
