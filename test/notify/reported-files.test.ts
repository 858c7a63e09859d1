/** `reportPaths`: what is reported of a denied file, and that the remedy allows it. */
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type NotifiedCall, type Paths, Sandbox, spawn, spawnSync, type Violation } from '../../lib/index.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { namingCall } from '../../lib/notify/naming-call.js';
import { describeUnless } from '../support/describe-unless.js';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-reported-')));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const reporting = { onViolation: true, reportPaths: true } as const;
const SYSTEM = { read: ['@system'] };
const IN_TMP = / making files in \/tmp: '@tmp' in write gives the program a directory of its own, in TMPDIR$/;

beforeEach(() => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'other'), { recursive: true });
  writeFileSync(join(place, 'file'), 'text');
  writeFileSync(join(place, "it's"), 'text');
  writeFileSync(join(place, 'script'), '#!/bin/sh\nexit 0\n');
  chmodSync(join(place, 'script'), 0o755);
  symlinkSync('file', join(place, 'link'));
  symlinkSync('nothing', join(place, 'broken'));
});

/** What is reported of a shell script that runs in the place. */
function reported(script: string, paths: Paths = SYSTEM, profile = 'docker-default'): readonly Violation[] {
  const { violations } = spawnSync('sh', ['-c', script], profile, { ...reporting, paths, cwd: place, stdio: 'ignore' });
  return violations.filter(({ deniedBy, path }) => deniedBy === 'paths' && path !== undefined);
}

const inPlace = (text: string) => text.replaceAll('PLACE', place);

describeUnless(pathsSupport().reason ?? undefined, 'a denied file', () => {
  // The script, the path that it names, what is not granted, and the grants.
  test.each<readonly [string, string, string, Paths]>([
    ['cat file', 'PLACE/file', 'reading PLACE/file', { read: ['PLACE/file'] }],
    ['cat ./other/../file', 'PLACE/file', 'reading PLACE/file', { read: ['PLACE/file'] }],
    ['cd other; cat ../file', 'PLACE/file', 'reading PLACE/file', { read: ['PLACE/file'] }],
    ['cat link', 'PLACE/link', 'reading PLACE/file', { read: ['PLACE/file'] }],
    ['cat "it\'s"', "PLACE/it's", 'reading "PLACE/it\'s"', { read: ["PLACE/it's"] }],
    ['ls other', 'PLACE/other', 'listing PLACE/other', { read: ['PLACE/other'] }],
    ['echo >>file', 'PLACE/file', 'writing PLACE/file', { write: ['PLACE/file'] }],
    ['echo >file', 'PLACE/file', 'writing PLACE/file', { write: ['PLACE/file'] }],
    ['echo >new', 'PLACE/new', 'writing and making files in PLACE', { write: ['PLACE'] }],
    ['echo >broken', 'PLACE/broken', 'writing and making files in PLACE', { write: ['PLACE'] }],
    ['mkdir new', 'PLACE/new', 'making directories in PLACE', { write: ['PLACE'] }],
    ['mkfifo new', 'PLACE/new', 'making FIFOs in PLACE', { write: ['PLACE'] }],
    ['ln -s file new', 'PLACE/new', 'making symbolic links in PLACE', { write: ['PLACE'] }],
    ['rm file', 'PLACE/file', 'removing files in PLACE', { write: ['PLACE'] }],
    ['rm link', 'PLACE/link', 'removing files in PLACE', { write: ['PLACE'] }],
    ['rmdir other', 'PLACE/other', 'removing directories in PLACE', { write: ['PLACE'] }],
    ['mv file new', 'PLACE/file', 'removing files in and making files in PLACE', { write: ['PLACE'] }],
    ['./script', 'PLACE/script', 'executing and reading PLACE/script', { execute: ['PLACE/script'] }],
  ])('%s', (script, path, denied, grants) => {
    const [first, ...others] = reported(script);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      path: inPlace(path),
      action: { kind: 'errno', errno: constants.errno.EACCES },
      why: inPlace(`paths does not grant ${denied}`),
      remedy: { paths: JSON.parse(inPlace(JSON.stringify(grants))) },
      fallback: false,
      count: 1,
    });
    const remedy = first?.remedy?.paths ?? {};
    expect(reported(script, { ...remedy, read: [...SYSTEM.read, ...(remedy.read ?? [])] })).toEqual([]);
  });

  test('is shown among the arguments of its call, as the call names it', () => {
    const [first] = reported('cat ./other/../file');
    expect(first?.decoded).toContain('"./other/../file"');
    expect(reported('mv file new')[0]?.decoded).toEqual(expect.arrayContaining(['"file"', '"new"']));
  });

  test('that is moved to another directory needs both', () => {
    const [first] = reported('mv file other/file');
    expect(first?.remedy?.paths).toEqual({ write: [place, join(place, 'other')] });
    const write = { ...SYSTEM, write: [join(place, 'other')] };
    expect(reported('ln file other/file', write)[0]?.action).toEqual({ kind: 'errno', errno: constants.errno.EXDEV });
  });

  test('beneath a link and .. has its true path', () => {
    symlinkSync(tmpdir(), join(place, 'other/away'));
    expect(reported(`cat other/away/../etc/shadow`)[0]?.path).toBe('/etc/shadow');
  });

  test('whose name is no text, or has control characters, is shown as such', () => {
    writeFileSync(Buffer.concat([Buffer.from(`${place}/`), Buffer.of(0xff)]), '');
    writeFileSync(join(place, 'a\u001b[2Jb'), '');
    const [bytes, control] = reported('cat "$(printf \'\\377\')"; cat "$(printf \'a\\033[2Jb\')"');
    expect([bytes?.path, bytes?.remedy]).toEqual([join(place, '\udcff'), undefined]);
    expect(control?.why).toBe(`paths does not grant reading ${JSON.stringify(join(place, 'a\u001b[2Jb'))}`);
  });

  test('of the system is granted by its word, and one of a process with /proc', () => {
    expect(reported('true', { read: ['/usr', '/lib', '/lib64', '/bin'] })[0]?.remedy?.paths).toEqual({
      read: ['@system'],
    });
    expect(reported('cat /proc/self/status')[0]).toMatchObject({
      path: '/proc/self/status',
      remedy: { paths: { read: ['/proc'] } },
    });
  });

  test('in /tmp is made in a private directory instead', () => {
    const script = `echo >"\${TMPDIR:-/tmp}/${basename(place)}.new"`;
    const [first] = reported(script, SYSTEM);
    expect(first).toMatchObject({ why: expect.stringMatching(IN_TMP), remedy: { paths: { write: ['@tmp'] } } });
    expect(reported(script, { ...SYSTEM, ...first?.remedy?.paths })).toEqual([]);
  });

  test('is a fallback if it is the terminal that Bash tries when it starts', ({ skip }) => {
    skip(!existsSync('/bin/bash'), 'there is no bash');
    const isFallback = (script: string) => reported(script).map(({ path, fallback }) => [path, fallback]);
    expect(isFallback('bash -c :')).toEqual([['/dev/tty', true]]);
    expect(isFallback('cat </dev/tty')).toEqual([['/dev/tty', false]]);
  });

  test('is no file that is missing, and none that is there already', () => {
    const quiet = [
      'cat nothing; cat broken; rm nothing; mkdir other; ln -s x link; [ -e file ]; cd other; stat ../file; cd ..',
      'cat ""; rm -f ""; rmdir "" . ./. other/. /; echo >new/; mv other other/x; sh -c ./file',
    ];
    expect(quiet.flatMap((script) => reported(script))).toEqual([]);
  });

  test('is reported under unconfined too, and each kind once', () => {
    const [first, second] = reported('cat file; cat file; ls other', SYSTEM, 'unconfined');
    expect([first?.count, second?.path]).toEqual([2, join(place, 'other')]);
  });

  test('is reported before the end of the child, and to a Sandbox', async () => {
    const { spawn: start } = new Sandbox('docker-default', { ...reporting, paths: SYSTEM });
    const child = start('sh', ['-c', 'cat file; exec cat'], { cwd: place, stdio: ['pipe', 'ignore', 'ignore'] });
    const [violation] = await once(child, 'violation');
    expect(violation.path).toBe(join(place, 'file'));
    child.stdin?.end();
    await once(child, 'exit');
  });

  test('is not reported without the option, or for a call that has a handler', async () => {
    const { violations } = spawnSync('cat', ['file'], 'docker-default', {
      onViolation: true,
      paths: SYSTEM,
      cwd: place,
    });
    expect(violations).toEqual([]);
    const goOn = (call: NotifiedCall) => call.continue();
    const notify = { openat: goOn, open: goOn };
    const child = spawn('cat', ['file'], 'docker-default', {
      ...reporting,
      notify,
      paths: SYSTEM,
      cwd: place,
      stdio: 'ignore',
    });
    await once(child, 'exit');
    expect(child.violations).toEqual([]);
  });
});

