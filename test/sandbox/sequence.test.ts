/** All system calls of a child before its program runs. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { memoize } from '../../lib/util/memo.js';
import { dist } from '../support/built.js';
import { describeUnless } from '../support/describe-unless.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-strace-'));
afterAll(() => rmSync(directory, { recursive: true }));
const traced =
  spawnSync('strace', ['--version']).status === 0 && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Returns the names of the calls from clone to execve. Equal calls in a row are counted: `62 rt_sigaction`. */
const sequence = memoize((start: string): readonly string[] => {
  const traces = mkdtempSync(join(directory, 'trace-'));
  const script = `import { spawn } from ${JSON.stringify(dist)}; ${start}`;
  const args = ['-ff', '-o', join(traces, 'of'), process.execPath, '--input-type=module', '-e', script];
  // Files, not pipes: Node ≥ 22 leaves pipes non-blocking, and a child that inherits one makes one more fcntl call.
  const errors = openSync(join(directory, 'errors'), 'w+');
  const { status } = spawnSync('strace', args, { stdio: ['ignore', 'ignore', errors] });
  closeSync(errors);
  if (status !== 0) throw new Error(readFileSync(join(directory, 'errors'), 'utf8'));
  const each = readdirSync(traces).map((name) => readFileSync(join(traces, name), 'utf8'));
  const child = each.find((trace) => /^execve\("\/bin\/true"/m.test(trace)) ?? '';
  const calls = [...child.matchAll(/^(\w+)\(/gm)].map(([, name = '']) => name);
  return counted(calls.slice(0, calls.indexOf('execve') + 1));
});

function counted(calls: readonly string[]): readonly string[] {
  const starts = calls.flatMap((call, i) => (call === calls[i - 1] ? [] : [i]));
  return starts.map((from, i) => {
    const times = (starts[i + 1] ?? calls.length) - from;
    return `${times === 1 ? '' : `${times} `}${calls[from]}`;
  });
}

/** The calls that docs/reference/how-it-works.md lists, which are those of a kernel with Landlock. */
function documented(): readonly string[] {
  const page = readFileSync(new URL('../../docs/reference/how-it-works.md', import.meta.url), 'utf8');
  const list = /```text\n(62 rt_sigaction .*?)```/s.exec(page)?.[1] ?? '';
  const columns = list
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/)[0] ?? '');
  return columns.flatMap((calls) => calls.match(/(?:\d+ )?\w+/g) ?? []);
}

/** Disables core dumps, and enters a Landlock domain if the kernel has Landlock, which needs no_new_privs. */
const hasDomain = isolationSupport().domain !== undefined;
const isolated = ['2 prlimit64', ...(hasDomain ? ['prctl', 'landlock_restrict_self'] : [])];
const noNewPrivileges = hasDomain ? [] : ['prctl'];

/** Duplicates a descriptor to its index, and reads its flags. */
const PLACED = ['dup3', 'fcntl'];

describeUnless(
  traced ? undefined : 'strace is missing, or may not trace',
  'between clone and execve a child makes',
  () => {
    test('only these calls', () => {
      expect(sequence("spawn('/bin/true', 'docker-default')")).toEqual([
        '62 rt_sigaction',
        ...isolated,
        ...PLACED,
        ...PLACED,
        ...PLACED,
        'close_range',
        'rt_sigprocmask',
        ...noNewPrivileges,
        'seccomp',
        'execve',
      ]);
    });

    test('with paths the same', ({ skip }) => {
      const { reason } = pathsSupport();
      if (reason !== null) skip(reason);
      const withPaths = sequence("spawn('/bin/true', [], 'docker-default', { paths: { read: ['@system'] } })");
      expect(withPaths).toEqual(sequence("spawn('/bin/true', 'docker-default')"));
    });

    test('with an agent also getpid, and sendmsg before the program', async () => {
      const agent = listen(join(directory, 'agent.sock'), {});
      const profile = JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerPath: agent.path,
        syscalls: [{ names: ['sched_get_priority_max'], action: 'SCMP_ACT_NOTIFY' }],
      });
      expect(sequence(`spawn('/bin/true', [], ${JSON.stringify(profile)}, { stdio: 'inherit' })`)).toEqual([
        '62 rt_sigaction',
        ...isolated,
        '7 fcntl', // First the connection is moved to a free descriptor.
        'close_range',
        'rt_sigprocmask',
        'getpid',
        ...noNewPrivileges,
        'seccomp',
        'sendmsg',
        'execve',
      ]);
      await agent.close();
    });

    test('with a listener and a limit of descriptors also close, below the limit', () => {
      const options = { stdio: 'inherit', onViolation: true, rlimits: { nofile: 64 } };
      expect(sequence(`spawn('/bin/true', [], 'docker-default', ${JSON.stringify(options)})`)).toEqual([
        '62 rt_sigaction',
        ...isolated,
        '7 fcntl',
        'close_range',
        'prlimit64',
        'close', // Of a copy of the parent's descriptor, so that the listener has a place below the limit.
        'rt_sigprocmask',
        ...noNewPrivileges,
        'seccomp',
        'sendmsg',
        'execve',
      ]);
    });

    test('with a profile that denies execve also getrandom, and with each option its own call', () => {
      const profile = JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['execve'], action: 'SCMP_ACT_ERRNO' }],
      });
      const options = { stdio: 'inherit', detached: true, cwd: '/', rlimits: { core: 0 } };
      expect(sequence(`spawn('/bin/true', [], ${JSON.stringify(profile)}, ${JSON.stringify(options)})`)).toEqual([
        '62 rt_sigaction',
        'setsid',
        ...isolated,
        '6 fcntl', // Descriptors that have their index already: FD_CLOEXEC is cleared, and the flags are read.
        'close_range',
        'chdir',
        'prlimit64',
        'rt_sigprocmask',
        ...noNewPrivileges,
        'getrandom',
        'seccomp',
        'execve',
      ]);
    });

    test('without isolation neither landlock_restrict_self nor prlimit64', () => {
      expect(sequence("spawn('/bin/true', [], 'docker-default', { isolate: false, stdio: 'inherit' })")).toEqual([
        '62 rt_sigaction',
        '6 fcntl',
        'close_range',
        'rt_sigprocmask',
        'prctl',
        'seccomp',
        'execve',
      ]);
    });
  },
);

describeUnless(
  traced && hasDomain ? undefined : 'strace is missing or may not trace, or this kernel has no Landlock',
  'the documentation',
  () => {
    test('lists the calls between clone and execve', () => {
      expect(documented()).toEqual(sequence("spawn('/bin/true', 'docker-default')"));
    });
  },
);
