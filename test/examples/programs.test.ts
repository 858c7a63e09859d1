/** The programs in examples/ print what their comments and docs promise. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const output = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8', cwd }).stdout;

test('blocked.py: EPERM under docker-default', () => {
  const under = output(
    process.execPath,
    'dist/cli/main.js',
    'run',
    '-p',
    'docker-default',
    '--',
    'python3',
    'examples/blocked.py',
  );
  expect(under).toBe(
    'unshare  EPERM\nmount    EPERM\nsetns    EPERM\nbpf      EPERM\nkeyctl   EPERM\ngetpid   allowed\n',
  );
});

test('blocked.py: something else without it', ({ skip }) => {
  const without = output('python3', 'examples/blocked.py');
  if (/EPERM/.test(without)) skip(`EPERM without the profile too:\n${without}`);
  expect(without).toBe(
    'unshare  EINVAL\nmount    EFAULT\nsetns    EBADF\nbpf      EINVAL\nkeyctl   ENOTSUP\ngetpid   allowed\n',
  );
});

test('denied-tool.mjs: computes, and neither starts programs nor uses the network', () => {
  const lines = output(process.execPath, 'examples/denied-tool.mjs').trim().split('\n');
  expect(lines.toSorted()).toEqual(['6 × 7 = 42', 'a program: EPERM', 'the network: EPERM']);
});

test('broker.mjs: opens the listed files for a child that cannot open any', () => {
  const lines = output(process.execPath, 'examples/broker.mjs').trim().split('\n');
  expect(lines).toEqual([expect.stringMatching(/^[A-Z_]+=/), 'exit code 2']);
  expect(existsSync('/etc/new')).toBe(false);
});

test('connect-list.mjs: connects to one address', () => {
  expect(output(process.execPath, 'examples/connect-list.mjs')).toBe('hello\nPermission denied\nPermission denied\n');
});

test('fake-uname.mjs: another machine in another year', () => {
  expect(output(process.execPath, 'examples/fake-uname.mjs')).toBe('somewhere abacus 2000\n');
});
