/** Errors of the option `paths`: what they say is wrong, where, and what to do. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants as osConstants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fork, type PathGrant, type Paths, run, spawnSync } from '../../lib/index.js';
import { AS_OPTION, looksExpandable, pathProblem, readUrl, refuseUrl } from '../../lib/landlock/paths/messages.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { describeUnless } from '../support/describe-unless.js';

const { reason } = pathsSupport();
const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-paths-errors-')));
afterAll(() => rmSync(cwd, { recursive: true }));

/** The message of the error of a start with paths. */
function errorOf(paths: unknown, options: object = {}): string {
  try {
    spawnSync('true', 'docker-default', { cwd, ...options, paths: paths as Paths });
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(cwd, 'CWD') : String(error);
  }
  return 'started';
}
const errorOfGrant = (grant: unknown) => errorOf({ read: [grant] });

describe('an entry of paths is refused, with its place and a remedy:', () => {
  const inPlace = 'options.paths.read[0]: ';
  test.each<[string, unknown, string]>([
    ['a file: URL in a string', 'file:///srv/x', '"file:///srv/x" is a URL: give the path, /srv/x, or a URL object'],
    ['one of another case', 'FILE:/srv', '"FILE:/srv" is a URL: give the path, /srv, or a URL object'],
    ['one that has no path', 'file://host/x', '"file://host/x" is a URL: give the path'],
    [
      'another URL in a string, without its password',
      'https://user:password@example.org/',
      'is a URL of https:, and only files can be granted: give a path, or a URL of file:',
    ],
    [
      'a URL object of another protocol',
      new URL('data:,x'),
      'is a URL of data:, and only files can be granted: give a path, or a URL of file:',
    ],
    [
      'a URL object of a host',
      new URL('file://host/x'),
      'is no URL of a file here: File URL host must be "localhost" or empty on linux',
    ],
    [
      'a URL object with an encoded slash',
      new URL('file:///a%2Fb'),
      'is no URL of a file here: File URL path must not include encoded / characters',
    ],
    ['a null byte in a URL', new URL('file:///a%00b'), 'has a null byte, which no path can have'],
    [
      'several words',
      '@system,@node',
      '"@system,@node" is unknown: to grant several paths, give each path as an element of its own',
    ],
    ['a word with a space', '@tmp ', '"@tmp " is unknown (did you mean @tmp?); a file of that name is "./@tmp "'],
  ])('%s', (_, grant, message) => {
    expect(errorOfGrant(grant)).toBe(inPlace + message);
  });

  test('a URL in an object, at the place of its path', () => {
    expect(errorOf({ write: ['.', { path: new URL('http://a/') }] })).toMatch(
      /^options\.paths\.write\[1\]\.path: is a URL of http:/,
    );
  });

  test.each([[Buffer.from('.')], [['.']], [null]])('%o, which is none of the types', (grant) => {
    expect(errorOfGrant(grant)).toMatch(
      /^The "options\.paths\.read\[0\]" property must be of type string or an instance of URL, or an object \{ path, optional \}\. Received /,
    );
  });
});

describe('paths are refused that are', () => {
  test.each([[null], [['.']], ['.'], [new Map()]])('%o, with an example', (paths) => {
    expect(errorOf(paths)).toMatch(
      /^options\.paths: must be an object with the lists read, write and execute, such as \{ "read": .* \}\. Received /,
    );
  });

  test.each([
    ['readWrite', 'use write, which grants reading too'],
    ['WriteAndRead', 'use write, which grants reading too'],
    ['bestEffort', 'bestEffort is an option beside paths'],
    ...['deny', 'exceptFor', 'EXCLUDE', 'hideThese'].map((name) => [
      name,
      'what is not named is denied, and nothing beneath a granted directory can be denied, so grant its other entries instead',
    ]),
    ['allow', 'use read, write and execute'],
  ])('lists of the name %s', (name, remedy) => {
    expect(errorOf({ [name]: ['.'] })).toBe(`options.paths.${name}: is unknown: ${remedy}`);
  });
});

