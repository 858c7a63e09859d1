/** The hint at a file whose mode denies what `paths` grants. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type PathGrant, readPaths } from '../../lib/landlock/paths/option.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { deniedByMode } from '../../lib/sandbox/mode-hints.js';
import { type RunOptions, run } from '../../lib/sandbox/run.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-mode-hints-')));
afterAll(() => rmSync(root, { recursive: true }));
chmodSync(root, 0o755);

const isRoot = process.getuid?.() === 0;
/** The owner and the group of the files: root may be another user. */
const [owner, group] = isRoot ? [4_242, 4_243] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const OTHER = { uid: owner + 1, gid: 12_345 };

/** Makes a file with this mode, in a directory beneath the root. */
function made(name: string, mode: number): string {
  const path = join(root, name);
  writeFileSync(path, 'text');
  return withMode(path, mode);
}

function directory(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  return path;
}

function withMode(path: string, mode: number): string {
  if (isRoot) chownSync(path, owner, group);
  chmodSync(path, mode);
  return path;
}

const closed = directory('closed');
const inner = directory('closed/inner');
const deep = made('closed/inner/deep', 0o644);
withMode(inner, 0o700);
const unlisted = directory('unlisted');
const listed = made('unlisted/file', 0o644);
withMode(unlisted, 0o711);
const file = made('file', 0o640);
const ofGroup = made('of-group', 0o060);
const ofNobody = made('of-nobody', 0o000);
const loop = join(root, 'loop');
symlinkSync(loop, loop);

const hints = (list: 'read' | 'write' | 'execute', paths: readonly PathGrant[], user: object = OTHER) =>
  deniedByMode({ paths: readPaths({ [list]: paths }) as never, ...user });
const hint = (list: 'read' | 'write' | 'execute', path: string, user?: object) => hints(list, [path], user);

describe('names', () => {
  test('a file that its mode keeps from the user', () => {
    expect(hint('read', file)).toBe(
      `options.paths grants ${file}, but its mode denies it to the user ${OTHER.uid}: chmod o+r ${file}, or chown it`,
    );
    expect(hint('write', file)).toContain(`chmod o+w ${file}`);
    expect(hint('execute', file)).toContain(`chmod o+x ${file}`);
  });

  test('the topmost directory above it that can’t be searched', () => {
    withMode(closed, 0o700);
    for (const path of [inner, deep])
      expect(hint('read', path)).toBe(
        `options.paths grants ${path}, but the mode of ${closed} denies searching it to the user ${OTHER.uid}: chmod o+x ${closed}, or chown it`,
      );
    withMode(closed, 0o755);
    expect(hint('read', deep)).toContain(`but the mode of ${inner} denies searching it`);
  });

  test('the first path that is denied, after those that are not, are missing, or can’t be looked at', () => {
    const missing = { path: join(root, 'missing'), optional: true };
    expect(hints('read', [root, missing, loop, file, inner])).toContain(`chmod o+r ${file}`);
  });
});

test('goes by the first class that the user is of', () => {
  const member = { ...OTHER, gid: group };
  const own = { uid: owner, gid: group };
  expect([hint('read', file, own), hint('write', file, own), hint('read', file, member)]).toEqual(['', '', '']);
  expect(hint('write', file, member)).toContain(`chmod g+w ${file}`);
  expect(hint('read', ofGroup, member)).toBe('');
  expect(hint('read', ofGroup, own)).toContain(`chmod u+r ${ofGroup}`);
});

test('is empty where the mode allows it, for root, without a uid and without paths', () => {
  expect([hint('read', root), hint('read', listed), hint('read', '@system')]).toEqual(['', '', '']);
  expect([hint('read', ofNobody, { uid: 0 }), hint('read', ofNobody, {}), deniedByMode(OTHER)]).toEqual(['', '', '']);
});

test('ends the message of a program that failed, unless that names another reason', async ({ skip }) => {
  skip(!isRoot || pathsSupport().reason !== null, 'needs root and Landlock');
  const options: RunOptions = { uid: 65_534, gid: 65_534, cwd: '/', paths: { read: ['@system', file] } };
  await expect(run('cat', [file], 'docker-default', options)).rejects.toThrow(
    new RegExp(`\\nhint: options\\.paths grants ${file}, but its mode denies it to the user 65534: chmod o\\+r`),
  );
  await expect(run('sh', ['-c', 'kill -SYS $$'], 'docker-default', options)).rejects.toThrow(/\nhint: SIGSYS[^\n]*$/);
});
