/** `untrusted`, the built-in sandbox. test/adversary/untrusted.test.ts attacks it. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { isolationSupport } from '../../../lib/landlock/domain.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import * as cgroup from '../../../lib/process-tree/cgroup.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { loadProfile } from '../../../lib/profile/source.js';
import { homeDirectories, isOrContains } from '../../../lib/sandbox/file/home-directories.js';
import { untrustedProfile } from '../../../lib/sandbox/file/untrusted.js';
import { loadSandbox } from '../../../lib/sandbox/load-sandbox.js';
import { run } from '../../../lib/sandbox/run.js';
import { Sandbox } from '../../../lib/sandbox/sandbox.js';
import { spawnSync } from '../../../lib/sandbox/spawn-sync.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { CAPABILITIES } from '../../../lib/syscalls/capabilities.js';
import { syscallNumber, syscallsOf } from '../../../lib/syscalls/table.js';
import { obstacleTo } from '../../support/commands.js';
import { describeUnless } from '../../support/describe-unless.js';
import { isSanitized } from '../../support/faults.js';
import { evaluateScript, hasCapability, packageRoot } from '../../support/scripts.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-untrusted-')));
const cwd = join(directory, 'work');
mkdirSync(cwd);
chmodSync(directory, 0o755); // For another user.
writeFileSync(join(cwd, 'input.txt'), 'input\n');
writeFileSync(join(directory, 'secret.txt'), 'secret\n');
symlinkSync(homedir(), join(directory, 'home'));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const obstacle = isolationSupport().reason ?? undefined;
/** The state of a process; undefined if there is none. A zombie has ended, and waits for whoever has adopted it. */
function stateOf(pid: string): string | undefined {
  try {
    return /^State:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

const inShell = (script: string, options: object = {}) => run('sh', ['-c', script], 'untrusted', { cwd, ...options });

describeUnless(obstacle, 'under untrusted, a program', () => {
  test('reads its working directory, and writes its own directory only', async () => {
    const { stdout, stderr } = await inShell(
      'cat input.txt; cat ../secret.txt; touch new || echo x >"$TMPDIR/x"; ls "$HOME"; rm input.txt; true',
    );
    expect(stdout).toBe('input\nx\n');
    expect(stderr.match(/Permission denied/g)).toHaveLength(3);
  });

  test('has a clean environment', async () => {
    vi.stubEnv('SECRET', 'secret');
    vi.stubEnv('TZ', 'UTC');
    vi.stubEnv('TERM', 'dumb');
    vi.stubEnv('LC_TIME', 'C');
    const { stdout } = await inShell('env');
    const names = stdout
      .match(/^\w+(?==)/gm)
      ?.filter((name) => !/^(_|PWD|LANG(UAGE)?|COLORTERM|LC_(?!TIME).*)$/.test(name));
    expect(names?.sort()).toEqual(['HOME', 'LC_TIME', 'PATH', 'TERM', 'TMPDIR', 'TZ']);
    expect(/^HOME=(.*)$/m.exec(stdout)?.[1]).toBe(/^TMPDIR=(.*)$/m.exec(stdout)?.[1]);
  });

  test('is restricted in each dimension, and enforcement says how', async () => {
    const { enforcement } = await inShell('true');
    expect(enforcement).toMatchObject({
      isolation: { by: 'scopes' },
      paths: { by: 'landlock' },
      network: { by: 'filter' },
      tree: { by: 'guardian' },
      limits: { enforced: ['memory', 'processes'] },
    });
    expect(enforcement.isolation.closed).toEqual(expect.arrayContaining(['memory', 'signals', 'core-dumps']));
  });

  test.each<[string, string, string]>([
    ['memory', 'head -c 2G /dev/zero | tail', 'memory'],
    ['processes', 'bomb() { bomb | bomb & }; bomb; sleep 60', 'processes'],
    ['the size of a file', 'head -c 1G /dev/zero >"$TMPDIR/large"', 'file-size'],
    ['time', 'while :; do :; done', 'time'],
  ])('is bounded in %s where there is no cgroup', async (_, script, limit) => {
    vi.spyOn(cgroup, 'ownCgroup').mockReturnValue({ reason: 'none', remedy: 'mount it' });
    const timeout = limit === 'time' ? 300 : 60_000;
    const { limit: ending, enforcement } = await inShell(script, { timeout }).catch((error) => error);
    expect([ending, enforcement.limits]).toEqual([
      limit,
      { by: 'guardian', sampledEvery: 100, enforced: ['memory', 'processes'], open: ['uncounted-memory'] },
    ]);
  });

  test('keeps no capability', async () => {
    const { stdout } = await inShell('grep ^Cap /proc/self/status', {
      paths: { read: ['@system', '/proc'], write: ['@tmp'] },
    });
    // Without CAP_SETPCAP, the bounding set stays, and is of no use with no_new_privs.
    const names = ['Prm', 'Eff', 'Amb', ...(hasCapability('CAP_SETPCAP') ? ['Bnd'] : [])];
    const kept = names.filter((name) => !new RegExp(`^Cap${name}:\\s*0+$`, 'm').test(stdout));
    expect(kept).toEqual([]);
  });

  test('is ended with all that it has started', async () => {
    const { stdout } = await inShell('setsid sleep 1000 >/dev/null 2>&1 & echo $!');
    expect(['Z (zombie)', undefined]).toContain(stateOf(stdout.trim()));
    expect(spawnSync('sleep', ['1000'], 'untrusted', { cwd, timeout: 20 })).toMatchObject({ limit: 'time' });
  });

  test.for<[string, string, readonly string[], string]>([
    [
      'python3',
      'python3',
      ['-c', 'import tempfile, multiprocessing; print(open("input.txt").read(), end="")'],
      'input\n',
    ],
    ['node', process.execPath, ['-p', 'fs.readFileSync("input.txt", "utf8").trim()'], 'input\n'],
    ['gcc', 'sh', ['-c', 'cd "$TMPDIR" && echo "int main(void) { return 0; }" >a.c && gcc -o a a.c && ls'], 'a\na.c\n'],
    ['git', 'sh', ['-c', 'cd "$TMPDIR" && git init -q . && git add -A && git status --short && ls -d .git'], '.git\n'],
  ])('may be %s', async ([name, command, args, output], { skip }) => {
    const obstacle = name === 'node' ? runtimeBesideNode() : obstacleTo(name);
    skip(obstacle !== undefined, obstacle);
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
    expect((await run(command, args, loadSandbox({ extends: 'untrusted', env }), { cwd })).stdout).toBe(output);
  });

  const runtimeBesideNode = () =>
    isSanitized() ? 'the runtime of a sanitizer is beside Node, not in @system' : undefined;

  test('may be what a Sandbox starts', async () => {
    const { execSync, fork } = new Sandbox('untrusted', { cwd });
    expect(execSync('cat input.txt', { encoding: 'utf8' })).toBe('input\n');
    writeFileSync(join(cwd, 'module.cjs'), "process.send(require('node:fs').readFileSync('input.txt', 'utf8'))");
    const child = fork('module.cjs', { execArgv: [] });
    expect(await once(child, 'message')).toEqual(['input\n', undefined]);
    child.disconnect();
  });
});

test('the profile denies what reaches other processes of the user, and nothing else', () => {
  const host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set<string>(CAPABILITIES) } as const;
  const [ours, dockers] = [untrustedProfile(), loadProfile('docker-default')].map((each) => resolve(each, host));
  const kindOf = (policy: typeof ours, number: number, args: readonly bigint[] = []) => {
    const all = Array.from({ length: 6 }, (_, i) => args[i] ?? 0n);
    return policy && evaluate(policy, { arch: abiOf('x86_64').audit, number, args: all as never }).kind;
  };
  const denied = [...syscallsOf('x86_64')].filter(
    ([, number]) => kindOf(dockers, number) === 'allow' && kindOf(ours, number) !== 'allow',
  );
  expect(denied.map(([name]) => name).sort()).toEqual([
    ...['ioprio_set', 'kcmp', 'mq_open', 'mq_unlink', 'msgctl', 'msgget', 'msgrcv', 'msgsnd', 'pidfd_getfd'],
    ...['process_madvise', 'process_vm_readv', 'process_vm_writev', 'ptrace'],
    ...['semctl', 'semget', 'semop', 'semtimedop', 'shmat', 'shmctl', 'shmdt', 'shmget'],
  ]);
  const decisions = (name: string, ...lists: readonly (readonly bigint[])[]) =>
    lists.map((args) => kindOf(ours, syscallNumber('x86_64', name) ?? -1, args));
  for (const name of ['sched_setaffinity', 'sched_setscheduler', 'sched_setparam', 'sched_setattr'])
    expect(decisions(name, [0n], [7n], [1n << 32n])).toEqual(['allow', 'errno', 'allow']); // A pid has 32 bits.
  expect(decisions('setpriority', [0n, 0n], [0n, 7n], [1n, 0n], [2n, 0n])).toEqual([
    'allow',
    'errno',
    'errno',
    'errno',
  ]);
  expect(decisions('ioprio_set', [1n, 0n], [1n, 7n], [0n, 0n], [2n, 0n], [3n, 0n])).toEqual([
    ...['allow', 'errno', 'errno', 'errno', 'errno'],
  ]);
});

test('the profile denies shared memory by key to 32-bit programs too', () => {
  const profile = untrustedProfile();
  for (const [abi, syscall] of [
    ['x86_64', 'shmget'],
    ['x86', 'shmget'],
    ['x86', 'ipc'],
    ['x86', 'mq_open'],
  ] as const) {
    const arch = abiOf(abi).audit;
    const number = Number(syscallNumber(abi, syscall));
    const host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set<string>() } as const;
    const { kind } = evaluate(resolve(profile, host), { arch, number, args: [0n, 0n, 0n, 0n, 0n, 0n] });
    expect([abi, syscall, kind]).toEqual([abi, syscall, 'errno']);
  }
});

