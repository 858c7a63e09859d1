/** What a denied access lacks, in words, and the grants that would allow it. */
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { FoundFile } from '../../lib/landlock/denials/path-calls.js';
import { type KnownWord, missingInWords, remedyFor } from '../../lib/landlock/denials/path-remedy.js';
import { treeOf } from '../../lib/landlock/denials/this-machine.js';
import { shownPath } from '../../lib/landlock/paths/messages.js';
import type { Rule } from '../../lib/landlock/paths/prediction.js';
import { accessesFor, bitsOf, RIGHTS, type Right } from '../../lib/landlock/paths/rights.js';
import { shownName } from '../../lib/util/foreign-text.js';

const lacks = (path: string, ...rights: readonly Right[]): Rule => ({ path, rights: bitsOf(...rights) });

test.each<[readonly Rule[], string]>([
  [[lacks('/x', 'READ_FILE')], 'reading /x'],
  [[lacks('/x', 'READ_FILE', 'WRITE_FILE')], 'writing and reading /x'],
  [[lacks('/x', 'WRITE_FILE', 'TRUNCATE')], 'writing /x'],
  [[lacks('/x', 'TRUNCATE')], 'truncating /x'],
  [[lacks('/x', 'READ_FILE', 'TRUNCATE')], 'reading and truncating /x'],
  [[lacks('/x', 'MAKE_CHAR', 'MAKE_BLOCK')], 'making devices in /x'],
  [
    [lacks('/x', 'MAKE_REG'), lacks('/y', 'REFER')],
    'making files in /x, and moving or linking files into or out of /y',
  ],
  [[lacks('/x\n', 'READ_DIR')], 'listing "/x\\n"'],
])('%j is %s', (missing, words) => {
  expect(missingInWords(missing)).toBe(words);
});

test('no remedy grants all of a home directory, or of a directory of settings in it', () => {
  for (const path of ['/', '/etc', '/home', '/home/someone', '/home/someone/.ssh'])
    expect(remedyFor([lacks(path, 'MAKE_DIR')], [])).toBeUndefined();
  expect(remedyFor([lacks('/home/someone', 'READ_DIR')], [])).toBeUndefined();
  expect(remedyFor([lacks('/home/someone/.profile', 'READ_FILE')], [])).toEqual({
    paths: { read: ['/home/someone/.profile'] },
  });
  expect(remedyFor([lacks('/home/someone/work', 'MAKE_DIR')], [])).toEqual({
    paths: { write: ['/home/someone/work'] },
  });
});

test('the remedy for making files in /tmp is a private directory, unless the program has one', () => {
  const ofTmp = { word: '@tmp', grants: [{ path: '/tmp/own', access: 'write' }] } as const;
  for (const path of ['/tmp', '/var/tmp', realpathSync(tmpdir())]) {
    const made = [lacks(path, 'MAKE_REG', 'WRITE_FILE')];
    expect(remedyFor(made, [])).toEqual({ paths: { write: ['@tmp'] } });
    expect(remedyFor(made, [ofTmp])).toBeUndefined();
    expect(remedyFor([lacks(path, 'READ_DIR')], [])).toBeUndefined();
    expect(remedyFor([lacks(path, 'MAKE_CHAR')], [])).toBeUndefined();
  }
  expect(remedyFor([lacks('/tmp/x', 'MAKE_REG')], [])).toEqual({ paths: { write: ['/tmp/x'] } });
});

test('each right has its words', () => {
  const words = Object.keys(RIGHTS).map((name) => missingInWords([{ path: '/x', rights: RIGHTS[name as Right].bit }]));
  expect(words).toEqual([
    ...['executing /x', 'writing /x', 'reading /x', 'listing /x', 'removing directories in /x', 'removing files in /x'],
    ...['making devices in /x', 'making directories in /x', 'making files in /x', 'making sockets in /x'],
    ...['making FIFOs in /x', 'making devices in /x', 'making symbolic links in /x'],
    ...['moving or linking files into or out of /x', 'truncating /x', 'device ioctls on /x', 'connecting to /x'],
  ]);
});

