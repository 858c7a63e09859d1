/** The hint at a file whose mode denies what `paths` grants. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPaths } from '../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { deniedByMode } from '../../lib/sandbox/mode-hints.js';
import { run } from '../../lib/sandbox/run.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-mode-hints-')));
afterAll(() => rmSync(root, { recursive: true }));
chmodSync(root, 0o755);
const closed = join(root, 'closed');
const inner = join(closed, 'inner');
const file = join(root, 'file');
mkdirSync(inner, { recursive: true });
writeFileSync(file, 'text');
chmodSync(closed, 0o700);
chmodSync(file, 0o640);

const own = process.getuid?.() ?? 0;
const OTHER = { uid: own + 1, gid: 12_345 };
const hint = (list: 'read' | 'write' | 'execute', path: string, user: object = OTHER) =>
  deniedByMode({ paths: readPaths({ [list]: [path] }) as never, ...user });

const REMEDY = 'give this user access, for example with setfacl(1) or chown(1), or grant a copy';

describe('names', () => {
  test('a file that its mode keeps from the user', () => {
    expect(hint('read', file)).toBe(
      `paths grants ${file}, but its mode denies reading it to the user ${OTHER.uid}: ${REMEDY}`,
    );
    expect(hint('write', file)).toContain('denies writing it');
    expect(hint('execute', file)).toContain('denies executing it');
  });

  test('the directory above it that can’t be searched', () => {
    expect(hint('read', inner)).toBe(
      `paths grants ${inner}, but the mode of ${closed} denies searching it to the user ${OTHER.uid}: ${REMEDY}`,
    );
  });
});

test('names a file beneath what is granted that is an argument, and no other argument', () => {
  const options = { paths: readPaths({ read: [root] }) as never, ...OTHER, cwd: root };
  expect(deniedByMode(options, ['-n', 'file'])).toBe(
    `paths grants ${file}, but its mode denies reading it to the user ${OTHER.uid}: ${REMEDY}`,
  );
  expect(deniedByMode(options, ['-n', '..', 'none', 'a\0b', 'x'])).toBe('');
  expect(deniedByMode({ ...options, paths: readPaths({ read: [inner] }) as never }, [root])).toContain(inner);
});

test('has no command: it would open a secret to all users, or do what the name of the file says', () => {
  const hostile = join(root, '$(id)|sh');
  writeFileSync(hostile, '');
  chmodSync(hostile, 0o600);
  expect(hint('read', hostile)).toContain('denies reading it');
  expect(hint('read', hostile)).not.toMatch(/chmod|\+r/);
});

test('counts the bits of the class that the user is of', () => {
  const { gid } = statSync(file);
  expect(hint('write', file, { uid: own + 1, gid })).toContain('denies writing it');
  expect(hint('execute', file, { uid: own + 1, gid })).toContain('denies executing it');
  expect(hint('read', file, { uid: own + 1, gid })).toBe('');
  expect(hint('read', file, { uid: own + 1 })).toBe(''); // It keeps the group of this process.
  expect(hint('execute', file, { capabilities: [] })).toContain('denies executing it');
});

test('is empty where the mode allows it, for capabilities that pass by modes, and without paths', () => {
  expect([hint('read', root), hint('read', file, { capabilities: [] }), hint('read', '@system')]).toEqual(['', '', '']);
  expect(hint('execute', file, { capabilities: ['CAP_DAC_OVERRIDE'] })).toBe('');
  expect([hint('execute', file, { uid: 0 }), hint('read', closed, {}), deniedByMode(OTHER)]).toEqual(['', '', '']);
});

test('ends the message of a program that failed, unless that names another reason', async ({ skip }) => {
  skip(own !== 0 || pathsSupport().reason !== null, 'needs root and Landlock');
  chownSync(file, 0, 0);
  const options = { uid: 65_534, gid: 65_534, cwd: '/', paths: { read: ['@system', file] } };
  for (const shell of [false, true])
    await expect(run('cat', [file], 'docker-default', { ...options, shell })).rejects.toThrow(
      new RegExp(`\\nhint: paths grants ${file}, but its mode denies reading it to the user 65534: give`),
    );
});

test('a file in a directory that the user can’t search is not reported as denied by paths', async ({ skip }) => {
  skip(own !== 0 || pathsSupport().reason !== null, 'needs root and Landlock');
  writeFileSync(join(closed, 'file'), '');
  const options = { uid: 65_534, gid: 65_534, cwd: '/', paths: { read: ['@system'] }, onViolation: true };
  const denied = async (path: string) => {
    const failed = run('cat', [path], 'docker-default', { ...options, reportPaths: true });
    const { violations } = await failed.catch((error) => (error instanceof RunError ? error : Promise.reject(error)));
    return violations.filter(({ fallback }) => !fallback).map((violation) => violation.path);
  };
  expect(await denied(file)).toEqual([file]);
  expect(await denied(join(closed, 'file'))).toEqual([]);
});
