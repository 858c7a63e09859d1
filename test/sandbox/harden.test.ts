/**
 * harden(): the threads that get the filter, the profiles that are refused, and why a filter on one thread is not a
 * boundary.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { once } from '../../lib/util/memo.js';
import { describeUnless } from '../support/describe-unless.js';
import { hasRings, NO_IO_URING } from '../support/rings.js';
import { evaluateScript, hasCapability, hasNoNewPrivs, NO_NEW_PRIVS, script, WITH_RINGS } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-harden-'));
afterAll(() => rmSync(folder, { recursive: true }));
const all = (values: unknown) => (Array.isArray(values) ? [...new Set(values)] : values);

/** Code of a worker that posts what `body` returns. */
const worker = (body: string) => `
  const answer = async (code) => {
    const thread = new Worker(${JSON.stringify(PRELUDE_OF_WORKER)} + '(async () => {' + code + '})().then((answer) => parentPort.postMessage(answer))', { eval: true });
    const [result] = await once(thread, 'message');
    return result;
  };
  ${body}`;
const PRELUDE_OF_WORKER = `
  const sandbox = require('seccomp');
  const fs = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  const denyMkdir = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }] };
  const failure = (call) => { try { call(); return null; } catch (error) { return error.errno ?? error.code; } };
  const failureOf = (promise) => promise.then(() => null, (error) => error.errno);
`;

describe('all threads', () => {
  const hardened = once(() =>
    evaluateScript(
      worker(`
      const before = Number(field('/proc/self/status', 'Seccomp_filters'));
      const early = new Worker('setInterval(() => {}, 1000)', { eval: true });
      await Promise.all([once(early, 'online'), fs.promises.stat('/')]);
      const hardened = sandbox.harden(denying(77, 'mkdir', 'mkdirat'));
      await once(new Worker('setInterval(() => {}, 1000)', { eval: true }), 'online');
      return {
        modes: threads('Seccomp'), counts: threads('Seccomp_filters').map((n) => n - before), privileges: threads('NoNewPrivs'),
        hardened: { ...hardened, filters: hardened.filters.length, filtersInForce: hardened.filtersInForce - before },
        errors: [
          failure(() => fs.mkdirSync('/nowhere/x')), await failureOf(fs.promises.mkdir('/nowhere/x')),
          await answer("return [failure(() => fs.mkdirSync('/nowhere/x')), await failureOf(fs.promises.mkdir('/nowhere/x'))]"),
        ],
      };`),
    ),
  ) as () => Record<string, unknown>;

  test('have the filter and no_new_privs: workers, libuv’s pool, V8’s threads, and later ones', () => {
    const result = hardened();
    expect(all(result['modes'])).toEqual(['2']);
    expect(all(result['counts'])).toEqual([1]);
    expect(all(result['privileges'])).toEqual(['1']);
    expect(result['hardened']).toEqual({ threads: 'all', filters: 1, filtersInForce: 1, noNewPrivileges: true });
  });

  test('are under the profile: in synchronous and asynchronous calls, and in workers', () => {
    expect(hardened()['errors']).toEqual([-77, -77, [-77, -77]]);
  });

  test('get the filter if a worker calls harden', () => {
    const result = evaluateScript(
      worker(`
      const inside = await answer('sandbox.harden(denyMkdir)');
      return failure(() => fs.mkdirSync('/nowhere/x'));`),
    );
    expect(result).toBe(-77);
  });

  test('get no filter if one thread has its own filter, and the error names that thread', () => {
    const result = evaluateScript(
      worker(`
      const before = threads('Seccomp_filters').length;
      const thread = new Worker("require('seccomp').harden({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }, { threads: 'current', acceptSharedPool: true }); setInterval(() => {}, 1000); require('node:worker_threads').parentPort.postMessage(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1))", { eval: true });
      const [id] = await once(thread, 'message');
      const comm = fs.readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim();
      try { sandbox.harden(denying(77, 'mkdir', 'mkdirat')); } catch ({ code, message }) {
        return { code, named: message.includes('thread ' + id + ' ("' + comm + '") has a filter'), mkdir: failure(() => fs.mkdirSync('/nowhere/x')) };
      }`),
    );
    expect(result).toEqual({ code: 'ERR_SECCOMP_ATTACH', named: true, mkdir: -2 });
  });
});

