/** The words of `paths`: what they grant, and what they never grant. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { expanded } from '../../lib/landlock/paths/patterns.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { PATH_WORDS, type PathWord, type SharedWord, wordGrants } from '../../lib/landlock/paths/words.js';
import { run } from '../../lib/sandbox/run.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/scripts.js';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-words-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const { execPath } = process;
afterEach(() => {
  process.execPath = execPath;
});

const WORDS: readonly SharedWord[] = ['@system', '@terminal', '@node'];

/** The word that has a section of docs/reference/path-words.md, and the words whose rows are there. */
const SECTIONS: readonly (readonly [PathWord, readonly SharedWord[]])[] = [
  ['@system', ['@system', '@terminal']],
  ['@node', ['@node']],
];

/** What a path leads to; the path itself if this system lacks it. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const contains = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`);

/** Whether a container engine has hidden the file behind /dev/null. */
const isMasked = (path: string) =>
  path.startsWith('/proc/') && statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;

const SECRET = [
  '/boot',
  '/dev/mem',
  '/dev/pts',
  '/dev/shm',
  '/dev/vda',
  '/etc/bash.bashrc',
  '/etc/bashrc',
  '/etc/environment',
  '/etc/gshadow',
  '/etc/machine-id',
  '/etc/NetworkManager',
  '/etc/npmrc',
  '/etc/pki/tls/private',
  '/etc/profile',
  '/etc/profile.d',
  '/etc/shadow',
  '/etc/ssh',
  '/etc/ssl/private',
  '/etc/sudoers',
  '/home',
  '/opt',
  '/proc/1',
  '/proc/cmdline',
  '/proc/interrupts',
  '/proc/kallsyms',
  '/proc/kcore',
  '/proc/keys',
  '/proc/net',
  '/proc/self',
  '/proc/sysrq-trigger',
  '/root',
  '/run/docker.sock',
  '/run/NetworkManager/system-connections',
  '/run/user',
  '/srv',
  '/sys/fs',
  '/sys/kernel/debug',
  '/tmp',
  '/var',
];

