/**
 * Links that an earlier run planted: where a later run is granted a path that leads through one, it does not start. The
 * links of the system are followed.
 */
import { spawnSync as spawnSyncUnconfined, spawn as spawnUnconfined } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { pathsSupport } from '../../../lib/landlock/paths/support.js';
import { spawnSync } from '../../../lib/sandbox/spawn-sync.js';
import { dist } from '../../support/built.js';
import { obstacleTo, obstacleUnder } from '../../support/commands.js';
import { compileC } from '../../support/compile-c.js';
import { describeUnless } from '../../support/describe-unless.js';
import { hasCapability } from '../../support/scripts.js';

const NOBODY = 65_534;
const self = process.getuid?.() ?? 0;
const isRoot = self === 0;
const NEEDS_ROOT = 'only root can give files to another user';

interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** The output of a start, or the message of its error. */
function startHere({ file, args, options }: Start): string {
  try {
    const { stdout, stderr, error } = spawnSync(file, args, 'unconfined', { encoding: 'utf8', ...options });
    return error === undefined ? `${stdout}${stderr}` : error.message;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The results of starts by this process; or by a Node of a user, or that the command `under` starts. */
function startAll(
  user: number | undefined,
  starts: readonly Start[],
  under: readonly string[] = [],
): readonly string[] {
  if (user === undefined && under.length === 0) return starts.map(startHere);
  const script = fileURLToPath(new URL('starts.mjs', import.meta.url));
  const [command = '', ...args] = [...under, process.execPath, script];
  const { stdout, stderr, error } = spawnSyncUnconfined(command, args, {
    ...{ uid: user, gid: user, cwd: '/', encoding: 'utf8' },
    input: JSON.stringify({ home: dist, starts }),
  });
  if (stdout === '') throw new Error(stderr, { cause: error });
  return JSON.parse(stdout);
}

/** Who starts the child, and as whom; and who owns its files. */
interface Who {
  readonly who: string;
  readonly user: number | undefined;
  readonly owner: number;
  readonly ids: Readonly<Record<string, number>>;
}

const USERS: readonly Who[] = isRoot
  ? [
      { who: 'an ordinary user', user: NOBODY, owner: NOBODY, ids: {} },
      { who: 'root that gives another uid', user: undefined, owner: NOBODY, ids: { uid: NOBODY, gid: NOBODY } },
      { who: 'root', user: undefined, owner: 0, ids: {} },
    ]
  : [{ who: 'an ordinary user', user: undefined, owner: self, ids: {} }];

const obstacleToNamespace = () =>
  isRoot
    ? obstacleUnder(['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'], ['unshare'])
    : obstacleTo('unshare');

const made: string[] = [];
afterAll(() => {
  for (const each of made) rmSync(each, { recursive: true, force: true });
});

function makeDirectory(path: string, owner = self, mode = 0o755): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  if (isRoot) chownSync(path, owner, owner);
  return path;
}

/** A directory with `secret/key`, and `work`, which the child may write. */
function makeFiles(owner: number, parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, 'seccomp-links-'));
  made.push(directory);
  for (const path of ['.', 'work', 'secret']) makeDirectory(join(directory, path), owner);
  writeFileSync(join(directory, 'secret/key'), 'secret\n', { mode: 0o644 });
  return directory;
}

/** Directories of root's beneath which applications keep data. */
const APPLICATIONS = ['/var/lib', '/opt', '/usr/src', '/usr/local/share', '/run', '/dev/shm', '/etc'];

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts for one attack. Without the check of what was opened, one of 50 got the file. */
const RACES = 200;

const FOLLOWED = /^secret\n/;
const REFUSED =
  /^options\.paths\.(read|write)\[\d\]: .* (is a|leads through the) symbolic link.*, which the program could repl/;

