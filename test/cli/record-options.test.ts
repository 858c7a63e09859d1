/** What `seccomp record` asks the library to record, and what it reports of the recording. Nothing is recorded. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Profile } from '../../lib/index.js';
import { addon } from '../../lib/native.js';
import { programEnd } from '../../lib/process-tree/program-end.js';
import * as recorder from '../../lib/record/record.js';
import * as sandboxReader from '../../lib/sandbox/file/read.js';
import { quoted } from '../../lib/util/foreign-text.js';
import { seccomp } from '../support/command-line.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-record-options-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string) => join(directory, name);

const CALL = { abi: 'x86_64', args: Array(6).fill('0x0'), captured: Array(6).fill(null), instruction: null };
const calls = [
  { ...CALL, syscall: 'read', decoded: ['3'], count: 5, executable: '/bin/a' },
  { ...CALL, syscall: 'write', decoded: ['1', '"x"'], count: 2, executable: '/bin/b' },
  { ...CALL, syscall: 'read', decoded: ['4'], count: 4, executable: null },
];

/** Lets recordings have this result. */
function give(recording: object = {}, end = programEnd(0, null)): void {
  const profile = Profile.allowlist().allow('read', 'write');
  const result = { profile, calls, notes: [], exitCode: end.code, signal: end.signal, ...recording };
  vi.spyOn(recorder, 'recordWithEnd')
    .mockReset()
    .mockResolvedValue({ recording: result as unknown as recorder.Recording, end });
}
beforeEach(() => give());
afterEach(() => vi.restoreAllMocks());

const run = (...args: readonly string[]) => seccomp('record', ...args, '--', 'program', '-a');
const DEFAULTS = {
  ...{ stdio: 'inherit', signal: expect.any(AbortSignal), killSignal: 'SIGKILL' },
  ...{ compareArguments: false, containerStart: true },
};

describe('the options', () => {
  test.each<[readonly string[], object]>([
    [['-o', at('a.json')], {}],
    [['-o', at('b.json'), '--args'], { compareArguments: true }],
    [['-o', at('c.json'), '--bare'], { containerStart: false }],
    [['-o', at('d.json'), '--no-isolate'], { isolate: false }],
    [['--paths'], { paths: true }],
    [['--base', 'compute'], {}],
    [['-s', at('e.json')], { containerStart: false, paths: true }],
    [['-s', at('f.json'), '--paths', '--merge'], { containerStart: false, paths: true }],
    [['-o', at('g.json'), '--merge'], {}],
    [['-o', at('No Name for_Kubernetes.json')], {}],
  ])('%j', async (flags, options) => {
    expect(await run(...flags)).toMatchObject({ status: 0, stdout: '' });
    const [[command, args, given = {}] = []] = vi.mocked(recorder.recordWithEnd).mock.calls;
    const { mergePaths: _, ...others } = { mergePaths: undefined, ...given };
    expect([command, args, others]).toEqual(['program', ['-a'], { ...DEFAULTS, ...options }]);
  });

  test.each<[readonly string[], object]>([
    [['-o', '-'], {}],
    [['-o', '/dev/stdout'], {}],
    [['-o', '/dev/fd/1'], {}],
    [['-o', '/proc/self/fd/1', '--base', 'compute'], {}],
    [['-s', '-'], { containerStart: false, paths: true }],
    [['-s', '/dev/stdout'], { containerStart: false, paths: true }],
  ])('%j prints the result, and the program prints to stderr', async (flags, options) => {
    const { status, stdout } = await run(...flags);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(flags[0] === '-s' ? { profile: {} } : { syscalls: [{}] });
    const [[, , given] = []] = vi.mocked(recorder.recordWithEnd).mock.calls;
    expect(given).toMatchObject({ ...options, stdio: ['inherit', 2, 'inherit'] });
    expect(existsSync('-')).toBe(false);
  });

  test('a manifest that is printed has the name of the program', async () => {
    expect((await run('-o', '-', '--format', 'spo')).stdout).toMatch(/^ {2}name: "program"$/m);
  });

  test('--merge gives the profile and the paths of the file, with their directory', async () => {
    writeFileSync(at('m.json'), '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}');
    await run('-o', at('m.json'), '--merge');
    const [[, , options] = []] = vi.mocked(recorder.recordWithEnd).mock.calls;
    expect(Object(options).merge).toMatchObject({ source: at('m.json') });
    give();
    writeFileSync(
      at('s.json'),
      '{"paths":{"read":["./x","@system"],"write":[{"path":"y"}]},"profile":{"defaultAction":"SCMP_ACT_ERRNO"}}',
    );
    await run('-s', at('s.json'), '--merge');
    const [[, , ofSandbox] = []] = vi.mocked(recorder.recordWithEnd).mock.calls;
    expect(Object(ofSandbox)).toMatchObject({
      merge: expect.any(Profile),
      mergePaths: { read: [at('x'), '@system'], write: [{ path: at('y') }] },
    });
  });

  describe('signals', () => {
    /** Records, and calls `whileRunning` with what the program gets by kill(), and with the signal that aborts the recording. */
    async function recordWhile(
      whileRunning: (got: readonly unknown[], aborting: AbortSignal | undefined) => void,
      { isFromTerminal = false, hasEnded = false } = {},
    ) {
      vi.spyOn(addon(), 'takeFromKernel').mockReturnValue(isFromTerminal);
      const recording = await recorder.recordWithEnd('x', [], {});
      const got: unknown[] = [];
      const child = { kill: (signal: unknown) => got.push(signal) > 0 && !hasEnded };
      vi.mocked(recorder.recordWithEnd).mockImplementation(async (_command, _args, { signal }, onStart) => {
        onStart?.(child as never);
        whileRunning(got, signal);
        return recording;
      });
      expect(await run('--paths')).toMatchObject({ status: 0 });
    }
    const raise = (signal: NodeJS.Signals) => process.emit(signal, signal);

    test.each<[NodeJS.Signals, boolean]>([
      ['SIGINT', true],
      ['SIGQUIT', true],
      ['SIGTERM', true],
      ['SIGHUP', true],
      ['SIGINT', false],
      ['SIGQUIT', false],
    ])('%s is passed on once: %s', async (signal, isPassedOn) => {
      const before = process.listenerCount(signal);
      const whileRunning = (got: readonly unknown[], aborting: AbortSignal | undefined) => {
        expect(process.listenerCount(signal)).toBe(before + 1);
        for (let i = 0; i < 2; i++) raise(signal); // As timeout(1) does.
        expect([got, aborting?.aborted]).toEqual([isPassedOn ? [signal] : [], false]);
      };
      await recordWhile(whileRunning, { isFromTerminal: !isPassedOn });
    });

    test('another one, a second later, kills the program', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      onTestFinished(() => void vi.useRealTimers());
      await recordWhile((got, aborting) => {
        raise('SIGTERM');
        vi.advanceTimersByTime(1_000);
        raise('SIGTERM');
        expect(aborting?.aborted).toBe(false);
        vi.advanceTimersByTime(1);
        raise('SIGINT');
        expect([got, aborting?.aborted]).toEqual([['SIGTERM'], true]);
      });
    });

    test('the first one ends the recording of a program that has ended, whose children have not', async () => {
      await recordWhile(
        (_, aborting) => {
          raise('SIGTERM');
          expect(aborting?.aborted).toBe(true);
        },
        { hasEnded: true },
      );
    });
  });
});

