/** Rulesets of `paths`: when one that was made before is used again. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AS_OPTION } from '../../lib/landlock/paths/messages.js';
import { CheckedPaths, pathRules, readPaths, wordsFor } from '../../lib/landlock/paths/option.js';
import { bitsOf, GRANTS } from '../../lib/landlock/paths/rights.js';
import { rulesetFor } from '../../lib/landlock/paths/ruleset.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import * as pathWords from '../../lib/landlock/paths/words.js';
import { describeUnless } from '../support/describe-unless.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-ruleset-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const { rights, reason } = pathsSupport();

/** What the words grant. A new list is what the words grant after a change of the system. */
const words = { grants: [] as readonly pathWords.WordGrant[], ofNode: [] as readonly pathWords.WordGrant[] };
afterEach(() => vi.restoreAllMocks());
beforeEach(() => {
  vi.spyOn(pathWords, 'wordGrants').mockImplementation((word: string) =>
    word === '@node' ? words.ofNode : words.grants,
  );
  words.grants = [{ path: '/usr', access: 'read' }];
  words.ofNode = [{ path: '/usr/bin', access: 'execute' }];
});

const needing = (...paths: readonly string[]) => ({ needs: () => ({ paths, isSettled: false }) });
const subject = {
  handled: rights,
  scoped: 0,
  directory: base,
  candidates: undefined,
  ...needing(),
  files: [],
  isNode: false,
  tmp: undefined,
};
const rulesetOf = (paths: object, more: object = {}) => rulesetFor({ ...subject, paths: readPaths(paths), ...more });