test.each([
  [{ reportPaths: true, onViolation: true }, 'paths'],
  [{ reportPaths: true, paths: SYSTEM }, 'onViolation'],
])('%j has no effect, and is refused', (options, other) => {
  expect(() => spawnSync('true', 'docker-default', options)).toThrow(
    `options.reportPaths: has no effect without options.${other}: add that, or leave it out`,
  );
});

test.each([
  ['-', 'file', false],
  ['x', 'file', true],
  ['d', 'directory', false],
  ['l', 'symlink', false],
  ['p', 'fifo', false],
  ['s', 'socket', false],
  ['c', 'char', false],
  ['b', 'block', false],
  ['0', 'missing', false],
  ['?', undefined, false],
])('the addon’s files of type %s are of type %s', (letter, type, isExecutable) => {
  const file = { path: Buffer.from('/a/b'), type: letter, lineage: '1:3 1:2 1:1 ' };
  const named = { text: Buffer.from('b'), base: Buffer.from('/a'), file };
  const isTarget = letter !== '?';
  const [found] = namingCall({
    ...{
      arch: 0xc000_003e,
      number: 2,
      answer: 0,
      pid: 1,
      tid: 1,
      executable: Buffer.of(),
      instruction: Buffer.of(),
      captured: [],
    },
    ...{ args: [0n, 1n, 2n, 3n, 4n, 5n], flags: 64, files: [{ ...named, target: file }] },
  }).files;
  const shown = { path: '/a/b', type, isExecutable, identities: ['1:3', '1:2', '1:1'] };
  expect(found).toEqual({ ...shown, text: 'b', target: isTarget ? shown : undefined });
});