describe('the remedy', () => {
  const words: readonly KnownWord[] = [
    {
      word: '@system',
      grants: [
        { path: '/usr', access: 'read' },
        { path: '/usr/bin', access: 'execute' },
      ],
    },
    { word: '@node', grants: [{ path: '/opt/node', access: 'execute' }] },
  ];

  test.each<[string, readonly Rule[], object | undefined]>([
    ['is the path, in the list that has the rights', [lacks('/x', 'READ_FILE')], { read: ['/x'] }],
    ['is to write, for what is made', [lacks('/x', 'MAKE_REG')], { write: ['/x'] }],
    ['is to execute', [lacks('/x', 'READ_FILE', 'EXECUTE')], { execute: ['/x'] }],
    ['are two lists', [lacks('/x', 'READ_DIR', 'EXECUTE')], { read: ['/x'], execute: ['/x'] }],
    ['are two paths', [lacks('/x', 'READ_DIR'), lacks('/y', 'READ_DIR')], { read: ['/x', '/y'] }],
    ['is the word that has the rights, for reading', [lacks('/usr/bin/x', 'EXECUTE')], { read: ['@system'] }],
    ['is the word for its path itself', [lacks('/usr', 'READ_DIR')], { read: ['@system'] }],
    ['is the second word', [lacks('/opt/node', 'EXECUTE')], { read: ['@node'] }],
    ['is no word without all rights', [lacks('/usr/x', 'READ_FILE', 'EXECUTE')], { execute: ['/usr/x'] }],
    ['is no word for a path that only begins alike', [lacks('/usr2', 'READ_FILE')], { read: ['/usr2'] }],
    ['is one word for two files', [lacks('/usr/x', 'READ_FILE'), lacks('/usr/y', 'READ_FILE')], { read: ['@system'] }],
    ['is /proc for a process', [lacks('/proc/12/status', 'READ_FILE')], { read: ['/proc'] }],
    ['is the file itself of /proc', [lacks('/proc/stat', 'READ_FILE')], { read: ['/proc/stat'] }],
    ['is not there for devices that are made', [lacks('/x', 'MAKE_CHAR')], undefined],
    ['is not there for a name that is not UTF-8', [lacks('/\udcff', 'READ_FILE')], undefined],
  ])('%s', (_, missing, paths) => {
    expect(remedyFor(missing, words)).toEqual(paths && { paths });
  });

  test.each<[readonly Right[], readonly string[] | undefined]>([
    [[], ['read']],
    [['READ_FILE', 'READ_DIR'], ['read']],
    [['READ_FILE', 'EXECUTE'], ['execute']],
    [
      ['READ_DIR', 'EXECUTE'],
      ['read', 'execute'],
    ],
    [['WRITE_FILE'], ['write']],
    [['IOCTL_DEV', 'READ_DIR'], ['write']],
    [
      ['WRITE_FILE', 'EXECUTE'],
      ['write', 'execute'],
    ],
    [['MAKE_BLOCK'], undefined],
    [['RESOLVE_UNIX', 'READ_FILE'], undefined],
  ])('the fewest lists for %j are %j', (rights, lists) => {
    expect(accessesFor(bitsOf(...rights))).toEqual(lists);
  });
});

describe('the files of a call', () => {
  const found = (path: string, type: FoundFile['type'], ...identities: readonly string[]): FoundFile => ({
    ...{ path, type, isExecutable: false },
    identities,
  });

  test('have the identities that they had: a file and the directories above it, or those of a missing one', () => {
    const { identify } = treeOf([found('/a/b', 'file', '1:3', '1:2', '1:1'), found('/c/new', 'missing', '1:4', '1:1')]);
    expect(['/a/b', '/a', '/', '/c', '/c/new', '/d'].map(identify)).toEqual([
      '1:3',
      '1:2',
      '1:1',
      '1:4',
      '/c/new',
      '/d',
    ]);
  });

  test('are on the mount point that is nearest', () => {
    const { mountPoint } = treeOf([]);
    expect(['/', '/proc', '/proc/1', '/proc2', '/none'].map(mountPoint)).toEqual(['/', '/proc', '/proc', '/', '/']);
  });
});

test.each([
  ['/a b', '"/a b"'],
  ['/a "b"', '"/a \\"b\\""'],
  ['/a\u001b[31m', '"/a\\u001b[31m"'],
  ['/"\\\n', '"/\\"\\\\\\n"'],
  ['/a\u200b', '"/a\\u200b"'],
  ['/é', '/é'],
])('the name %j is shown as %s', (name, shown) => {
  expect(shownName(name)).toBe(shown);
});

test('a path is shown with up to 240 characters', () => {
  expect(shownPath('x'.repeat(240))).toBe('x'.repeat(240));
  expect(shownPath('x'.repeat(241))).toBe(`${'x'.repeat(240)}…`);
});