describe('home directories', () => {
  test('are those of HOME, of root and of other people', () => {
    vi.stubEnv('HOME', cwd);
    expect(homeDirectories()).toEqual(expect.arrayContaining([cwd, '/root']));
    vi.stubEnv('HOME', 'relative');
    expect(homeDirectories()).not.toContain('relative');
  });

  test('are contained by what is above them, and by nothing else', () => {
    const home = join(directory, 'home-of-somebody');
    mkdirSync(home, { recursive: true });
    symlinkSync(home, join(directory, 'home-by-link'));
    const places = [home, join(directory, 'home-by-link'), directory, '/', `${home}-2`, join(home, 'work')];
    expect(places.map((place) => isOrContains(place, home))).toEqual([true, true, true, true, false, false]);
  });

  test('are no obstacle for a user without one', ({ skip }) => {
    skip(process.getuid?.() !== 0 || obstacleTo('setpriv') !== undefined, 'needs root and setpriv');
    const ids = ['--reuid=12345', '--regid=12345', '--clear-groups'];
    const code = `
      const { spawnSync } = require(${JSON.stringify(packageRoot)});
      console.log(spawnSync('cat', ['input.txt'], 'untrusted', { cwd: ${JSON.stringify(cwd)}, encoding: 'utf8' }).stdout)`;
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent' };
    const { stdout, stderr } = nodeSpawnSync('setpriv', [...ids, process.execPath, '-e', code], {
      encoding: 'utf8',
      env,
    });
    skip(stderr.includes('EACCES') || stderr.includes('Cannot find module'), 'another user cannot read this checkout');
    expect([stdout, stderr]).toEqual(['input\n\n', '']);
  });
});

