/** examples/untrusted-code.mjs: code in three languages, with and without a working directory. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/scripts.js';

interface Result {
  readonly end: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly denied?: readonly { readonly syscall: string; readonly count: number }[];
}
type RunCode = (language: string, code: string, options?: object) => Promise<Result>;

const { runCode }: { readonly runCode: RunCode } = await import(join(packageRoot, 'examples/untrusted-code.mjs'));

const NETWORK = {
  python: 'import socket\nsocket.create_connection(("192.0.2.1", 80))',
  javascript: 'await fetch("http://192.0.2.1/")',
};

const { by, reason } = isolationSupport();
const OBSTACLE = by === 'scopes' ? undefined : String(reason);

test('an unknown language is an error', async () => {
  await expect(runCode('constructor', '')).rejects.toThrow('no such language: constructor');
});

describeUnless(OBSTACLE, 'code', () => {
  test.each([
    ['javascript', 'console.log(6 * 7)'],
    ['shell', 'echo $((6 * 7))'],
  ])('%s: returns the output', async (language, code) => {
    expect(await runCode(language, code)).toEqual({
      end: 'exit',
      exitCode: 0,
      signal: null,
      stdout: '42\n',
      stderr: '',
      denied: [],
    });
  });

  test('JavaScript that connects is denied a socket', async () => {
    const { end, exitCode, denied } = await runCode('javascript', NETWORK.javascript);
    expect({ end, exitCode, denied }).toMatchObject({
      end: 'exit',
      exitCode: 1,
      denied: [{ syscall: 'socket', count: 1 }],
    });
  });

  test('names the bound that ended the code', async () => {
    expect(await runCode('shell', 'while :; do :; done', { seconds: 0.05 })).toMatchObject({ end: 'time' });
    const { end, stdout } = await runCode('shell', 'while :; do echo y; done', { output: 1000 });
    expect([end, stdout.length]).toEqual(['output', 1000]);
    const forks = 'i=0; while [ $i -lt 200 ]; do sleep 600 & i=$((i+1)); done; wait';
    expect(await runCode('shell', forks, { seconds: 60 })).toMatchObject({ end: 'processes' });
    expect(await runCode('shell', 'kill -9 $$')).toMatchObject({ end: 'signal', signal: 'SIGKILL' });
  });
});

describeUnless(OBSTACLE ?? obstacleTo('python3'), 'Python', () => {
  test('is denied a socket, and is ended for its memory', async () => {
    const { denied, stderr } = await runCode('python', NETWORK.python);
    expect(denied?.map(({ syscall }) => syscall)).toEqual(['socket']);
    expect(stderr).toContain('PermissionError');
    expect(await runCode('python', 'x = []\nwhile True: x.append(b"x" * 2**24)', { seconds: 60 })).toMatchObject({
      end: 'memory',
    });
  });
});

describeUnless(OBSTACLE, 'with a working directory', () => {
  const work = mkdtempSync(join(tmpdir(), 'seccomp-work-'));
  chmodSync(work, 0o777);
  afterAll(() => rmSync(work, { recursive: true }));

  test('the program prints the result, and the code wrote to the directory', () => {
    const args = ['examples/untrusted-code.mjs', 'shell', 'echo 42 > result; echo done', work];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: packageRoot });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ end: 'exit', exitCode: 0, stdout: 'done\n', stderr: '', denied: [] });
    expect(readFileSync(join(work, 'result'), 'utf8')).toBe('42\n');
  });

  test('the code opens neither other files of its user nor directories beside its own', async () => {
    const secret = join(tmpdir(), `seccomp-secret-${process.pid}`);
    writeFileSync(secret, 'secret', { mode: 0o644 });
    onTestFinished(() => rmSync(secret));
    const script = `cat ${secret}; ls ${tmpdir()}; echo 42 > ../mark; echo 42 > $TMPDIR/file && cat $TMPDIR/file`;
    const { stdout, stderr } = await runCode('shell', script, { work });
    expect(stdout).toBe('42\n');
    expect(stderr.match(/Permission denied/g)).toHaveLength(3);
  });

  test('JavaScript runs, and opens no file outside', async () => {
    const code = 'import fs from "node:fs"; try { fs.readdirSync("/") } catch ({ code }) { console.log(code) }';
    expect(await runCode('javascript', code, { work })).toMatchObject({ stdout: 'EACCES\n', exitCode: 0 });
  });
});