describe('refuses before the program runs', () => {
  const ENDING = 'whose file has the profile: leave one of them out';
  test.each<[readonly string[], string]>([
    [[], 'name a file with -o or -s, or a profile with --base, or give --paths'],
    [['--merge'], 'name a file with -o or -s, or a profile with --base, or give --paths'],
    [['--merge', '--paths'], '--merge needs a file: name it with -o'],
    [
      ['--merge', '--format', 'spo', '-o', at('x.yaml')],
      '--merge reads and writes JSON: merge first, and leave out --format spo',
    ],
    [['--merge', '-o', '-'], '--merge adds to a file, and stdout keeps nothing: name a file'],
    [['--merge', '-s', '/dev/null'], '--merge adds to a file, and /dev/null keeps nothing: name a file'],
    [['-s', 'box'], '-s box: seccomp run -s takes this for the name of a built-in: write ./box'],
    [['-s', './box', '-o', 'x'], `-o cannot be combined with -s, ${ENDING}`],
    [['-s', 'box.json', '--format', 'spo'], `--format spo cannot be combined with -s, ${ENDING}`],
    [['--base', 'unconfined'], '--base unconfined allows everything: there is no difference to show'],
    [['-o', ''], '-o: the name is empty, and nothing was run: name a file'],
    [['-o', `${directory}/`], `${directory}/: this names a directory, and nothing was run: name a file with -o`],
    [['-o', directory], `${directory} is not a file: name another one with -o`],
  ])('%j', async (flags, message) => {
    expect(await run(...flags)).toEqual({ status: 125, stdout: '', stderr: `seccomp: ${message}\n` });
    expect(recorder.recordWithEnd).not.toHaveBeenCalled();
  });

  test('a file that exists', async () => {
    writeFileSync(at('there.json'), '');
    const stderr = `seccomp: ${at('there.json')} exists: add to it with --merge, or remove it to start over\n`;
    expect(await run('-o', at('there.json'))).toEqual({ status: 125, stdout: '', stderr });
  });
});