describeUnless(pathsSupport().reason ?? undefined, 'links', () => {
  describe.each(USERS)('that a run planted as a child of $who', ({ user, owner, ids }) => {
    const cat = (path: string, paths: object, cwd = '/'): Start => ({
      ...{ file: '/bin/cat', args: [path], options: { ...ids, cwd, paths } },
    });
    /** The first run makes work/out and work/file links; the others are granted paths that lead through these. */
    function attacksIn(directory: string): readonly Start[] {
      const link = 'ln -s ../secret work/out && ln -s ../secret/key work/file && ln -s .. work/moving && echo planted';
      const granted = { read: ['@system', directory], write: ['work'] };
      const out = join(directory, 'work/out');
      return [
        { file: '/bin/sh', args: ['-c', link], options: { ...ids, cwd: directory, paths: granted } },
        cat(`${out}/key`, { read: ['@system', out] }),
        cat(`${out}/key`, { read: ['@system', `${out}/key`] }),
        cat(`${out}/key`, { read: ['@system', { path: out, optional: true }] }),
        cat(`${out}/key`, { read: ['@system'], write: [out] }),
        cat(`${directory}/work/file`, { read: ['@system', join(directory, 'work/file')] }),
        cat('work/out/key', { read: ['@system', 'work/out'] }, directory),
        cat('key', { read: ['@system', './key'] }, out),
        cat('work/moving/secret/key', { read: ['@system', 'work/moving/secret'] }, directory),
      ];
    }

    test.for([[tmpdir()], APPLICATIONS])(
      'in a directory of its user beneath %s are not followed',
      (parents, { skip }) => {
        const writable = parents.filter(isWritable);
        skip(writable.length === 0, 'needs a directory of applications that can be written');
        const results = startAll(
          user,
          writable.flatMap((parent) => attacksIn(makeFiles(owner, parent))),
        );
        const attacks = results.filter((each) => each !== 'planted\n');
        expect(attacks.filter((each) => !REFUSED.test(each))).toEqual([]);
        expect(attacks.length).toBe(8 * writable.length);
      },
    );

    test('in a directory that its user may write as a member of a group, or as anyone, are not followed', ({
      skip,
    }) => {
      skip(!isRoot, NEEDS_ROOT);
      const directory = makeFiles(owner);
      const links = [0o775, 0o757, 0o1777].map((mode) => {
        const link = join(makeDirectory(join(directory, `shared-${mode}`), 0, mode), 'out');
        symlinkSync(join(directory, 'secret'), link);
        return link;
      });
      const inTmp = join('/tmp', `${basename(directory)}-planted`);
      made.push(inTmp);
      symlinkSync(join(directory, 'secret'), inTmp);
      const starts = [...links, inTmp].map((link) => cat(`${link}/key`, { read: ['@system', link] }));
      expect(startAll(user, starts).filter((each) => !REFUSED.test(each))).toEqual([]);
    });

    test('are not followed in /proc, where the child chooses what they lead to', ({ skip }) => {
      skip(user !== undefined || owner !== self, 'the other process must be of the child’s user');
      const directory = makeFiles(owner);
      const other = spawnUnconfined('/bin/cat', { cwd: directory, stdio: ['pipe', 'ignore', 'inherit'] });
      const path = `/proc/${other.pid}/cwd/secret`;
      expect(startAll(user, [cat(`${path}/key`, { read: ['@system', path] })])).toEqual([
        expect.stringMatching(REFUSED),
      ]);
      other.kill('SIGKILL');
    });
  });

  test.for(USERS)('of the system are followed for a child of $who', ({ user, ids }, { skip }) => {
    const links = [
      '/bin',
      '/lib',
      '/etc/localtime',
      '/etc/os-release',
      '/etc/alternatives/awk',
      '/var/run',
      '/usr/bin/awk',
    ];
    const found = links.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink());
    skip(found.length === 0, 'needs a system with links');
    const starts = found.map((path) => ({
      ...{
        file: '/bin/ls',
        args: ['-d', realpathSync(path)],
        options: { ...ids, cwd: '/', paths: { read: ['@system', path] } },
      },
    }));
    expect(startAll(user, starts)).toEqual(found.map((path) => `${realpathSync(path)}\n`));
  });

  test('that only root can make are followed for another user, but not for root elsewhere', ({ skip }) => {
    skip(!isRoot, NEEDS_ROOT);
    const directory = makeFiles(0);
    const link = join(directory, 'link');
    symlinkSync('secret', link);
    const start = { file: '/bin/cat', args: [`${link}/key`] };
    const paths = { read: ['@system', link] };
    const [asRoot, asOther] = startAll(undefined, [
      { ...start, options: { cwd: '/', paths } },
      { ...start, options: { cwd: '/', paths, uid: NOBODY, gid: NOBODY } },
    ]);
    expect(asRoot).toMatch(REFUSED);
    expect(asOther).toMatch(FOLLOWED);
    expect(startAll(NOBODY, [{ ...start, options: { cwd: '/', paths } }])).toEqual([expect.stringMatching(FOLLOWED)]);
  });

  describeUnless(obstacleToNamespace(), 'for root of a user namespace', () => {
    const NAMESPACE = ['unshare', '--user', '--map-root-user'];
    const user = isRoot ? NOBODY : undefined;
    const cat = (path: string, paths: object): Start => ({
      ...{ file: '/bin/cat', args: [path], options: { cwd: '/', paths } },
    });

    test('of the system are followed, although its owner is not mapped', () => {
      const start = { file: '/bin/echo', args: ['started'], options: { cwd: '/', paths: { read: ['@system'] } } };
      expect(startAll(user, [start], NAMESPACE)).toEqual(['started\n']);
    });

    test('that its user, or anyone, could have made are not followed', () => {
      const directory = makeFiles(user ?? self);
      const links = [join(directory, 'work/out'), join('/tmp', `${basename(directory)}-namespace`)];
      made.push(...links);
      for (const link of links) symlinkSync(join(directory, 'secret'), link);
      const starts = links.map((link) => cat(`${link}/key`, { read: ['@system', link] }));
      expect(startAll(user, starts, NAMESPACE).filter((each) => !REFUSED.test(each))).toEqual([]);
    });

    test('are not followed if its user is not mapped, and could own what others own', () => {
      const directory = makeFiles(user ?? self);
      const link = join(directory, 'work/out');
      symlinkSync('../secret', link);
      const start = cat(`${link}/key`, { read: [link, '/'] });
      for (const under of [
        ['unshare', '--user'],
        ['unshare', '--user', '--keep-caps'],
      ])
        expect(startAll(user, [start], under)).toEqual([expect.stringMatching(REFUSED)]);
    });

    test('are not followed if the ID is mapped that stands for owners that are not', ({ skip }) => {
      skip(!isRoot, 'only root can map other users');
      const mapped = (...ranges: readonly string[]) => [
        ...['unshare', '--map-groups=0:0:1', ...ranges.map((range) => `--map-users=${range}`)],
      ];
      const [unshare = '', ...args] = [...mapped('0:0:1'), 'true'];
      skip(spawnSyncUnconfined(unshare, args).status !== 0, 'needs unshare of util-linux 2.39');
      const outside = makeFiles(0);
      const link = join(makeDirectory(join(outside, 'of-another'), 70_001), 'link');
      symlinkSync('../secret', link);
      const start = cat(`${link}/key`, { read: ['@system', link] });
      expect(startAll(undefined, [start], mapped('0:0:1'))).toEqual([expect.stringMatching(FOLLOWED)]);
      const ambiguous = mapped('0:0:1', `${NOBODY}:${NOBODY}:1`);
      expect(startAll(undefined, [start], ambiguous)).toEqual([expect.stringMatching(REFUSED)]);
    });
  });

  test('that only root can make are not followed for a child with a capability that overrides permissions', ({
    skip,
  }) => {
    skip(!isRoot || !hasCapability('CAP_SYS_ADMIN'), 'needs root with CAP_SYS_ADMIN');
    const directory = makeFiles(0);
    const link = join(directory, 'link');
    symlinkSync('secret', link);
    const start = (options: object): Start => ({
      ...{ file: '/bin/cat', args: [`${link}/key`] },
      options: { cwd: '/', paths: { read: ['@system', link] }, ...options },
    });
    const withAmbient = (capabilities: readonly string[]) => [
      ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
      ...['--inh-caps', '--ambient-caps'].map((set) => `${set}=${capabilities.map((name) => `+${name}`).join()}`),
    ];
    const overriding = ['chown', 'dac_override', 'fowner', 'setuid', 'sys_admin'];
    const [kept, harmless, ...others] = startAll(
      undefined,
      [undefined, 'net_bind_service', ...overriding].map((name) =>
        start(name === undefined ? {} : { capabilities: [`CAP_${name.toUpperCase()}`] }),
      ),
      withAmbient(['net_bind_service', ...overriding]),
    );
    expect([kept, ...others]).toEqual(Array(6).fill(expect.stringMatching(REFUSED)));
    expect(harmless).toMatch(FOLLOWED);
    expect(startAll(undefined, [start({})], withAmbient(['net_bind_service', 'dac_read_search']))).toEqual([
      expect.stringMatching(FOLLOWED),
    ]);
  });

  test('in a directory of the system that belongs to another user are not followed for root', ({ skip }) => {
    const parent = '/usr/share';
    skip(!isRoot || !isWritable(parent), NEEDS_ROOT);
    const directory = makeFiles(0, parent);
    const link = join(makeDirectory(join(directory, 'other'), NOBODY), 'link');
    symlinkSync('../secret', link);
    const start = {
      file: '/bin/cat',
      args: [`${link}/key`],
      options: { cwd: '/', paths: { read: ['@system', link] } },
    };
    expect(startAll(undefined, [start])).toEqual([expect.stringMatching(REFUSED)]);
    chownSync(join(directory, 'other'), 0, 0);
    expect(startAll(undefined, [start])).toEqual([expect.stringMatching(FOLLOWED)]);
  });

  test.for(USERS)(
    'and files that a program of an earlier run names as its interpreters grant $who nothing',
    ({ user, owner, ids }) => {
      const directory = makeFiles(owner);
      const [text, script] = ['text', 'script'].map((name) => join(directory, 'secret', name));
      // As on file systems where every file is executable.
      writeFileSync(String(text), 'secret\n', { mode: 0o777 });
      writeFileSync(String(script), '#!/missing\nsecret\n', { mode: 0o777 });
      for (const file of [text, script]) chmodSync(String(file), 0o777);
      const plant = [text, script].map(
        (file, i) =>
          `mkdir work/${i}; printf '#!%s\\ncat %s\\n' ${file} ${file} >work/${i}/tool; chmod 755 work/${i}/tool`,
      );
      plant.push(
        `mkdir work/2; printf '#!/bin/sh\\ncat %s %s\\n' ${text} ${script} >work/2/tool; chmod 755 work/2/tool`,
      );
      const options = { ...ids, cwd: directory };
      const paths = { read: ['@system', 'work'], execute: ['work'] };
      const [work] = ['0', '1', '2'].map((name) => join(directory, 'work', name));
      const results = startAll(user, [
        {
          file: '/bin/sh',
          args: ['-c', plant.join('; ')],
          options: { ...options, paths: { ...paths, write: ['work'] } },
        },
        { file: './work/0/tool', args: [], options: { ...options, paths } },
        { file: './work/1/tool', args: [], options: { ...options, paths } },
        {
          file: 'tool',
          args: [],
          options: { ...options, paths, env: { PATH: `${work}:${directory}/work/1:${directory}/work/2:/bin` } },
        },
      ]);
      expect(results[0]).toBe('');
      expect(results.filter((each) => each.includes('secret\n'))).toEqual([]);
      expect(results[3]).toMatch(/^cat: .*text: Permission denied\ncat: .*script: Permission denied\n$/);
    },
  );

  test('to which another child replaces a program while it is started grant nothing', async () => {
    const directory = makeFiles(self);
    const work = join(directory, 'work');
    for (const name of ['exchange', 'reader']) copyFileSync(compileC(`../adversary/paths/${name}.c`), join(work, name));
    symlinkSync(join(directory, 'secret'), join(work, 'other'));
    const paths = { write: [work], execute: [work] };
    const attacker = spawnUnconfined(join(work, 'exchange'), [join(work, 'reader'), join(work, 'other')]);
    await once(attacker, 'spawn');
    const outputs = Array.from({ length: RACES }, () => {
      const { stdout, error } = spawnSync(join(work, 'reader'), [join(directory, 'secret/key')], 'unconfined', {
        paths,
      });
      return error === undefined ? String(stdout) : String(error);
    });
    attacker.kill('SIGKILL');
    await once(attacker, 'close');
    // The link was there in many of the starts, and in many it was not.
    expect(outputs.filter((each) => each.includes('secret\n'))).toEqual([]);
    expect(outputs.filter((each) => each === '').length).toBeGreaterThan(0);
  });
});
