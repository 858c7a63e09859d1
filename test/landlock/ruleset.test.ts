/** Rulesets of `paths`: when one that was made before is used again. */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { readPaths } from '../../lib/landlock/paths.js';
import { pathsSupport } from '../../lib/landlock/paths-support.js';
import { rulesetFor } from '../../lib/landlock/ruleset.js';
import { describeUnless } from '../support/describe-unless.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-ruleset-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const { rights, reason } = pathsSupport();

/** What the words grant. A new list is what the words grant after a change of the system. */
const words = vi.hoisted(() => ({ grants: [] as readonly object[] }));
vi.mock('../../lib/landlock/path-words.js', () => ({ wordGrants: () => words.grants }));
beforeEach(() => {
  words.grants = [{ path: '/usr', access: 'read' }];
});

const subject = { handled: rights, scoped: 0, user: 0, directory: base, needs: [], isNode: false, tmp: undefined };
const rulesetOf = (paths: object, more: object = {}) =>
  rulesetFor({ ...subject, paths: readPaths(paths, 'paths'), ...more });

describeUnless(reason ?? undefined, 'a ruleset', () => {
  test('is used again for equal paths', () => {
    expect(rulesetOf({ read: ['@system', '.'] })).toBe(rulesetOf({ read: ['@system', '.'] }));
  });

  test.each([
    ['another path', { read: ['/usr', '/etc'] }, {}],
    ['another access', { execute: ['/usr'] }, {}],
    ['another word', { read: ['@system'] }, {}],
    ['another user', { read: ['/usr'] }, { user: 1 }],
    ['another working directory', { read: ['/usr'] }, { directory: '/' }],
    ['another program', { read: ['/usr'] }, { needs: ['/bin/sh'] }],
    ['other scopes', { read: ['/usr'] }, { scoped: 1 }],
    ['a Node', { read: ['/usr'] }, { isNode: true }],
  ])('is not used for %s', (_, paths, more) => {
    expect(rulesetOf(paths, more)).not.toBe(rulesetOf({ read: ['/usr'] }));
  });

  test('is not used after a word stands for other paths', () => {
    const before = rulesetOf({ read: ['@system'] });
    words.grants = [...words.grants, { path: '/etc/java-21-openjdk', access: 'read' }];
    const after = rulesetOf({ read: ['@system'] });
    expect(after).not.toBe(before);
    expect(rulesetOf({ read: ['@system'] })).toBe(after);
  });

  test('is not used after another file took the place of one of its own', () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    const before = rulesetOf({ read: [file] });
    writeFileSync(`${file}.new`, '');
    renameSync(`${file}.new`, file);
    expect(rulesetOf({ read: [file] })).not.toBe(before);
  });

  test('is not used after a file appeared that was missing', () => {
    const path = join(base, 'later');
    const paths = { read: [{ path, optional: true }] };
    const before = rulesetOf(paths);
    expect(rulesetOf(paths)).toBe(before);
    mkdirSync(path);
    expect(rulesetOf(paths)).not.toBe(before);
  });
});