describe('the result', () => {
  test.each<[number | null, number | null, number]>([
    [0, null, 0],
    [3, null, 3],
    [null, 15, 143],
    [null, 35, 163],
  ])('of a program that ended with %s and %s', async (code, signalNumber, status) => {
    give({}, programEnd(code, signalNumber));
    expect(await run('--paths')).toMatchObject({ status });
  });

  test('of a program that is not found has no file', async () => {
    const error = Object.assign(new Error('no'), { code: 'ENOENT', call: 'execve' });
    vi.mocked(recorder.recordWithEnd).mockReset().mockRejectedValue(error);
    const stderr = 'seccomp: program: command not found\n';
    expect(await run('-o', at('none.json'))).toEqual({ status: 127, stdout: '', stderr });
    vi.mocked(recorder.recordWithEnd).mockRejectedValue(new Error('it failed'));
    expect(await run('-o', at('none.json'))).toEqual({ status: 125, stdout: '', stderr: 'seccomp: it failed\n' });
    expect(readdirSync(directory).filter((name) => /none|tmp/.test(name))).toEqual([]);
  });

  test('has notes, of the recording before those of the file', async () => {
    give({ notes: ['one', 'two'] });
    const { stderr } = await run('--paths');
    expect(stderr).toBe('seccomp: note: one\nseccomp: note: two\n');
  });

  test.each([
    ['Docker’s', 'docker', /^\{\n/],
    ['the operator’s', 'spo', /^kind: SeccompProfile\n|^apiVersion/],
  ])('is a file in %s format', async (_, format, text) => {
    const file = at(`file-of-${format}.yaml`);
    await run('-o', file, '--format', format);
    expect(readFileSync(file, 'utf8')).toMatch(text);
    expect(readFileSync(file, 'utf8').includes(`name: "file-of-${format}"`)).toBe(format === 'spo');
  });

  test('without a file is not written', async () => {
    expect(await run('--base', 'compute', '--format', 'spo')).toMatchObject({ status: 0 });
  });

  test('is summed up in a terminal', async () => {
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true;
    onTestFinished(() => {
      process.stderr.isTTY = isTTY;
    });
    const started = 'seccomp: recording program until its last process ends\n';
    const summary = 'seccomp: 11 calls of 2 syscalls by 3 programs';
    expect((await run('--paths')).stderr).toBe(`${started}${summary}\n`);
    expect((await run('-o', at('sum.json'))).stderr).toBe(`${started}${summary}; ${at('sum.json')} has 1 rules\n`);
    expect((await run('-s', at('sum-s.json'))).stderr).toBe(`${started}${summary}; ${at('sum-s.json')} has 1 rules\n`);
    expect(existsSync(at('sum-s.json'))).toBe(true);
  });

  test('is written before its sandbox is checked, whose mistakes are called errors or warnings', async () => {
    give({ paths: { read: [at('gone*'), at('gone')] } });
    const { stderr } = await run('-s', at('mistaken.json'));
    expect(stderr).toMatch(/^seccomp: error: .*mistaken\.json.*gone\*.* does not exist/m);
    expect(stderr).toMatch(/^seccomp: warning: .*mistaken\.json.*gone".* does not exist/m);
    give();
    vi.spyOn(sandboxReader, 'readSandboxText').mockImplementation(() => {
      throw new Error('not readable');
    });
    expect(await run('-s', at('kept.json'))).toMatchObject({ status: 125, stderr: 'seccomp: not readable\n' });
    expect(existsSync(at('kept.json'))).toBe(true);
  });

  test('is compared with a profile', async () => {
    const base = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["write"],"action":"SCMP_ACT_ALLOW"}]}';
    expect((await run('--base', base)).stderr).toBe(
      `seccomp: needed, and not allowed by ${quoted(base)}: \n+ read(3)  /bin/a\n+ read(4)  an unknown program\nseccomp: allowed by ${quoted(base)}, and not needed: 0 syscalls\n`,
    );
    const wider = base.replace('"write"', '"write", "read", "mount", "bpf"');
    expect((await run('--base', wider)).stderr).toBe(
      `seccomp: needed, and not allowed by ${quoted(wider)}: nothing\nseccomp: allowed by ${quoted(wider)}, and not needed: 2 syscalls\n- bpf mount\n`,
    );
  });

  test('lists calls apart that programs do without where the profile denies them', async () => {
    give({
      calls: [...calls, { ...CALL, syscall: 'io_uring_setup', decoded: ['256'], count: 1, executable: '/bin/a' }],
    });
    const base = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW"}]}';
    expect((await run('--base', base)).stderr).toContain(
      `seccomp: needed, and not allowed by ${quoted(base)}: nothing\nseccomp: tried, and not needed: where ${quoted(base)} denies these, programs make other calls or do without\n~ io_uring_setup(256)  /bin/a\nseccomp: allowed by`,
    );
  });
});