describeUnless(reason ?? undefined, 'a ruleset', () => {
  test('is used again for equal paths', () => {
    expect(rulesetOf({ read: ['@system', '.'] })).toBe(rulesetOf({ read: ['@system', '.'] }));
  });

  test.each([
    ['another path', { read: ['/usr', '/etc'] }, {}],
    ['another access', { execute: ['/usr'] }, {}],
    ['another word', { read: ['@system'] }, {}],
    ['another user', { read: ['/usr'] }, { uid: 1 }],
    ['another working directory', { read: ['/usr'] }, { directory: '/' }],
    ['another program', { read: ['/usr'] }, needing('/bin/sh')],
    ['other scopes', { read: ['/usr'] }, { scoped: 1 }],
    ['a Node', { read: ['/usr'] }, { isNode: true }],
    ['one that must exist', { read: [{ path: '/usr', optional: true }] }, {}],
    ['other files of a module', { read: ['/usr'] }, { files: ['/etc/hosts'] }],
    ['other rights', { read: ['/usr'] }, { handled: 4 }],
    ['other capabilities', { read: ['/usr'] }, { capabilities: [] }],
    ['a private directory', { read: ['/usr'] }, { tmp: '/etc' }],
  ])('is not used for %s', (_, paths, more) => {
    expect(rulesetOf(paths, more)).not.toBe(rulesetOf({ read: ['/usr'] }));
  });

  test('is used again for the same module, program and user', () => {
    const same = () => ({
      files: ['/etc/hosts', '/etc/passwd'],
      uid: 7,
      capabilities: ['CAP_CHOWN'],
      ...needing('/bin/sh'),
    });
    const before = rulesetOf({ read: ['/usr'] }, same());
    expect(rulesetOf({ read: ['/usr'] }, same())).toBe(before);
    for (const files of [['/etc/hosts'], ['/etc/passwd', '/etc/hosts']])
      expect(rulesetOf({ read: ['/usr'] }, { ...same(), files })).not.toBe(before);
  });

  test('is never used again with a private directory', () => {
    const before = rulesetOf({ write: ['@tmp'] }, { tmp: base });
    expect(rulesetOf({ write: ['@tmp'] }, { tmp: base })).not.toBe(before);
  });

  test('is kept for as long as it is one of the 32 that were used last', () => {
    const rulesetFor = (uid: number) => rulesetOf({ read: ['/usr'] }, { uid });
    const [first, second] = [rulesetFor(1000), rulesetFor(1001)];
    for (let uid = 1002; uid < 1032; uid++) rulesetFor(uid);
    for (const uid of [1030, 1031, 1030]) rulesetFor(uid);
    expect(rulesetFor(1000)).toBe(first);
    for (let uid = 1032; uid < 1063; uid++) rulesetFor(uid);
    expect(rulesetFor(1000)).toBe(first);
    expect(rulesetFor(1001)).not.toBe(second);
    const made = [2000, 2001, 2002].map(rulesetFor);
    expect([2001, 2000, 2002].map(rulesetFor)).toEqual([made[1], made[0], made[2]]);
    for (const [i, uid] of [2000, 2001, 2002].entries()) expect(rulesetFor(uid)).toBe(made[i]);
  });

  test.each(['grants', 'ofNode'] as const)('is not used after one of two words changed: %s', (list) => {
    const read = () => rulesetOf({ read: ['@system', '@node'] });
    const before = read();
    expect(read()).toBe(before);
    words[list] = [...words[list]];
    expect(read()).not.toBe(before);
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

  describe('of a program', () => {
    /** A program in a new file. `needs` says of it that nothing else determines what it needs. */
    function program(content = '') {
      const path = join(mkdtempSync(join(base, 'program-')), 'program');
      writeFileSync(path, content, { mode: 0o755 });
      const needs = vi.fn(() => ({ paths: [path], isSettled: true }));
      return { path, needs, rulesetOf: () => rulesetOf({ read: ['/usr'] }, { candidates: [path], needs }) };
    }

    test('is used again without looking for its needs', () => {
      const { needs, rulesetOf } = program();
      const before = rulesetOf();
      needs.mockClear();
      expect(rulesetOf()).toBe(before);
      expect(needs).not.toHaveBeenCalled();
    });

    test('is not used after the program has other content', () => {
      const { path, needs, rulesetOf } = program('#!/bin/sh');
      const before = rulesetOf();
      needs.mockClear();
      writeFileSync(path, '#!/bin/bash');
      expect(rulesetOf()).not.toBe(before);
      expect(needs).toHaveBeenCalled();
    });

    test('is not used after the program may not be executed any more', () => {
      const { path, rulesetOf } = program();
      const before = rulesetOf();
      chmodSync(path, 0o600);
      expect(rulesetOf()).not.toBe(before);
    });

    test.each([
      ['other files determine its needs', { isSettled: false }],
      ['its needs changed when the ruleset was made', { paths: [join(base, 'other')] }],
    ])('is used again only for the same needs, if %s', (_, then) => {
      const { path, needs, rulesetOf } = program();
      needs.mockImplementationOnce(() => ({ paths: [path], isSettled: true, ...then }));
      rulesetOf();
      needs.mockClear();
      rulesetOf();
      expect(needs).toHaveBeenCalled();
    });
  });
});

test('checked paths tell paths from words, in the order of the lists', () => {
  const read = readPaths({ execute: ['@tmp', { path: 'b', optional: true }], read: ['@system', 'a', './@tmp'] });
  expect(read).toMatchObject({
    given: [
      { path: 'a', optional: false, access: 'read', place: 'options.paths.read[1]' },
      { path: './@tmp', optional: false, access: 'read', place: 'options.paths.read[2]' },
      { path: 'b', optional: true, access: 'execute', place: 'options.paths.execute[1]' },
    ],
    words: new Set(['@system', '@tmp']),
    executesTmp: true,
    keepsHome: false,
    key: 'read:@system\0read:a\0read:./@tmp\0execute:@tmp\0execute?:b',
  });
  expect(read.all.map(({ path }) => path)).toEqual(['@system', 'a', './@tmp', '@tmp', 'b']);
  expect([Object.isFrozen(read), readPaths(read)]).toEqual([true, read]);
  expect(readPaths({ read: ['@tmp'], write: ['@tmp'], execute: ['./@tmp'] }).executesTmp).toBe(false);
});

test('checked paths of a program that is given a terminal have one more word if they have @system', () => {
  const paths = readPaths({ read: ['@system', 'a'], execute: ['@tmp'] });
  const kept = new CheckedPaths(paths.all, paths.form, true);
  for (const each of [paths, kept]) {
    const { withTerminal } = each;
    expect(withTerminal).not.toBe(each);
    expect([withTerminal.withTerminal, readPaths(withTerminal)]).toEqual([withTerminal, withTerminal]);
    expect(Object.isFrozen(withTerminal)).toBe(true);
    const { all, given, executesTmp, form, keepsHome } = each;
    expect(withTerminal).toMatchObject({ all, given, executesTmp, form, keepsHome });
    expect([[...each.words], [...withTerminal.words]]).toEqual([
      ['@system', '@tmp'],
      ['@system', '@tmp', '@terminal'],
    ]);
    expect(withTerminal.key).not.toBe(each.key);
  }
  const without = readPaths({ read: ['@node', '@tmp', '/dev/tty'] });
  expect(without.withTerminal).toBe(without);
  expect(() => readPaths({ read: ['@terminal'] })).toThrow(
    /"@terminal" is unknown: the words are @system, @node and @tmp/,
  );
});

describe('the rules of a child', () => {
  const child = { directory: '/w', needs: [], files: [], isNode: false, tmp: undefined };
  const plain = { optional: false, isProgram: false, isFile: false };
  const granted = (list: 'read' | 'write' | 'execute', text: string, path: string, index = 0) => ({
    ...{ ...plain, path, rights: GRANTS[list], place: `options.paths.${list}[${index}]` },
    given: { text, list, form: AS_OPTION, directory: '/w' },
  });
  const own = (place: string, path: string, rights: number, more: object) => ({
    ...{ ...plain, place, path, rights, given: undefined },
    ...more,
  });

  test('are those of its paths, of words, and of what it needs itself', () => {
    const paths = readPaths({
      read: ['.', '@system'],
      write: ['@tmp', { path: '/x/../y', optional: true }],
      execute: ['b'],
    });
    expect(pathRules(paths, { ...child, needs: ['/bin/p', '/ld'], files: ['/m.js'], tmp: '/t' })).toEqual([
      granted('read', '.', '/w'),
      { ...granted('write', '/x/../y', '/y', 1), optional: true },
      granted('execute', 'b', '/w/b'),
      own('@system', '/usr', GRANTS.read, { optional: true }),
      own('@tmp', '/t', GRANTS.write, {}),
      own('the module', '/m.js', bitsOf('READ_FILE'), { optional: true, isFile: true }),
      own('the program', '/bin/p', GRANTS.execute, { optional: true, isProgram: true }),
      own('the program', '/ld', GRANTS.execute, { optional: true, isProgram: true }),
    ]);
  });

  test('let it execute what it writes into its directory only if it asks for that', () => {
    const rights = (paths: object) => pathRules(readPaths(paths), { ...child, tmp: '/t' }).map((each) => each.rights);
    expect(rights({ execute: ['@tmp'] })).toEqual([GRANTS.write | GRANTS.execute]);
    expect(rights({ read: ['@tmp'] })).toEqual([GRANTS.write]);
  });

  test('have the words that it is given, and @node once for a Node', () => {
    const words = (paths: object, isNode: boolean) => wordsFor(readPaths(paths), { isNode });
    expect([words({}, false), words({ read: ['@tmp'] }, false), words({}, true)]).toEqual([[], [], ['@node']]);
    expect(words({ read: ['@node', '@system'] }, true)).toEqual(['@node', '@system']);
    expect(words({ read: ['@system', '@tmp'] }, true)).toEqual(['@system', '@node']);
    expect(words({ execute: ['@system'] }, false)).toEqual(['@system']);
  });

  test('have the terminal that it is given for @system, which is named', () => {
    words.grants = [{ path: '/dev/tty', access: 'write' }];
    const { withTerminal } = readPaths({ read: ['@system'] });
    const terminal = own('@system', '/dev/tty', GRANTS.write, { optional: true });
    expect(pathRules(withTerminal, child)).toEqual([terminal, terminal]); // Here both words have the same paths.
    expect(wordsFor(withTerminal, { isNode: true })).toEqual(['@system', '@terminal', '@node']);
  });
});

test.each<[string, unknown]>([
  [
    'a getter',
    {
      get optional() {
        return false;
      },
      path: '/srv',
    },
  ],
  [
    'a getter of a path',
    {
      get path() {
        return '/srv';
      },
    },
  ],
  ['an unknown property', { path: '/srv', rights: 1 }],
])('an entry with %s is refused, also after one without it', (_, last) => {
  const first = ['/usr', { path: '/opt', optional: true }];
  readPaths({ read: [...first, { path: '/srv', optional: false }] });
  expect(() => readPaths({ read: [...first, last] })).toThrow();
});

test.each([
  ['an object like an array', { read: { 0: '/usr', length: 1 } }],
  ['an array with another property', { read: Object.assign(['/usr'], { more: 1 }) }],
  ['an array of a subclass', { read: class List extends Array<string> {}.from(['/usr']) }],
  ['an unknown list', { read: ['/usr'], rea: [] }],
])('%s is refused, also after the same paths in an array', (_, paths) => {
  readPaths({ read: ['/usr'] });
  expect(() => readPaths(paths)).toThrow();
});
