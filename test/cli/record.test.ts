/** `seccomp record`: writes a profile under which the program runs, and exits as the program does. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { parseProfile } from '../../lib/profile/source.js';
import { main } from '../support/built.js';
import { seccomp } from '../support/command-line.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-record-'));
afterAll(() => rmSync(directory, { recursive: true }));
const root = process.cwd();
afterEach(() => process.chdir(root));

let files = 0;
const newFile = (extension = 'json') => join(directory, `profile-${files++}.${extension}`);

/** Runs the command in a process of its own, to see what the program prints. */
function start(args: readonly string[], cwd = directory) {
  const env = { ...process.env, LC_ALL: 'C' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd, env });
  return { status, stdout, stderr };
}

/** A program whose file is not that of the shell, and whose output goes nowhere. */
const quietly = (command: string) => ['--', 'sh', '-c', `${command} >/dev/null`];

const namesIn = (file: string) =>
  parseProfile(readFileSync(file, 'utf8')).document.syscalls.flatMap(({ names }) => names);

describe('seccomp record', () => {
  test('writes a profile under which the program runs, and passes its output and exit code through', async () => {
    const file = newFile();
    const program = ['sh', '-c', 'echo out; exit 3'];
    expect(start(['record', '-o', file, '--', ...program])).toEqual({ status: 3, stdout: 'out\n', stderr: '' });
    expect(start(['run', '-p', file, '--', ...program])).toEqual({ status: 3, stdout: 'out\n', stderr: '' });
    expect(await seccomp('check', file)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(namesIn(file)).not.toContain('socket');
  });

  test('-o - prints the profile alone, and the program prints to stderr', () => {
    const { status, stdout, stderr } = start(['record', '-o', '-', '--', 'sh', '-c', 'echo out; exit 3']);
    expect([status, stderr]).toEqual([3, 'out\n']);
    expect(parseProfile(stdout).document.syscalls.flatMap(({ names }) => names)).toContain('write');
  });

  test('writes to pipes and devices', async () => {
    const pipe = join(directory, 'pipe');
    spawnSync('mkfifo', [pipe]);
    const reader = spawn('cat', [pipe]);
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = once(reader, 'close');
    expect(await seccomp('record', '-o', pipe, 'true')).toEqual({ status: 0, stdout: '', stderr: '' });
    await closed;
    expect(parseProfile(Buffer.concat(chunks).toString()).document.syscalls).not.toEqual([]);
    expect(await seccomp('record', '-o', '/dev/null', 'true')).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stderr } = await seccomp('record', '-o', '/dev/full', 'true');
    const saved = stderr.replace(/.*the recording is in /, '').trim();
    expect([status, stderr]).toEqual([125, expect.stringContaining("/dev/full: the profile can't be written (ENOSPC")]);
    expect(parseProfile(readFileSync(saved, 'utf8')).document.syscalls).not.toEqual([]);
    rmSync(dirname(saved), { recursive: true });
  });

  test('exits as a shell does after a program that a signal without a name ends', () => {
    const file = newFile();
    const program = ['--', 'bash', '-c', 'kill -35 $$'];
    expect(start(['record', '-o', file, ...program])).toMatchObject({ status: 163 });
    expect(namesIn(file)).toContain('kill');
  });

  test('lets container runtimes start the program, unless --bare is given', async () => {
    const [file, bare] = [newFile(), newFile()];
    await seccomp('record', '-o', file, 'true');
    await seccomp('record', '-o', bare, '--bare', 'true');
    expect(namesIn(file)).toContain('execve');
    expect(namesIn(bare)).not.toContain('execve');
    expect(start(['run', '-p', bare, 'true'])).toMatchObject({ status: 0 });
  });

  test('shows the files of the run with --paths, and flags under which it runs again', async () => {
    const cwd = mkdtempSync(join(directory, 'files-'));
    for (const name of ['a', "b 'c"]) writeFileSync(join(cwd, name), name);
    process.chdir(cwd);
    const script = `exec >/dev/null; cat a 'b '"'"'c'; cat a; mkdir new`;
    const { status, stderr } = await seccomp('record', '--paths', '--', 'sh', '-c', script);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^ +3× read {5}2 files, by \.$/m);
    expect(stderr).toMatch(/^ +1× written .*\/new, by \.$/m);
    expect(stderr).toMatch(/^ +\d+× executed \d+ files, by @system$/m);
    expect(stderr).toMatch(/^seccomp: to grant them: --read @system --write \.$/m);

    const { stderr: read } = await seccomp('record', '--paths', '--', 'head', '-c', '0', "b 'c");
    const [, flags = ''] = /to grant them: (.*)/.exec(read) ?? [];
    expect(flags).toBe(`--read @system --read './b '\\''c'`);
    const again = (file: string) =>
      spawnSync('sh', ['-c', `"$0" "$1" run ${flags} -- cat "$2"`, process.execPath, main, file], {
        cwd,
        encoding: 'utf8',
      });
    expect(again("b 'c")).toMatchObject({ status: 0, stdout: "b 'c" });
    expect(again('a')).toMatchObject({ status: 1, stderr: expect.stringMatching(/a: Permission denied/) });
  });

  test('names files that are not granted', async () => {
    const { stderr } = await seccomp('record', '--paths', ...quietly('ls /'));
    expect(stderr).toMatch(/^seccomp: note: paths does not grant \/: a home directory would be granted/m);
    expect(stderr).toMatch(/^ +1× read {5}\/ \(not granted\)$/m);
  });

  test('compares arguments with --args', async () => {
    const file = newFile();
    await seccomp('record', '-o', file, '--args', '--bare', 'sh', '-c', ': </etc/passwd');
    const { syscalls } = parseProfile(readFileSync(file, 'utf8')).document;
    const open = syscalls.filter(({ names }) => names.includes('openat'));
    expect(open.length).toBeGreaterThan(0);
    for (const { args, comment } of open) {
      expect(args).toMatchObject([{ index: 2, op: 'SCMP_CMP_MASKED_EQ', valueTwo: 0n }]);
      expect(comment).toMatch(/^O_RDONLY.*; first seen in \//);
    }
  });

  test('does not overwrite an existing file, and adds to it with --merge', async () => {
    const file = newFile();
    await seccomp('record', '-o', file, '--bare', 'true');
    const before = readFileSync(file, 'utf8');
    expect(await seccomp('record', '-o', file, 'uname')).toMatchObject({ status: 125, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await seccomp('record', '-o', file, '--merge', ...quietly('uname'))).toMatchObject({ status: 0 });
    expect(namesIn(file)).toEqual(expect.arrayContaining([...namesIn(file), 'uname']));
    expect(readFileSync(file, 'utf8').startsWith(before.slice(0, before.lastIndexOf('}\n  ]')))).toBe(true);
  });

  test('shows how the run and a profile differ', async () => {
    const base = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ALLOW"}]}';
    const { status, stderr } = await seccomp('record', '--base', base, ...quietly('cat /etc/hostname'));
    expect(status).toBe(0);
    expect(stderr).toMatch(/^\+ openat\(AT_FDCWD, "\/etc\/hostname", O_RDONLY\) {2}\/\S*cat$/m);
    expect(stderr).toMatch(/not needed: 1 syscalls\n- mount\n$/);
  });

  test('writes a manifest for Kubernetes, named after the file', async () => {
    const file = newFile('yaml');
    expect(await seccomp('record', '-o', file, '--format', 'spo', 'true')).toMatchObject({ status: 0 });
    expect(readFileSync(file, 'utf8')).toMatch(/^kind: SeccompProfile\nmetadata:\n {2}name: "profile-\d+"$/m);
  });

  test('exits like env(1) if the program cannot be started, and writes nothing', async () => {
    const file = newFile();
    expect(await seccomp('record', '-o', file, './nothing')).toMatchObject({ status: 127 });
    expect(await seccomp('record', '-o', file, '/etc/passwd')).toMatchObject({ status: 126 });
    expect(await seccomp('record', 'true')).toMatchObject({ status: 125, stderr: expect.stringContaining('-o') });
    expect(existsSync(file)).toBe(false);
  });

  describe('reports before the program runs that the profile can’t be written:', () => {
    const ran = join(directory, 'ran');
    afterEach(() => expect(existsSync(ran)).toBe(false));

    test.each([
      [
        'no such directory',
        '/nowhere/x.json',
        /^seccomp: \/nowhere\/x\.json: the profile can't be written \(ENOENT: no such file or directory\), and nothing was run: name another file with -o\n$/,
      ],
      [
        'a directory where no file can be',
        '/proc/x.json',
        /^seccomp: \/proc\/x\.json: the profile can't be written \(/,
      ],
      ['a name that is too long', join(directory, 'x'.repeat(300)), /ENAMETOOLONG/],
      ['a file in the place of a directory', '/etc/passwd/x.json', /ENOTDIR/],
      ['a directory', directory, /is not a file: name another one with -o\n$/],
      ['no name', '', /^seccomp: -o: the name is empty, and nothing was run: name a file\n$/],
      ['a directory that is not there', `${directory}/none/`, /none\/: this names a directory, and nothing was run: /],
      ['a name after a directory that is not there', `${directory}/none/../x.json`, /\/none\/\.\.\/x\.json: .*ENOENT/],
    ])('%s', async (_, file, message) => {
      const { status, stderr } = await seccomp('record', '-o', file, '--', 'touch', ran);
      expect(stderr).toMatch(message);
      expect(status).toBe(125);
    });

    test.each([
      ['a profile with mistakes', '{"defaultAction": 1}', /:1:2: defaultAction: unknown action 1\n$/],
      ['an empty file', '', /: this file is empty/],
    ])('--merge into %s', async (_, text, message) => {
      const file = newFile();
      writeFileSync(file, text);
      const { status, stderr } = await seccomp('record', '--merge', '-o', file, '--', 'touch', ran);
      expect(stderr).toMatch(message);
      expect(status).toBe(125);
      expect(readFileSync(file, 'utf8')).toBe(text);
    });

    test('a name that Kubernetes does not accept', async () => {
      const file = join(directory, 'Bad_Name.yaml');
      const { status, stderr } = await seccomp('record', '-o', file, '--format', 'spo', '--', 'touch', ran);
      expect(stderr).toMatch(/^seccomp: "Bad_Name" is not a valid Kubernetes name: .*; name another file with -o\n$/);
      expect(status).toBe(125);
    });

    test('--merge into a device', async () => {
      const { status, stderr } = await seccomp('record', '--merge', '-o', '/dev/full', '--', 'touch', ran);
      expect(stderr).toMatch(/^seccomp: --merge adds to a file, and \/dev\/full keeps nothing: name a file\n$/);
      expect(status).toBe(125);
    });
  });

  test('--merge reads a file whose name is a built-in’s', async () => {
    process.chdir(directory);
    const record = (...args: readonly string[]) => seccomp('record', '-o', 'compute', '--bare', ...args);
    expect(await record('true')).toMatchObject({ status: 0 });
    expect(await record('--merge', ...quietly('uname'))).toMatchObject({ status: 0 });
    expect(namesIn(join(directory, 'compute'))).toContain('uname');
    expect(namesIn(join(directory, 'compute'))).not.toContain('io_uring_enter');
  });

  test('--merge reads the file that it writes, also through a link to a directory', async () => {
    const elsewhere = mkdtempSync(join(directory, 'elsewhere-'));
    mkdirSync(join(elsewhere, 'sub'));
    symlinkSync(join(elsewhere, 'sub'), join(directory, 'link'));
    const file = `${directory}/link/../merged.json`; // Which is in `elsewhere`.
    expect(await seccomp('record', '-o', file, '--bare', 'true')).toMatchObject({ status: 0 });
    expect(await seccomp('record', '-o', file, '--merge', '--bare', ...quietly('uname'))).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(namesIn(join(elsewhere, 'merged.json'))).toContain('uname');
  });

  describe('keeps a recording that can’t be written', () => {
    test('in a temporary file', async () => {
      const gone = mkdtempSync(join(directory, 'gone-'));
      const { status, stderr } = await seccomp('record', '-o', join(gone, 'x.json'), '--', 'rm', '-r', gone);
      const [, file = ''] =
        /^seccomp: .*x\.json: the profile can't be written \(ENOENT.*\): the recording is in (.*)\n$/.exec(stderr) ??
        [];
      expect(namesIn(file)).toContain('unlinkat');
      expect(status).toBe(125);
    });

    test('on stderr, if no file can be written', ({ skip }) => {
      const file = newFile();
      const script = 'ulimit -f 0; exec "$0" "$@"'; // Bytes beyond 0 are EFBIG: Node ignores SIGXFSZ.
      const { status: plain } = spawnSync('sh', ['-c', script, process.execPath, '-e', '']);
      if (plain !== 0) skip('this Node does not start where no file can be written, as one with ThreadSanitizer');
      const command = [process.execPath, main, 'record', '-o', file, '--', 'uname'];
      const { status, stderr } = spawnSync('sh', ['-c', script, ...command], { encoding: 'utf8' });
      const [, text = ''] =
        /^(\{[\s\S]*\})\n+.*: nor can a temporary file: the recording is above\n$/m.exec(stderr) ?? [];
      expect(parseProfile(text).document.syscalls.flatMap(({ names }) => names)).toContain('uname');
      expect(status).toBe(125);
      expect(existsSync(file)).toBe(false);
    });

    test('without overwriting a file that was created meanwhile', async () => {
      const file = newFile();
      const { status, stderr } = await seccomp('record', '-o', file, '--', 'sh', '-c', `echo mine > ${file}`);
      expect(stderr).toMatch(/EEXIST.*: the recording is in /);
      expect(status).toBe(125);
      expect(readFileSync(file, 'utf8')).toBe('mine\n');
    });
  });

  test('leaves nothing else in the directory', async () => {
    const own = mkdtempSync(join(directory, 'own-'));
    await seccomp('record', '-o', join(own, 'a.json'), 'true');
    await seccomp('record', '-o', join(own, 'b.json'), './nothing');
    expect(readdirSync(own)).toEqual(['a.json']);
  });

  test.each<[string, NodeJS.Signals, string, number]>([
    ['a signal ends', 'SIGTERM', 'echo ready; exec sleep 1000', 128 + 15],
    [
      'shuts down at a signal',
      'SIGINT',
      `trap 'kill $!; sync; exit 7' INT; sleep 1000 >/dev/null 2>&1 & echo ready; wait`,
      7,
    ],
  ])('writes the profile of a server that %s, without a note', async (_, signal, script, status) => {
    const file = newFile();
    const child = spawn(process.execPath, [main, 'record', '-o', file, 'sh', '-c', script]);
    const stderr = text(child.stderr);
    await once(child.stdout, 'data');
    child.kill(signal);
    expect([await once(child, 'exit'), await stderr]).toEqual([[status, null], '']);
    expect(readFileSync(file, 'utf8')).toContain('First seen in');
  });
});
