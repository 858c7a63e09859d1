/** `record` with `paths: true`: the grants that are made of what a program did with files. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RecordOptions, RunError, record, run } from '../../lib/index.js';
import { readPaths } from '../../lib/landlock/paths/option.js';
import { rightsNeeded } from '../../lib/landlock/paths/prediction.js';
import { pathsSupport } from '../../lib/landlock/paths/support.js';
import { synthesizePaths } from '../../lib/record/paths/synthesize-paths.js';
import { answersUnder, landlockAbi, program } from '../landlock/accesses.js';
import { places, scenario } from '../landlock/scenarios.js';
import { describeUnless } from '../support/describe-unless.js';
import { isSanitized } from '../support/faults.js';

let cwd = '';
let home = '';
beforeEach(() => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-recorded-')));
  home = join(place, 'home');
  cwd = join(place, 'work');
  for (const path of [home, join(cwd, 'sub')]) mkdirSync(path, { recursive: true });
  for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(join(cwd, name), name);
});
afterEach(() => rmSync(join(cwd, '..'), { recursive: true }));

const recordShell = (script: string, options: RecordOptions = {}) =>
  record('sh', ['-c', script], { cwd, env: { PATH: '/usr/bin:/bin', HOME: home }, paths: true, ...options });

const SYSTEM = { read: ['@system'] };
const reading = (...paths: readonly string[]) => ({ read: ['@system', ...paths] });

describeUnless(pathsSupport().reason ?? undefined, 'recorded paths', () => {
  test.each<[what: string, script: string, paths: object]>([
    ['what @system has is left to it', 'cat /etc/passwd; ls /usr/bin', SYSTEM],
    ['files are named, relative to the working directory', 'cat a ./b; cat "$PWD/a"', reading('./a', './b')],
    ['a file beyond that is named by its absolute path', 'cd sub && cat ../a', reading('./a')],
    ['a call that finds no file needs none', 'cat missing; cat a', reading('./a')],
    ['three files are not a directory', 'cat a b c', reading('./a', './b', './c')],
    ['four files stand for their directory', 'cat a b c d', reading('.')],
    ['a listed directory stands for what is in it', 'mkdir x; ls x; cat a', { read: ['@system'], write: ['.'] }],
    ['a file that exists is written by its own path', 'echo 1 >a; cat a', { ...SYSTEM, write: ['./a'] }],
    ['a file is made in its directory', 'echo 1 >sub/new; cat a', { ...reading('./a'), write: ['./sub'] }],
    ['a file is made where a link leads', 'ln -s sub/new link; echo 1 >link', { ...SYSTEM, write: ['.'] }],
    ['a file is removed from its directory', 'rm a', { ...SYSTEM, write: ['.'] }],
    ['what is in a writable directory is not named', 'rm a; cat b c', { ...SYSTEM, write: ['.'] }],
    ['temporary files are @tmp', 'x=$(mktemp) && echo 1 >$x && rm $x', { ...SYSTEM, write: ['@tmp'] }],
    [
      'programs among temporary files are executed there',
      'cp /bin/true "$TMPDIR/x" && "$TMPDIR/x"',
      { ...SYSTEM, write: ['@tmp'], execute: ['@tmp'] },
    ],
  ])('%s', async (_, script, paths) => {
    const recording = await recordShell(script);
    expect(recording.paths).toEqual(paths);
    expect(recording.notes.filter((note) => note.startsWith('paths'))).toEqual([]);
  });

  test('the status of a process is in /proc, of which a note says what it shows', async () => {
    const { paths, notes } = await recordShell('cat /proc/self/status');
    expect(paths).toEqual(reading('/proc'));
    expect(notes).toContainEqual(
      expect.stringMatching(/^paths\.read grants \/proc, which shows the command lines of all/),
    );
  });

  test('a server in Node and Python run under their paths, which lack what runtimes do without', async ({ skip }) => {
    skip(isSanitized(), 'a sanitizer’s runtime needs /proc/self/maps');
    const server = `require('http').createServer((q, s) => s.end('x')).listen(0, function () {
      fetch('http://127.0.0.1:' + this.address().port).then((r) => r.text()).then((x) => { console.log(x); process.exit(); });
    });`;
    for (const [command, code] of [
      [process.execPath, ['-e', server]],
      ['/usr/bin/python3', ['-c', 'print("x")']],
    ] as const) {
      const { paths = {}, profile, files = [] } = await record(command, code, { cwd, paths: true });
      expect(JSON.stringify(paths)).not.toMatch(/"\/(proc|sys\/fs\/cgroup)/);
      if (command === process.execPath)
        expect(files).toContainEqual(
          expect.objectContaining({ path: expect.stringMatching(/^\/proc\/\d+\/cgroup$/), grants: [], fallback: true }),
        );
      expect((await run(command, code, profile, { cwd, paths })).stdout).toBe('x\n');
    }
  });

  test('programs that are started are named, and so are their interpreters', async () => {
    writeFileSync(join(cwd, 'script'), '#!./sh\necho 1');
    execFileSync('cp', ['/bin/sh', join(cwd, 'sh')]);
    chmodSync(join(cwd, 'script'), 0o755);
    const { paths } = await recordShell('./script');
    expect(paths).toEqual({ ...SYSTEM, execute: ['./script', './sh'] });
  });

  test.each([
    ['mkdir -p x/y; cp /bin/true x/y/made; x/y/made', { write: ['.'], execute: ['.'] }],
    ['cp /bin/true sub/made; sub/made', { write: ['./sub'], execute: ['./sub'] }],
    [
      'mkdir -p sub/new; cp /bin/true sub/new/made; mv sub/new sub/x; sub/x/made',
      { write: ['./sub'], execute: ['./sub'] },
    ],
    ['cp /bin/true "$TMPDIR/x"; mv "$TMPDIR/x" sub/x; sub/x', { write: ['@tmp', './sub'], execute: ['@tmp', './sub'] }],
  ])('a program that the run makes is executed in a directory that lasts, and so again: %s', async (script, more) => {
    const { paths = {}, profile } = await recordShell(script);
    expect(paths).toEqual({ ...SYSTEM, ...more });
    for (const name of ['x', 'sub'].map((each) => join(cwd, each))) rmSync(name, { recursive: true, force: true });
    mkdirSync(join(cwd, 'sub'));
    const again = await run('sh', ['-ec', script], profile, { cwd, env: { PATH: '/usr/bin:/bin' }, paths });
    expect(again.stderr).toBe('');
  });

  test.each([
    ['ls ~', /^paths does not grant .*\/home: a home directory would be granted/],
    ['echo 1 >~/x', /^paths does not grant .*\/home: a home directory would be granted/],
    ['cat ~/.1 ~/.2 ~/.3 ~/.4', undefined],
    ['ls ~/.ssh', /^paths does not grant .*\/home\/\.ssh: settings and secrets of the user/],
    ['ls /', /^paths does not grant \/: a home directory would be granted/],
    ['echo 0 >/proc/self/oom_score_adj', /^paths does not grant \/proc: other processes could be changed there/],
    [
      'touch /usr/lib/seccomp-test; rm -f /usr/lib/seccomp-test',
      /^paths does not grant \/usr\/lib: many programs share it/,
    ],
    ['ls /etc', /^paths does not grant \/etc: many programs share it/],
    ['x=$(mktemp -p /tmp) && cat $x && rm $x', /^paths does not grant \/tmp: /],
  ])('%s does not grant a whole directory of others', async (script, note) => {
    mkdirSync(join(home, '.ssh'));
    for (const name of ['.1', '.2', '.3', '.4']) writeFileSync(join(home, name), name);
    const { paths, notes } = await recordShell(script);
    const granted = note === undefined ? ['1', '2', '3', '4'].map((each) => `${home}/.${each}`) : [];
    expect(paths).toEqual(reading(...granted));
    const found = notes.filter((each) => each.startsWith('paths'));
    expect(found).toEqual(note === undefined ? [] : expect.arrayContaining([expect.stringMatching(note)]));
  });

  test('files are listed with counts and with the entries that grant them', async () => {
    const { files } = await recordShell('cat a a; cat a; echo 1 >sub/x');
    expect(files).toEqual(
      expect.arrayContaining([
        { path: join(cwd, 'a'), access: 'read', count: 3, grants: ['./a'], fallback: false },
        { path: join(cwd, 'sub/x'), access: 'write', count: 1, grants: ['./sub'], fallback: false },
        { path: realpathSync('/bin/cat'), access: 'execute', count: 2, grants: ['@system'], fallback: false },
      ]),
    );
  });

  test('paths are absolute if a link leads to the working directory, as the option follows none there', async () => {
    symlinkSync(cwd, join(home, 'link'));
    const { paths = {}, profile } = await recordShell('cat a', { cwd: join(home, 'link') });
    expect(paths).toEqual(reading(join(cwd, 'a')));
    const options = { cwd: join(home, 'link'), env: { PATH: '/usr/bin:/bin' }, paths };
    expect((await run('sh', ['-c', 'cat a'], profile, options)).stdout).toBe('a');
  });

  test('names with control characters are escaped in notes', async () => {
    const gone = `${home}/x\n\u001b[31m`;
    const { notes } = await recordShell(`mkdir '${gone}'; echo 1 >'${gone}/f'; rm -r '${gone}'`);
    const about = notes.filter((note) => note.includes('[31m'));
    expect(about).toEqual([expect.stringContaining('x\\n\\u001b[31m')]);
    expect(notes.join('')).not.toMatch(/\p{Cc}/u);
  });

  test('an entry for execution grants no listing', async () => {
    const { notes, files } = await recordShell('ls ~', { mergePaths: { execute: [home] } });
    expect(notes).toContainEqual(expect.stringMatching(/^paths does not grant .*\/home: /));
    expect(files).toContainEqual({ path: home, access: 'read', count: 1, grants: [], fallback: false });
  });

  test('many files are all listed, and many notes are one', async () => {
    const script = 'mkdir $(seq -f d%g 600); for i in $(seq 600); do echo >d$i/f; done; cat d*/f; rmdir missing';
    const { files = [], notes } = await recordShell(
      `${script}; mkdir $(seq -f /tmp/seccomp-many-%g 30); rmdir /tmp/seccomp-many-*`,
    );
    expect(files.length).toBeGreaterThan(1200);
    expect(notes.length).toBeLessThan(5);
  }, 60_000);

  test('recordings are merged, and what was written by hand stays', async () => {
    const { paths } = await recordShell('cat c', {
      mergePaths: {
        read: [
          '@node',
          'a',
          ...['1', '2', '3', '4'].map((each) => ({ path: `./cache/${each}`, optional: true })),
          '/etc',
        ],
        execute: ['@tmp'],
      },
    });
    expect(paths).toEqual({
      read: [
        ...['@system', '@node', './a', './c', '/etc'],
        ...['1', '2', '3', '4'].map((each) => ({ path: `./cache/${each}`, optional: true })),
      ],
      write: ['@tmp'],
      execute: ['@tmp'],
    });
  });

  test('the program runs again under its recording, and another file is denied', async () => {
    const { profile, paths = {} } = await recordShell('cat a');
    const options = { cwd, env: { PATH: '/usr/bin:/bin' }, paths };
    expect((await run('sh', ['-c', 'cat a'], profile, options)).stdout).toBe('a');
    const denied = await run('sh', ['-c', 'cat a b'], profile, options).catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(RunError);
    expect(denied).toMatchObject({ stdout: 'a', stderr: expect.stringMatching(/b: Permission denied/) });
  });

  test.each<[RecordOptions, RegExp]>([
    [{ paths: { read: ['@system'] }, mergePaths: {} }, /^options\.mergePaths: has no effect without paths: true/],
    [{ bestEffort: true }, /^options\.bestEffort: has no effect/],
    [{ mergePaths: { read: ['@nothing'] } }, /options\.mergePaths\.read\[0\]/],
    [{ merge: 'unconfined' }, /^options\.merge: unconfined allows all calls already: leave it out$/],
  ])('%o is an error', async (options, message) => {
    await expect(recordShell('true', options)).rejects.toThrow(message);
  });

  // As in test/landlock/prediction.test.ts.
  const ACCESSES = Number(process.env['SECCOMP_TEST_ACCESSES'] ?? 480);

  test('random accesses are allowed by the paths that are made of them, unless a note says otherwise', async () => {
    const abi = landlockAbi();
    const property = fc.asyncProperty(scenario(places(abi), abi, 40), async (each) => {
      execFileSync(program(), ['--make'], { cwd: each.place, input: each.files.join('\n') });
      const seen = each.attempts.map(({ access }) => ({
        access,
        needs: rightsNeeded(access),
        count: 1,
        fallback: false,
      }));
      const here = { directory: '/nowhere', homes: [], tmp: '/nowhere', words: new Map() };
      const { paths, notes, files } = synthesizePaths(seen, here);
      for (const name of ['tree', 'kept']) rmSync(join(each.place, name), { recursive: true, force: true });
      const refused = new Set(files.filter(({ grants }) => grants.length === 0).map(({ path }) => path));
      const absolute = readPaths({ ...paths, read: [...(paths.read ?? []), '@system'] });
      const { answers } = await answersUnder(absolute, each);
      const wrong = each.attempts.flatMap(({ access, words }, i) => {
        const { outside, inside } = answers[i] ?? expect.fail('no answer');
        const isNoted =
          'path' in access ? refused.has(access.path) : refused.has(access.from) || refused.has(access.to);
        return outside === inside || isNoted ? [] : [`${words}: ${outside}, under paths ${inside}`];
      });
      expect(wrong, JSON.stringify({ paths, notes })).toEqual([]);
      expect(refused.size).toBeLessThanOrEqual(notes.length * 40);
    });
    await fc.assert(property, { numRuns: Math.ceil(ACCESSES / 40) });
  });
});
