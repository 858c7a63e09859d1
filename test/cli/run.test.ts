/** `seccomp run`: becomes the program, or exits with the status of env(1) if it can't. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../support/built.js';
import { parseStatus } from '../support/processes.js';

const seccomp = (args: readonly string[], options: { readonly input?: string } = {}) => {
  const { status, signal, stdout, stderr, pid } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    ...options,
  });
  return { status, signal, stdout, stderr, pid };
};
const killing = (...names: string[]) =>
  JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_KILL_PROCESS' }] });
const denying = (action: string, errnoRet?: number) =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action, ...(action === 'SCMP_ACT_ERRNO' && { errnoRet }) }],
  });

describe('seccomp run', () => {
  test('becomes the program: same process ID, with the filter, default signal dispositions and only standard descriptors', () => {
    const { pid, stdout } = seccomp(['run', '-p', 'docker-default', '--', 'cat', '/proc/self/status']);
    const status = parseStatus(stdout);
    expect(status.get('Pid')).toBe(String(pid));
    expect(status.get('Seccomp')).toBe('2');
    expect(status.get('NoNewPrivs')).toBe('1');
    expect(status.get('SigIgn')).toBe('0'.repeat(16));
    expect(status.get('SigBlk')).toBe('0'.repeat(16));
    expect(seccomp(['run', '--', 'ls', '/proc/self/fd']).stdout).toBe('0\n1\n2\n3\n'); // 3 is ls's own.
  });

  test('reads the profile strictly, unless --compat is given', () => {
    const profile = '{"defaultAction": "SCMP_ACT_ALLOW", "syscals": []}';
    expect(seccomp(['run', '-p', profile, 'true'])).toMatchObject({ status: 125 });
    expect(seccomp(['run', '--compat', '-p', profile, 'true'])).toMatchObject({ status: 0 });
    expect(seccomp(['explain', '--compat', '--format', 'docker', profile, 'mount']).stdout).toMatch(
      /mount on \w+: allow/,
    );
  });

  test('filters nothing for unconfined, and refuses by its name a flag that has no effect on it', () => {
    const userNamespace = (...options: readonly string[]) => seccomp(['run', ...options, 'unshare', '-U', 'true']);
    const unfiltered = spawnSync('unshare', ['-U', 'true'], { encoding: 'utf8' });
    for (const name of ['unconfined', 'Unconfined'])
      expect(userNamespace('-p', name)).toMatchObject({ status: unfiltered.status, stderr: unfiltered.stderr });
    expect(seccomp(['run', '--explain', '-p', 'unconfined', 'true'])).toMatchObject({ status: 0 });
    expect(seccomp(['check', 'unconfined'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(seccomp(['explain', 'unconfined', 'mount']).stdout).toMatch(/^mount on \w+: allow\n/);
    expect(seccomp(['explain', 'unconfined']).stdout).toMatch(/^allow \(\d+\)\n/);
    const refused = (flag: string, what: string) => `seccomp: ${flag}: has no effect on ${what}: leave it out\n`;
    expect(seccomp(['run', '--compat', '-p', 'unconfined', 'true'])).toMatchObject({
      status: 125,
      stderr: refused('--compat', 'unconfined'),
    });
    expect(seccomp(['explain', '--format', 'oci', 'docker-default', 'mount'])).toMatchObject({
      status: 125,
      stderr: refused('--format', 'a built-in profile'),
    });
  });

  test('refuses two options about isolation', () => {
    for (const pair of [
      ['--isolate', '--no-isolate'],
      ['--no-isolate', '--isolate'],
      ['--isolate', '--abstract-sockets'],
    ])
      expect(seccomp(['run', ...pair, '--', 'true'])).toMatchObject({
        status: 125,
        stderr: expect.stringMatching(/leave one/),
      });
  });

  test('names its own option in the error for isolation that is not possible', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'this user can be isolated');
    const { status, stderr } = seccomp(['run', '--isolate', '--', 'true']);
    expect([status, stderr]).toEqual([
      125,
      expect.stringMatching(/--isolate can't be honored: uid 0 .*: start seccomp as another user/),
    ]);
  });

  test('passes input, output and exit status through', () => {
    const result = seccomp(['run', 'sh', '-c', 'cat; echo err >&2; exit 7'], { input: 'in' });
    expect(result).toMatchObject({ status: 7, stdout: 'in', stderr: 'err\n' });
    expect(seccomp(['run', '--', 'sh', '-c', 'kill -9 $$'])).toMatchObject({ status: null, signal: 'SIGKILL' });
  });

  test('passes the program’s own options through', () => {
    expect(seccomp(['run', 'echo', '-p', '--help', '--']).stdout).toBe('-p --help --\n');
  });

  test('uses docker-default if no profile is given', () => {
    const stderr = expect.stringContaining('Operation not permitted');
    expect(seccomp(['run', 'unshare', '--user', 'true'])).toMatchObject({ status: 1, stderr });
  });

  test('resolves the profile for capabilities and ABIs that are named', () => {
    const options = ['--capability', 'CAP_SYS_ADMIN', '--capability', 'CAP_CHOWN', '--abi', 'x86'];
    const under = seccomp(['run', ...options, 'unshare', '--uts', 'true']);
    const without = spawnSync('unshare', ['--uts', 'true'], { encoding: 'utf8' });
    expect(under).toMatchObject({ status: without.status, stderr: without.stderr });
  });

  test('takes a profile by path and as text', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'seccomp-')), 'p.json');
    writeFileSync(file, killing('mkdir', 'mkdirat'));
    for (const profile of [file, killing('mkdir', 'mkdirat')]) {
      expect(seccomp(['run', '-p', profile, '--', 'mkdir', 'x'])).toMatchObject({ status: null, signal: 'SIGSYS' });
    }
  });

  test('starts the program under a profile that denies execve, but no other program', () => {
    const result = seccomp(['run', '-p', killing('execve'), '--', 'sh', '-c', 'echo started; exec /bin/true']);
    expect(result).toMatchObject({ stdout: 'started\n', signal: 'SIGSYS' });
  });

  test.each([
    ['127 for a command that is not there', 127, ['surely-not-there'], /surely-not-there: command not found/],
    ['126 for a file that is no program', 126, ['/etc/passwd'], /\/etc\/passwd: not executable \(EACCES\)/],
    ['126 for a directory', 126, ['/'], /not executable/],
    ['125 for a profile that is not there', 125, ['-p', './no.json', 'true'], /no\.json: the profile can't be read/],
    ['125 for a built-in that is not there', 125, ['-p', 'docker', 'true'], /unknown built-in profile "docker"/],
    ['125 for a profile with mistakes', 125, ['-p', '{"defaultAction": "NO"}', 'true'], /inline:1:2: defaultAction/],
    ['125 for an unknown option', 125, ['--profil', 'x', 'true'], /^seccomp: unknown option '--profil'/],
    ['125 for no command', 125, [], /missing required argument/],
    ['125 for an unknown capability', 125, ['--capability', 'CAP_X', '--', 'true'], /unknown capability "CAP_X"/],
  ])('exits %s', (_, status, args, message) => {
    const result = seccomp(['run', ...args]);
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  test.each([
    ['run', '-p, --profile <profile>', ['-p', 'docker-default', '--profile=unconfined', 'true']],
    ['run', '--format <format>', ['--format', 'oci', '--format', 'oci', '-p', '{}', 'true']],
    ['record', '-o, --output <file>', ['-o', '/nowhere/a', '-o/nowhere/b', 'true']],
    ['record', '--base <profile>', ['--base', 'compute', '--base', 'compute', 'true']],
    ['record', '--format <format>', ['-o', '/nowhere/a', '--format', 'spo', '--format', 'docker', 'true']],
    ['explain', '--abi <name>', ['--abi', 'x86', '--abi', 'x86_64', 'docker-default', 'mount']],
    ['check', '--format <format>', ['--format', 'oci', '--format', 'docker', '{}']],
  ])('exits 125 for an option that may be given only once: %s %s', (command, flags, args) => {
    const { status, stdout, stderr } = seccomp([command, ...args]);
    expect([status, stdout]).toEqual([125, '']);
    expect(stderr).toContain(`seccomp: option '${flags}' can be given only once\n`);
  });

  test('reports a missing program under a profile that kills for all calls that it could make', () => {
    const profile = '{"defaultAction": "SCMP_ACT_KILL_PROCESS"}';
    expect(seccomp(['run', '-p', profile, 'surely-not-there'])).toMatchObject({ status: 127 });
  });
});

describe('seccomp', () => {
  test('prints its version and its help', () => {
    expect(seccomp(['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(seccomp(['--help'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/run .*doctor/s) });
  });

  test('exits 125 for an unknown command, with the nearest one', () => {
    const stderr = expect.stringMatching(/unknown command 'rum'[\s\S]*Did you mean run/);
    expect(seccomp(['rum'])).toMatchObject({ status: 125, stderr });
  });
});

describe('seccomp run --explain', () => {
  test('reports each kind of denied call at once, and all kinds at the end', () => {
    const profile = JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    });
    const { status, stderr } = seccomp(['run', '--explain', '-p', profile, '--', 'mkdir', '/nowhere/a', '/nowhere/a']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^seccomp: mkdir(at)?\(.*"\/nowhere\/a".*\): EPERM\n {2}by \/.*mkdir \[\d+\], at \/.*\+0x/m);
    expect(stderr).toMatch(/\n {2}inline, syscalls\[0\] \(line 1\)\n/);
    expect(stderr).toMatch(/\nseccomp: one kind of calls denied\n {5}2× mkdir.*\n/);
  });

  test('suggests to change the rule that denies, or to add a rule', () => {
    const args = ['run', '--explain', '-p'];
    const byRule = seccomp([...args, denying('SCMP_ACT_ERRNO'), '--', 'mkdir', '/nowhere/a']);
    expect(byRule.stderr).toMatch(
      /\n {8}to allow: change syscalls\[0\], which denies it; if .* add \{"names":\["mkdir/,
    );
    const byDefault = seccomp(['run', '--explain', '--', 'unshare', '-r', 'true']);
    expect(byDefault.stderr).toMatch(
      /\n {8}to allow: \{"names":\["unshare"\],.*"args":\[\{"index":0,"value":268435456,/,
    );
  });

  test('suggests to extend a built-in profile whose rule denies, once for all calls that this allows', () => {
    const explain = ['run', '--explain', '-p', 'node-no-exec', '--'];
    const twice = seccomp([...explain, 'env', 'PATH=/nowhere/a:/nowhere/b', 'no-such']);
    expect(twice.stderr).toMatch(
      /denied\n {5}1× execve\("\/nowhere\/a.*\n {5}1× execve\("\/nowhere\/b.*\n {8}to allow: extend\('node-no-exec'\)\.allow\('execve'\);.*\n$/,
    );
    const child = seccomp([...explain, process.execPath, '-e', 'child_process.spawnSync("true")']);
    expect(child.stderr).toMatch(
      /\n {8}to allow: extend\('node-no-exec'\)\.allow\('v?(fork|clone)'(, arg\(0\)\.eq\(\d+\))?\);/,
    );
  });

  test('explains ENOSYS as the errno of a kernel without the call', () => {
    const { stderr } = seccomp(['run', '--explain', '-p', denying('SCMP_ACT_ERRNO', 38), '--', 'mkdir', '/nowhere/a']);
    expect(stderr).toContain('"/nowhere/a", 0777): ENOSYS\n');
    expect(stderr).toContain('as on a kernel without this call');
  });

  test.each(['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP'])(
    'explains after %s how to find out which call it was',
    (action) => {
      for (const command of [
        ['mkdir', '/nowhere/a'],
        ['sh', '-c', 'mkdir /nowhere/a; exit $?'],
      ]) {
        const { stderr } = seccomp(['run', '--explain', '-p', denying(action), '--', ...command]);
        expect(stderr).toMatch(
          /^seccomp: SIGSYS ends a program .* with SCMP_ACT_ERRNO in place of these actions, and with --explain$/m,
        );
        expect(stderr).not.toContain('no call was denied');
      }
    },
  );

  test('separates denials that programs expect', () => {
    const { stderr } = seccomp(['run', '--explain', '--', process.execPath, '-e', '0']);
    expect(stderr).toMatch(/^seccomp: clone3\(.*\): ENOSYS\n(.*\n)*? {2}a fallback: programs expect this error/m);
    expect(stderr).toMatch(
      /^seccomp: no call was denied by docker-default; --explain does not see filters .*\nseccomp: (one kind|\d kinds) of calls that programs replace by older ones\n +\d× /m,
    );
  });

  test('exits like the program if stderr cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const args = ['run', '--explain', '-p', denying('SCMP_ACT_ERRNO'), 'sh', '-c', 'mkdir /nowhere/a 2>&-; exit 7'];
    const { status } = spawnSync(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', full] });
    closeSync(full);
    expect(status).toBe(7);
  });

  test('exits like the program, and passes signals on', () => {
    expect(seccomp(['run', '--explain', '--', 'sh', '-c', 'exit 7'])).toMatchObject({ status: 7 });
    expect(seccomp(['run', '--explain', '-p', killing('mkdir', 'mkdirat'), '--', 'mkdir', '/nowhere/x']).signal).toBe(
      'SIGSYS',
    );
    const script = `trap 'kill $!; exit 9' TERM; sleep 60 >/dev/null 2>&1 & kill -TERM $PPID; wait`;
    expect(seccomp(['run', '--explain', '--no-isolate', '--', 'sh', '-c', script])).toMatchObject({ status: 9 });
    expect(seccomp(['run', '--explain', '--', '/nowhere/program'])).toMatchObject({ status: 127 });
  });
});