describe.each(WORDS)('%s', (word) => {
  test('grants nothing that contains secrets, by no link either', () => {
    const paths = wordGrants(word).flatMap(({ path }) => [path, real(path)]);
    const granted = SECRET.map((secret) => [secret, paths.filter((path) => contains(path, secret))]);
    expect(granted).toEqual(SECRET.map((secret) => [secret, []]));
  });

  test('has one grant for each path and access of its table', () => {
    const grants = wordGrants(word).map(({ path, access }) => `${access} ${path}`);
    const rows = (PATH_WORDS.get(word) ?? []).flatMap((row) =>
      row.paths().flatMap((path) => row.access.map((access) => `${access} ${path}`)),
    );
    expect(grants).toEqual(rows);
    expect(new Set(grants).size).toBe(grants.length);
  });

  test('grants absolute paths', () => {
    expect(wordGrants(word).filter(({ path }) => !path.startsWith('/') || /[*~]|\/\//.test(path))).toEqual([]);
  });
});

test.each(SECTIONS)('%s has the rows of docs/reference/path-words.md', (word, words) => {
  const page = readFileSync(join(packageRoot, 'docs/reference/path-words.md'), 'utf8');
  const [, section = ''] = page.split(`\n## ${word}\n`);
  const [own = ''] = section.split('\n## ');
  const shown = [...own.matchAll(/^\| (`.*`) \| (\w+(?:, \w+)?) \| (.*) \|$/gm)].map(([, paths, access, why]) => ({
    shown: paths?.slice(1, -1).split('` `'),
    access: access?.split(', '),
    why,
  }));
  const rows = words.flatMap((each) => PATH_WORDS.get(each) ?? []);
  expect(rows.map(({ shown, access, why }) => ({ shown, access, why }))).toEqual(shown);
});

const PROGRAMS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
const PROGRAMS_OF_USR = [...PROGRAMS, 'libexec', 'share', 'include', 'games'];

describe('@system', () => {
  const grants = wordGrants('@system');

  test('lets nothing be written but devices', () => {
    const written = grants.filter(({ access }) => access === 'write').map(({ path }) => path);
    expect(written.toSorted()).toEqual(['full', 'null', 'random', 'urandom', 'zero'].map((name) => `/dev/${name}`));
    expect(wordGrants('@terminal')).toEqual([{ path: '/dev/tty', access: 'write' }]);
    expect(wordGrants('@terminal')).toBe(wordGrants('@terminal')); // A ruleset that is kept has the same one.
    expect(written.filter((path) => statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === false)).toEqual(
      [],
    );
  });

  test('grants nothing in the home directory', () => {
    const paths = grants.map(({ path }) => real(path));
    expect(paths.filter((path) => contains(homedir(), path))).toEqual([]);
  });

  test('lets the programs of the system be executed, and nothing else', () => {
    const executed = grants.filter(({ access }) => access === 'execute').map(({ path }) => path);
    expect(executed.filter((path) => !path.includes('-linux-gnu'))).toEqual([
      ...PROGRAMS.map((name) => `/${name}`),
      ...PROGRAMS_OF_USR.map((name) => `/usr/${name}`),
      ...PROGRAMS_OF_USR.map((name) => `/usr/local/${name}`),
      '/nix/store',
      '/gnu/store',
    ]);
  });
});

/** Prints those of its arguments that it can read: files from which a byte can be read, and directories. */
const READ = `for path; do
  if [ -d "$path" ]; then ls "$path"; else head -c 1 "$path"; fi >/dev/null 2>&1 && echo "$path"
done; true`;

describeUnless(pathsSupport().reason ?? undefined, 'a child with @system', () => {
  const paths = { read: ['@system'] };
  const readable = async (files: readonly string[], options: object) => {
    const { stdout } = await run('sh', ['-c', READ, 'sh', ...files], 'docker-default', options);
    return stdout.split('\n').filter((line) => line !== '');
  };

  test('can read what it could read without paths, of what the word grants', async () => {
    const granted = wordGrants('@system').filter(({ access }) => access === 'read');
    const files = granted.map(({ path }) => path);
    const without = await readable(files, {});
    expect(without).toContain('/usr/share');
    expect(await readable(files, { paths })).toEqual(without);
  });

  test('can read nothing that holds secrets', async () => {
    const more = [
      '/proc/self/environ',
      '/proc/self/fd',
      '/proc/self/root/etc/shadow',
      '/etc',
      '/',
      '/dev',
      '/run',
      '/proc',
    ];
    const files = [...SECRET.filter((path) => !isMasked(path)), ...more];
    expect(await readable(files, {})).toContain('/proc/self/environ');
    expect(await readable(files, { paths })).toEqual([]);
  });

  test('can write devices without a state, and no other file', async () => {
    const script = 'for path; do (: >>"$path") 2>/dev/null && echo "$path"; done; true';
    const devices = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom'];
    const others = ['/dev/shm/seccomp-word', join(base, 'word')];
    const { stdout } = await run('sh', ['-c', script, 'sh', ...devices, ...others], 'docker-default', { paths });
    expect(stdout.split('\n')).toEqual([...devices, '']);
  });
});

describe('@node', () => {
  const prefix = join(base, 'home/.nvm/versions/node/v1.0.0');
  mkdirSync(join(prefix, 'bin'), { recursive: true });
  mkdirSync(join(prefix, 'lib/node_modules/npm/bin'), { recursive: true });
  writeFileSync(join(prefix, 'bin/node'), '');
  writeFileSync(join(prefix, 'bin/corepack'), '');
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(prefix, 'bin/npm'));

  test('grants the Node that is running, and its npm, but nothing else of a home directory', () => {
    process.execPath = join(prefix, 'bin/node');
    const granted = wordGrants('@node').filter(({ path }) => contains(base, path));
    expect(granted).toEqual([
      { path: join(prefix, 'bin/node'), access: 'execute' },
      { path: join(prefix, 'bin/corepack'), access: 'execute' },
      { path: join(prefix, 'lib/node_modules/npm'), access: 'read' },
      { path: join(prefix, 'lib/node_modules/npm'), access: 'execute' },
      { path: join(prefix, 'lib/node_modules/corepack'), access: 'read' },
      { path: join(prefix, 'lib/node_modules/corepack'), access: 'execute' },
      { path: join(prefix, 'include/node'), access: 'read' },
    ]);
  });

  test('grants no folder beside a Node that is in no folder for programs', () => {
    process.execPath = join(base, 'home/node');
    const granted = wordGrants('@node').filter(({ path }) => contains(base, path));
    expect(granted).toEqual([{ path: join(base, 'home/node'), access: 'execute' }]);
  });

  test('grants what this package loads in a child, but not the folder that it is in', () => {
    const paths = wordGrants('@node').map(({ path }) => path);
    expect(paths).toContain(join(packageRoot, 'package.json'));
    expect(paths).toContain(join(packageRoot, 'dist'));
    expect(paths.filter((path) => contains(path, packageRoot))).toEqual([]);
    const launcher = paths.find((path) => path.endsWith('/seccomp-launch')) ?? expect.fail('no launcher');
    expect(paths).toContain(dirname(launcher));
  });
});

describe('a pattern', () => {
  const folder = join(base, 'patterns');
  for (const path of ['java-17-x/a.cfg', 'java-9-x/b.cfg', 'java-9-x/b.txt', 'java-x/c.cfg', 'other/d.cfg']) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }

  test.each([
    ['missing', ['missing']],
    ['java-*-x/*.cfg', ['java-17-x/a.cfg', 'java-9-x/b.cfg']],
    ['java-*-x/security', ['java-17-x/security', 'java-9-x/security']],
    ['*r', ['other']],
    ['java*/b*', ['java-9-x/b.cfg', 'java-9-x/b.txt']],
    ['missing/*', []],
  ])('%s stands for %j', (pattern, names) => {
    expect(expanded(`${folder}/${pattern}`)).toEqual(names.map((name) => `${folder}/${name}`));
  });
});

test('what a pattern stands for is in the order of the names', () => {
  const names = Array.from({ length: 40 }, (_, i) => `name-${(i * 7) % 40}`);
  mkdirSync(join(base, 'many'));
  for (const name of names) writeFileSync(join(base, 'many', name), '');
  expect(expanded(join(base, 'many/name-*'))).toEqual(names.toSorted().map((name) => join(base, 'many', name)));
});
