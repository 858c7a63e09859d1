/** `seccomp run --explain`: reports the calls that the profile denies, and exits as the program does. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';

const explain = (...args: readonly string[]) => seccomp('run', '--explain', ...args);

/** Runs the command in a process of its own, which a signal ends, or whose stderr can't be written. */
const start = (args: readonly string[], stderr: number | 'pipe' = 'pipe') =>
  spawnSync(process.execPath, [main, 'run', '--explain', ...args], { stdio: ['ignore', 'ignore', stderr] });

const denying = (action: string, errnoRet?: number) =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action, ...(action === 'SCMP_ACT_ERRNO' && { errnoRet }) }],
  });

/** A program that makes the denied call, and whose own message goes nowhere. */
const mkdir = (...paths: readonly string[]) => ['--', 'sh', '-c', `exec mkdir ${paths.join(' ')} 2>/dev/null`];

describe('seccomp run --explain', () => {
  test('reports each kind of denied call at once, and all kinds at the end', async () => {
    const profile = denying('SCMP_ACT_ERRNO', 1);
    const { status, stderr } = await explain('-p', profile, ...mkdir('/nowhere/a', '/nowhere/a'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^seccomp: mkdir(at)?\(.*"\/nowhere\/a".*\): EPERM\n {2}by \/.*mkdir \[\d+\], at \/.*\+0x/m);
    expect(stderr).toMatch(/\n {2}inline, syscalls\[0\] \(line 1\)\n/);
    expect(stderr).toMatch(/\nseccomp: one kind of calls denied\n {5}2× mkdir.*\n/);
  });

  test('suggests to change the rule that denies, or to add a rule', async () => {
    const byRule = await explain('-p', denying('SCMP_ACT_ERRNO'), ...mkdir('/nowhere/a'));
    expect(byRule.stderr).toMatch(
      /\n {8}to allow: change syscalls\[0\], which denies it; if .* add \{"names":\["mkdir/,
    );
    const byDefault = await explain('--', 'sh', '-c', 'unshare -r true 2>/dev/null');
    expect(byDefault.stderr).toMatch(
      /\n {8}to allow: \{"names":\["unshare"\],.*"args":\[\{"index":0,"value":268435456,/,
    );
  });

  test('suggests to extend a built-in profile whose rule denies, once for all calls that this allows', async () => {
    const twice = await explain('-p', 'node-no-exec', '--', 'env', 'PATH=/nowhere/a:/nowhere/b', 'no-such');
    expect(twice.stderr).toMatch(
      /denied\n {5}1× execve\("\/nowhere\/a.*\n {5}1× execve\("\/nowhere\/b.*\n {8}to allow: extend\('node-no-exec'\)\.allow\('execve'\);.*\n$/,
    );
    const script = 'child_process.spawnSync("true"); process.exitCode = 1';
    const child = await explain('-p', 'node-no-exec', '--', process.execPath, '-e', script);
    expect(child.stderr).toMatch(
      /\n {8}to allow: extend\('node-no-exec'\)\.allow\('v?(fork|clone)'(, arg\(0\)\.eq\(\d+\))?\);/,
    );
  });

  test('explains ENOSYS as the errno of a kernel without the call', async () => {
    const { stderr } = await explain('-p', denying('SCMP_ACT_ERRNO', 38), ...mkdir('/nowhere/a'));
    expect(stderr).toContain('"/nowhere/a", 0777): ENOSYS\n');
    expect(stderr).toContain('as on a kernel without this call');
  });

  test.each(['SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_TRAP'])(
    'explains after %s how to find out which call it was',
    async (action) => {
      for (const command of [
        ['mkdir', '/nowhere/a'],
        ['sh', '-c', 'exec 2>/dev/null; mkdir /nowhere/a; exit $?'],
      ]) {
        const { stderr } = await explain('-p', denying(action), '--', ...command);
        expect(stderr).toMatch(
          /^seccomp: SIGSYS ends a program .* with SCMP_ACT_ERRNO in place of these actions, and with --explain$/m,
        );
        expect(stderr).not.toContain('no call was denied');
      }
    },
  );

  test('separates denials that programs expect', async () => {
    const { stderr } = await explain('--', process.execPath, '-e', '0');
    expect(stderr).toMatch(/^seccomp: clone3\(.*\): ENOSYS\n(.*\n)*? {2}a fallback: programs expect this error/m);
    expect(stderr).toMatch(
      /^seccomp: no call was denied by docker-default\nseccomp: (one kind|\d kinds) of calls that programs do without\n +\d× /m,
    );
  });

  test('exits like the program if stderr cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const { status } = start(['-p', denying('SCMP_ACT_ERRNO'), 'sh', '-c', 'mkdir /nowhere/a 2>&-; exit 7'], full);
    closeSync(full);
    expect(status).toBe(7);
  });

  test('exits like the program, and passes signals on', async () => {
    expect(await explain('--', 'sh', '-c', 'exit 7')).toMatchObject({ status: 7 });
    expect(await explain('--', '/nowhere/program')).toMatchObject({ status: 127 });
    expect(start(['-p', denying('SCMP_ACT_KILL_PROCESS'), '--', 'mkdir', '/nowhere/x'])).toMatchObject({
      signal: 'SIGSYS',
    });
    const script = `trap 'kill $!; exit 9' TERM; sleep 60 >/dev/null 2>&1 & kill -TERM $PPID; wait`;
    expect(start(['--no-isolate', '--', 'sh', '-c', script])).toMatchObject({ status: 9 });
  });
});