describe('lists are refused', () => {
  test.each<[object, string]>([
    [{ reed: ['.'] }, 'options.paths.reed: is unknown (did you mean read?)'],
    [
      { write: ['@system'] },
      "options.paths.write[0]: @system has rights of its own, so it can't be granted for writing: put it into read",
    ],
    [
      { write: ['.', '@node'] },
      "options.paths.write[1]: @node has rights of its own, so it can't be granted for writing: put it into read",
    ],
    [
      { execute: [{ path: '@tmp', optional: true }] },
      "options.paths.execute[0]: @tmp can't be optional: what a system lacks of it is skipped anyway",
    ],
    [
      { read: ['@x'] },
      'options.paths.read[0]: "@x" is unknown: the words are @system, @node and @tmp; a file of that name is ./@x',
    ],
    [{ read: [''] }, "options.paths.read[0]: '' is no path: '.' is the working directory"],
    [{ read: ['a\0b'] }, 'options.paths.read[0]: has a null byte, which no path can have'],
    [
      { read: [{ path: 'a', mode: 1 }] },
      'options.paths.read[0].mode: is unknown: an entry has the properties path and optional',
    ],
    [
      { read: ['@system:'] },
      'options.paths.read[0]: "@system:" is unknown (did you mean @system?); a file of that name is "./@system:"',
    ],
    [
      { read: ['@node @tmp'] },
      'options.paths.read[0]: "@node @tmp" is unknown: to grant several paths, give each path as an element of its own',
    ],
  ])('%j: %s', (paths, message) => {
    expect(errorOf(paths)).toBe(message);
  });

  test.each<[object, RegExp]>([
    [{ read: '.' }, /^The "options\.paths\.read" property must be an instance of Array\. Received type string/],
    [
      { read: [{ path: 1 }] },
      /^The "options\.paths\.read\[0\]\.path" property must be of type string or an instance of URL\. Received/,
    ],
    [
      { read: [{ path: 'a', optional: 1 }] },
      /^The "options\.paths\.read\[0\]\.optional" property must be of type boolean\. Received/,
    ],
    [{ write: Array(4097).fill('.') }, /^options\.paths\.write: .*4,?096/],
  ])('%j, of a wrong type or size', (paths, message) => {
    expect(errorOf(paths)).toMatch(message);
  });
});