describeUnless(obstacle, 'untrusted starts no program', () => {
  const above = dirname(homedir());
  test.each<[string, string, string]>([
    ['in /', '/', 'contains all files'],
    ['in the home directory', homedir(), `contains the home directory ${homedir()}`],
    ['above the home directory', above, 'and this sandbox lets the program read it'],
    [
      'by a link to the home directory',
      join(directory, 'home'),
      'start it in a directory that has only what it may read',
    ],
  ])('%s', (_, place, message) => {
    expect(() => spawnSync('true', [], 'untrusted', { cwd: place })).toThrow(
      expect.objectContaining({ code: 'ERR_SECCOMP_OPTION', message: expect.stringContaining(message) }),
    );
    expect(() => new Sandbox('untrusted', { cwd: place })).toThrow(message);
  });

  test('in another home directory that HOME names', () => {
    vi.stubEnv('HOME', cwd);
    expect(() => spawnSync('true', [], 'untrusted', { cwd })).toThrow(`contains the home directory ${cwd}`);
  });

  test('that would replace this process, which could not end it', () => {
    const message = evaluateScript(`
      try { sandbox.execve('true', 'untrusted'); } catch (error) { return error.message; }`);
    expect(message).toMatch(/^untrusted: execve can't honor \w+ of this sandbox/);
  });
});

describe('untrusted where isolation is incomplete', () => {
  // A filter that denies Landlock to this process and its children.
  const script = (options: string) => `
    sandbox.harden(sandbox.Profile.denylist().deny('landlock_create_ruleset'));
    try { return sandbox.spawnSync('true', [], 'untrusted', ${options}).enforcement; } catch ({ code, message }) { return [code, message]; }`;

  test('starts no program', () => {
    expect(evaluateScript(script(`{ cwd: ${JSON.stringify(cwd)} }`))).toEqual([
      'ERR_SECCOMP_UNSUPPORTED',
      expect.stringMatching(
        /^isolation, which this sandbox needs, can't be honored: an attached filter denies Landlock/,
      ),
    ]);
  });

  test('starts one with bestEffort, and says what is not enforced', () => {
    expect(evaluateScript(script(`{ cwd: ${JSON.stringify(cwd)}, bestEffort: true }`))).toMatchObject({
      isolation: { reason: expect.stringContaining('denies Landlock') },
      paths: { reason: expect.stringContaining('denies Landlock') },
      network: { by: 'filter' },
    });
  });
});