describe('a filter on one thread', () => {
  test('is refused, with the reason, unless acceptSharedPool is given', () => {
    const result = evaluateScript(`
      try { sandbox.harden('docker-default', { threads: 'current' }); } catch ({ code, message }) {
        return [code, message, field('/proc/thread-self/status', 'NoNewPrivs')];
      }`);
    const unchanged = hasNoNewPrivs() ? '1' : '0';
    expect(result).toEqual([
      'ERR_SECCOMP_OPTION',
      expect.stringMatching(/libuv's pool.*acceptSharedPool: true/),
      unchanged,
    ]);
  });

  test('does not apply to asynchronous fs if the pool was started before', () => {
    const result = evaluateScript(
      worker(`
      await fs.promises.stat('/'); // Starts the pool.
      return answer(\`
        sandbox.harden(denyMkdir, { threads: 'current', acceptSharedPool: true });
        return [failure(() => fs.mkdirSync('/nowhere/x')), await failureOf(fs.promises.mkdir('/nowhere/x'))];\`);`),
    );
    expect(result).toEqual([-77, -2]);
  });

  test('applies to asynchronous fs of every thread if its thread starts the pool', () => {
    const result = evaluateScript(
      worker(`
      const inside = await answer(\`
        sandbox.harden(denyMkdir, { threads: 'current', acceptSharedPool: true });
        return failureOf(fs.promises.mkdir('/nowhere/x'));\`);
      return [inside, failure(() => fs.mkdirSync('/nowhere/x')), await failureOf(fs.promises.mkdir('/nowhere/x'))];`),
    );
    expect(result).toEqual([-77, -2, -77]);
  });
});

describe('profiles', () => {
  test('that deny seccomp, prctl and opening files are attached, and the result lists the attached filters', () => {
    const result = evaluateScript(`
      const { filtersInForce, noNewPrivileges } = sandbox.harden(denying(1, 'seccomp', 'prctl', 'openat', 'open'));
      return [filtersInForce > 0, noNewPrivileges, failure(() => fs.readFileSync('/etc/passwd'))];`);
    expect(result).toEqual([true, true, -1]);
  });

  /** What one process does with a filter that was compiled, and then with a list. */
  const attached = once(() =>
    evaluateScript(`
      const filter = sandbox.compile(denying(76, 'symlink', 'symlinkat'));
      const compiled = [sandbox.harden(filter).filters[0] === filter, failure(() => fs.symlinkSync('x', '/nowhere/x'))];
      const { filters } = sandbox.harden([denying(77, 'mkdir', 'mkdirat'), denying(78, 'rmdir', 'unlinkat')]);
      const list = [filters.length, failure(() => fs.mkdirSync('/nowhere/x')), failure(() => fs.rmdirSync('/nowhere/x'))];
      return { compiled, list };`),
  ) as () => Record<string, unknown>;

  test('in a list are all attached, and each call gets the strictest action', () => {
    expect(attached()['list']).toEqual([1, -77, -78]);
  });

  test('that can’t be combined in one filter are attached one after the other, also if the first denies seccomp', () => {
    const result = evaluateScript(`
      // Too many rules on one syscall for a combination of two such profiles.
      const long = (first) => ({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [
          { names: ['seccomp'], action: 'SCMP_ACT_ERRNO' },
          ...Array.from({ length: 150 }, (_, i) => ({
            names: ['personality'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: (first + 2 * i) * 4, op: 'SCMP_CMP_EQ' }],
          })),
        ],
      });
      const { filters } = sandbox.harden([long(0), long(1), denying(77, 'mkdir', 'mkdirat')]);
      return [filters.length, failure(() => fs.mkdirSync('/nowhere/x'))];`);
    expect(result).toEqual([3, -77]);
  });

  test('that were compiled before are attached as they are', () => {
    expect(attached()['compiled']).toEqual([true, -76]);
  });
});

describe('is an error, and the process continues without the filter:', () => {
  const CASES = [
    ['no profile', 'undefined', '{}', 'ERR_INVALID_ARG_TYPE'],
    ['an unknown option', "'docker-default'", "{ thread: 'all' }", 'ERR_SECCOMP_OPTION'],
    ['capabilities beside a filter', 'invalid', "{ capabilities: ['CAP_CHOWN'] }", 'ERR_SECCOMP_OPTION'],
    ['capabilities beside no profile', "'unconfined'", '{ capabilities: [] }', 'ERR_SECCOMP_OPTION'],
    ['an unknown capability', "'docker-default'", "{ capabilities: ['CAP_X'] }", 'ERR_INVALID_ARG_VALUE'],
    ['other threads', "'docker-default'", "{ threads: 'some' }", 'ERR_INVALID_ARG_VALUE'],
    ['an accepted pool with all threads', "'docker-default'", '{ acceptSharedPool: true }', 'ERR_SECCOMP_OPTION'],
    ['a number for acceptRings', "'docker-default'", '{ acceptRings: 1 }', 'ERR_INVALID_ARG_TYPE'],
    ['an unknown profile', "'docker'", '{}', 'ERR_SECCOMP_BUILTIN'],
    ['a program that the kernel refuses', 'invalid', '{}', 'ERR_SECCOMP_ATTACH'],
  ] as const;
  const results = once(() => {
    const calls = CASES.map(([, profile, options]) => `() => sandbox.harden(${profile}, ${options})`);
    return evaluateScript(`
      const invalid = sandbox.compile(denying(1, 'mkdir'));
      Uint8Array.prototype.slice = function () { return this; }; // In place of a copy of the program.
      invalid.bytes.fill(0);
      const before = field('/proc/self/status', 'Seccomp_filters');
      return [${calls.join()}].map((call) => [failure(call), threads('Seccomp_filters').every((n) => n === before)]);`);
  });

  test.each(CASES.map(([title, , , code], index) => [title, code, index] as const))('%s', (_, code, index) => {
    expect(results()).toHaveProperty([index], [code, true]);
  });

  test('noNewPrivileges: false without CAP_SYS_ADMIN', ({ skip }) => {
    skip(hasNoNewPrivs(), NO_NEW_PRIVS);
    const result = evaluateScript(
      "try { sandbox.harden(denying(1, 'mkdir'), { noNewPrivileges: false }); } catch ({ code, message }) { return [code, message]; }",
      { without: 'CAP_SYS_ADMIN' },
    );
    expect(result).toEqual(['ERR_SECCOMP_ATTACH', expect.stringMatching(/EACCES.*needs CAP_SYS_ADMIN/)]);
  });

  test('an attached filter denies it', () => {
    const result = evaluateScript(`
      sandbox.harden(denying(1, 'seccomp'));
      try { sandbox.harden(denying(1, 'mkdir')); } catch ({ code, message }) { return [code, message]; }`);
    expect(result).toEqual([
      'ERR_SECCOMP_ATTACH',
      expect.stringMatching(/not attached.*EPERM.*an attached filter denies seccomp\(2\)/),
    ]);
  });
});

describe('a process that listens', () => {
  const profile = (name: string) =>
    JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO' }] });
  const listening = fileURLToPath(new URL('../support/listening.mjs', import.meta.url));
  const arguments_ = (kinds: readonly string[], denied: string, options = {}) => [
    listening,
    kinds.join(),
    profile(denied),
    JSON.stringify(options),
  ];
  /** What each harden() of one process says: while it listens on each kind of socket, one after the other. */
  const hardened = (kinds: readonly string[], denied: string, options = {}): unknown => {
    const { stdout, stderr } = spawnSync(process.execPath, arguments_(kinds, denied, options), OPTIONS);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  const REFUSED =
    /^ERR_SECCOMP_UNSUPPORTED this process listens on a socket \(descriptor \d+\), and the profile denies accept4/;
  const OPTIONS = { encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' } as const;
  const LISTENING = ['an IPv4 socket', 'an IPv6 socket', 'a Unix socket', 'an abstract Unix socket'];
  const refusals = once(() => hardened(LISTENING, 'accept4'));

  test.for(LISTENING)(
    'on %s cannot be hardened with a profile that denies accept4, and the error has a remedy',
    (kind, { skip }) => {
      const refusal = String(Object(refusals())[kind]);
      skip(/EADDRNOTAVAIL|EAFNOSUPPORT/.test(refusal), `no such address here: ${refusal}`);
      expect(refusal).toMatch(REFUSED);
      expect(refusal).toContain('Close its servers before, or allow accept4');
    },
  );

  test('cannot be hardened with it on one thread either', () => {
    const options = { threads: 'current', acceptSharedPool: true };
    expect(hardened(['a Unix socket'], 'accept4', options)).toEqual({
      'a Unix socket': expect.stringMatching(REFUSED),
    });
  });

  test('continues to serve under a profile that allows accept4, which Node uses', () => {
    expect(hardened(['an IPv4 socket'], 'accept')).toEqual({ 'an IPv4 socket': 'served' });
  });

  test('no longer, but has a connection, a socket that was closed or none, can be hardened', () => {
    const kinds = ['a connection', 'a socket that was closed', 'no socket'];
    expect(hardened(kinds, 'accept4')).toEqual(Object.fromEntries(kinds.map((kind) => [kind, 'hardened'])));
  });

  test('in another network namespace is detected as well', ({ skip }) => {
    const command = [process.execPath, ...arguments_(['an abstract Unix socket'], 'accept4')];
    const { stdout, stderr } = spawnSync('unshare', ['--user', '--net', ...command], OPTIONS);
    skip(/^unshare:/.test(stderr), `no network namespace here: ${stderr}`);
    expect(JSON.parse(stdout)).toEqual({ 'an abstract Unix socket': expect.stringMatching(REFUSED) });
  });
});

describeUnless(hasRings() ? undefined : NO_IO_URING, 'acceptRings', () => {
  test('is asked for, and allows io_uring_enter on the existing instances, and the process continues', () => {
    const [refusal, ...result] = evaluateScript(
      `
      let refusal;
      try { sandbox.harden(denying(1, 'io_uring_enter')); } catch ({ code, message }) { refusal = [code, message]; }
      const early = new Worker("require('node:worker_threads').parentPort.on('message', (m) => require('node:fs').promises.stat('/').then(() => process.exit(m)))", { eval: true });
      await once(early, 'online');
      const { filters, threads } = sandbox.harden('docker-default', { acceptRings: true });
      const enter = (fd) => sandbox.evaluate(filters[0].policy, { arch: filters[0].policy.abis[0].abi.audit, number: 426, args: [BigInt(fd), 0n, 0n, 0n, 0n, 0n] }).kind;
      early.postMessage(7);
      const [earlyEnd] = await once(early, 'exit');
      const late = new Worker("require('node:fs').promises.stat('/').then(() => process.exit(8))", { eval: true });
      const lateEnd = once(late, 'exit'); // It may end before the server has answered.
      const server = require('node:net').createServer((socket) => socket.end('x')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = require('node:net').connect(server.address().port, '127.0.0.1');
      const answers = [await once(client, 'data').then(String), (await lateEnd)[0]];
      return [refusal, threads, rings().length > 0, rings().map(enter), enter(1000), earlyEnd, ...answers];`,
      { env: WITH_RINGS },
    ) as unknown[];
    expect(refusal).toEqual([
      'ERR_SECCOMP_UNSUPPORTED',
      expect.stringMatching(/io_uring.*`npx seccomp run -p .*fork\(\).*acceptRings: true leaves a hole/),
    ]);
    expect([...result.slice(0, 2), new Set(result[2] as string[]), ...result.slice(3)]).toEqual([
      'all',
      true,
      new Set(['allow']),
      'errno',
      7,
      'x',
      8,
    ]);
  });
});

test('noNewPrivileges: false leaves no_new_privs unset for a process with CAP_SYS_ADMIN', ({ skip }) => {
  skip(hasNoNewPrivs(), NO_NEW_PRIVS);
  skip(!hasCapability('CAP_SYS_ADMIN'), 'this process has no CAP_SYS_ADMIN');
  const { status, stdout } = script(`
    const { noNewPrivileges } = sandbox.harden(denying(77, 'mkdir'), { noNewPrivileges: false });
    console.log(threads('NoNewPrivs').join(''), noNewPrivileges, failure(() => fs.mkdirSync('/nowhere/x')));`);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^0+ false -77\n$/)]);
});