describeUnless(reason ?? undefined, 'a path that does not exist', () => {
  mkdirSync(join(cwd, 'src'));

  test.each([
    ['~', '~ is not expanded, so use os.homedir()'],
    ['~/x', '~ is not expanded, so use os.homedir()'],
    ['~somebody/x', '~somebody is not expanded, so give the absolute path'],
    ['$HOME/x', '$HOME is not expanded, so use process.env.HOME'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: It is that of a shell.
    ['${HOME}/x', '$HOME is not expanded, so use process.env.HOME'],
    ['*.ts', 'patterns are not expanded, so grant the directory CWD'],
    ['src/**/*.ts', 'patterns are not expanded, so grant the directory CWD/src'],
    ['../{a,b}', `patterns are not expanded, so grant the directory ${realpathSync(tmpdir())}`],
    ['/none*', 'patterns are not expanded, so grant the directory /'],
    ['src/[ab]', 'patterns are not expanded, so grant the directory CWD/src'],
    ['system', 'did you mean @system?'],
    [' @tmp', 'did you mean @tmp?'],
    [
      'a,b',
      'create it first, or give { path, optional: true }; for several paths, give each path as an element of its own',
    ],
    ['a~', 'create it first, or give { path, optional: true }'],
    ['C:\\x', 'create it first, or give { path, optional: true }'],
  ])('such as %o: the error says %o', (path, remedy) => {
    expect(errorOfGrant(path)).toMatch(/^options\.paths\.read\[0\]: .* does not exist \(ENOENT\): /);
    expect(errorOfGrant(path).replace(/^.* does not exist \(ENOENT\): /, '')).toBe(remedy);
  });

  test('is shortened in the error if it is too long', () => {
    const message = errorOfGrant(`/${'x'.repeat(9000)}`);
    expect(message).toMatch(/: \/x+… is longer than Linux allows \(ENAMETOOLONG\): give a directory above it$/);
    expect(message.length).toBeLessThan(400);
  });

  test('is no error if a file has that name', () => {
    const names = ['*.txt', '~', '$HOME', '[a]', '@system', 'file:', 'system'];
    for (const name of names) writeFileSync(join(cwd, name), `${name};`);
    const read: readonly PathGrant[] = ['@system', '*.txt', '~', '$HOME', '[a]', './@system', './file:', 'system'];
    const { stdout } = spawnSync('cat', names, 'docker-default', { cwd, paths: { read }, encoding: 'utf8' });
    for (const name of names) rmSync(join(cwd, name));
    expect(stdout).toBe('*.txt;~;$HOME;[a];@system;file:;system;');
  });

  test('because the working directory does not: the error names cwd', async () => {
    const missing = join(cwd, 'missing');
    const message = 'options.cwd: CWD/missing does not exist (ENOENT): create it first, or give another';
    for (const read of [['.'], ['x'], ['@system', '../x']]) expect(errorOf({ read }, { cwd: missing })).toBe(message);
    writeFileSync(join(cwd, 'file'), '');
    expect(errorOf({ read: ['x'] }, { cwd: join(cwd, 'file') })).toBe(
      'options.cwd: CWD/file is no directory (ENOTDIR): give another',
    );
    const paths = { read: ['.'] };
    const error = { code: 'ERR_SECCOMP_OPTION', message: expect.stringMatching(/^options\.cwd: .* does not exist/) };
    await expect(run('true', 'docker-default', { cwd: missing, paths })).rejects.toMatchObject(error);
    expect(() => fork('x.mjs', 'docker-default', { cwd: missing, paths })).toThrow(expect.objectContaining(error));
  });
});

describe('what is wrong with a path that can’t be opened:', () => {
  const { ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, EIO } = osConstants.errno;
  const given = (text: string, list: 'read' | 'write' = 'read') => ({ text, list, form: AS_OPTION, directory: '/w' });
  const CREATE = 'create it first, or give { path, optional: true }';

  test.each<[number, string, string | undefined, Parameters<typeof pathProblem>[3], string]>([
    [EIO, 'open', undefined, undefined, "can't be opened (NAME)"],
    [ELOOP, 'open', undefined, undefined, "can't be opened (NAME)"],
    [
      ENOENT,
      'landlock_add_rule',
      undefined,
      undefined,
      'is no file or directory for which Landlock has rules (NAME): leave it out',
    ],
    [
      EACCES,
      'open',
      undefined,
      undefined,
      "can't be reached by this process (NAME): change the permissions of its directories",
    ],
    [ENAMETOOLONG, 'open', undefined, undefined, 'is longer than Linux allows (NAME): give a directory above it'],
    [ENOENT, 'open', undefined, undefined, `does not exist (NAME): ${CREATE}`],
    [ENOTDIR, 'open', undefined, given('a'), `does not exist (NAME): ${CREATE}`],
    [ENOENT, 'open', undefined, given('a', 'write'), 'does not exist (NAME): create it first, or grant its directory'],
    [
      ENOENT,
      'open',
      undefined,
      given('a:/b'),
      `does not exist (NAME): ${CREATE}; for several paths, give each path as an element of its own`,
    ],
    [
      ENOENT,
      'open',
      undefined,
      given('{a,b}/c'),
      'does not exist (NAME): patterns are not expanded, so grant the directory /w',
    ],
    [
      ENOENT,
      'open',
      undefined,
      given('/x/y?/z'),
      'does not exist (NAME): patterns are not expanded, so grant the directory /x',
    ],
    [ENOENT, 'open', undefined, given('a/{b}'), `does not exist (NAME): ${CREATE}`],
    [
      ELOOP,
      'open',
      '/l',
      undefined,
      'leads through the symbolic link /l, which the program could replace by another: give the path to which it should lead',
    ],
    [
      ELOOP,
      'open',
      '/none/path',
      undefined,
      'is a symbolic link, which the program could replace by another: give the path to which it should lead',
    ],
    ...['/proc/self', '/proc/thread-self'].map((link): [number, string, string, undefined, string] => [
      ELOOP,
      'open',
      link,
      undefined,
      `leads through ${link}, which is a different directory for each process: grant /proc, or files in it by name`,
    ]),
  ])('errno %i of %s, with the link %s, case %#', (error, call, link, from, problem) => {
    const failure = { error, call, ...(link === undefined ? {} : { link }) };
    expect(pathProblem(failure, 'NAME', '/none/path', from)).toBe(problem);
  });

  test('the target of a link that is there is named', () => {
    const link = join(cwd, 'link');
    symlinkSync('src', link);
    expect(pathProblem({ error: ELOOP, call: 'open', link }, 'ELOOP', link, undefined)).toMatch(
      `if you mean ${join(cwd, 'src')}, to which it leads now, give that path`,
    );
  });
});

test.each([
  ['~', true],
  ['~/x', true],
  ['a~', false],
  ['$HOME', true],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: It is that of a shell.
  ['a/${b}', true],
  ['$1', false],
  ['*', true],
  ['a?', true],
  ['[ab]', true],
  ['[]', false],
  ['{a,b}', true],
  ['{a}', false],
  ['/a/b', false],
])('%s looks as if a shell would expand it: %o', (text, isExpandable) => {
  expect(looksExpandable(text)).toBe(isExpandable);
});

describe('a form without URLs', () => {
  const form = { ...AS_OPTION, url: '' };
  const refuse = (_: unknown, problem: string): never => {
    throw new Error(problem);
  };
  test.each([
    ['file:///srv/x', '"file:///srv/x" is a URL: give the path, /srv/x'],
    ['file:x', '"file:x" is a URL: give the path, /x'],
    ['file://host/x', '"file://host/x" is a URL: give the path'],
    ['https://a', 'is a URL of https:, and only files can be granted: give a path'],
  ])('of %s says: %s', (text, problem) => {
    expect(() => refuseUrl(text, form, refuse)).toThrow(new Error(problem));
  });

  test.each(['https:a', 'C:\\x', 'C://x', 'a/b://c'])('takes %s as a path', (text) => {
    refuseUrl(text, form, refuse);
  });

  test('has the same problems with URL objects', () => {
    expect(readUrl(new URL('file:///srv/a%20b'), form, refuse)).toBe('/srv/a b');
    expect(() => readUrl(new URL('http://a/b'), form, refuse)).toThrow(
      new Error('is a URL of http:, and only files can be granted: give a path'),
    );
  });
});
