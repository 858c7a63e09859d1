/** Real programs: recorded once, then run under the profile, with and without arguments, with the same result. */
import { execFileSync, spawnSync as nodeSpawnSync } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type RecordOptions, record } from '../../lib/record/record.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { compileC } from '../support/compile-c.js';
import { run } from '../support/processes.js';
import { until } from '../support/until.mjs';

const http = fileURLToPath(new URL('../support/node-work/run.mjs', import.meta.url));
const file = (name: string) => fileURLToPath(new URL(`recorded/${name}`, import.meta.url));
const read = (name: string) => readFileSync(file(name), 'utf8');

/**
 * Shell scripts, and the commands that each needs. Each prints its result; $DIR has only FIRST_WAIT at first.
 * No pipelines: dash does not retry a pipe() that SIGCHLD interrupts, which may happen according to docs/recording.md.
 */
const SCRIPTS: Readonly<Record<string, { readonly needs: readonly string[]; readonly script: string }>> = {
  'node http server': { needs: [process.execPath], script: `exec ${process.execPath} ${http} http` },
  python3: { needs: ['python3'], script: `exec python3 ${file('python3.py')}` },
  'git clone': { needs: ['git'], script: read('git-clone.sh') },
  gcc: {
    needs: ['gcc'],
    script: `cd $DIR; printf '#include <stdio.h>\\nint main(void) { return puts("built") < 0; }\\n' >a.c; gcc -O1 -o a a.c && ./a`,
  },
  curl: { needs: ['curl', 'python3'], script: read('curl.sh') },
  nginx: { needs: ['nginx', 'curl'], script: read('nginx.sh') },
  redis: { needs: ['redis-server'], script: read('redis.sh') },
  postgres: { needs: ['/usr/lib/postgresql'], script: read('postgres.sh') },
  ffmpeg: {
    needs: ['ffmpeg'],
    script: 'ffmpeg -v error -nostdin -f lavfi -i testsrc=size=64x64:rate=10:duration=1 -f md5 - 2>&1',
  },
};

function missing(needs: readonly string[]): string | undefined {
  const found = (tool: string) =>
    nodeSpawnSync('/bin/sh', ['-c', `PATH=${PATH}; command -v ${tool} || test -d ${tool}`]);
  return needs.find((tool) => found(tool).status !== 0);
}

const PATH = `${process.env['PATH']}:/usr/sbin`;

/** A directory that other users may write to, as postgres does not run as root. */
function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-recorded-'));
  chmodSync(directory, 0o777);
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A FIFO in $DIR: the first command of each script waits for a line of it. */
const FIRST_WAIT = 'first-wait';

/**
 * The arguments of the shell. It waits once in any case, whether it has to later is chance: the first command ends only
 * when the shell waits for it.
 */
const shell = (script: string) => ['-c', `exec >$DIR/stdout; read x <$DIR/${FIRST_WAIT} & wait\n${script}`];

/** What scripts are run with. Their output goes to a file: for a pipe, programs make other calls. */
function surroundings() {
  const directory = emptyDirectory();
  const stdout = join(directory, 'stdout');
  const fifo = join(directory, FIRST_WAIT);
  execFileSync('mkfifo', ['-m', '666', fifo]);
  const writer = openSync(fifo, 'r+'); // Does not wait for a reader.
  onTestFinished(() => closeSync(writer));
  return {
    options: { env: { PATH, DIR: directory, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'inherit'] },
    output: () => readFileSync(stdout, 'utf8'),
    endFirstWait: () => writeSync(writer, '\n'),
  } as const;
}

/** Whether a process is in rt_sigsuspend, as dash waits for children in the background, or in wait4 without WNOHANG. */
function isWaiting(pid: number): boolean {
  const [number, , , options] = readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ');
  const isCall = (name: string) => number === String(syscallNumber(thisHost().abi, name));
  return isCall('rt_sigsuspend') || (isCall('wait4') && options === '0x0');
}

/** Ends the first wait of the next script, when its shell waits. */
async function firstWait(end: () => void): Promise<void> {
  const [{ process }] = (await once(starts, 'start')) as [{ readonly process: { readonly pid: number } }];
  await until(() => isWaiting(process.pid));
  end();
}
const starts = new EventEmitter();
channel('child_process').subscribe((message) => starts.emit('start', message));

async function recorded(script: string, options: RecordOptions = {}) {
  const { options: surrounding, output, endFirstWait } = surroundings();
  const waited = firstWait(endFirstWait);
  const recording = await record('/bin/sh', shell(script), { containerStart: false, ...surrounding, ...options });
  await waited;
  return { ...recording, stdout: output() };
}

async function resultUnder(profile: Profile, script: string) {
  const { options, output, endFirstWait } = surroundings();
  const waited = firstWait(endFirstWait);
  const { code, signal } = await run('/bin/sh', shell(script), profile, options);
  await waited;
  return { exitCode: code, signal, stdout: output() };
}

describe.each(Object.entries(SCRIPTS))('%s', (_, { needs, script }) => {
  test.for([false, true])(
    'runs under its recorded profile, with compared arguments: %s',
    async (compareArguments, { skip }) => {
      const tool = missing(needs);
      if (tool !== undefined) skip(`${tool} is not installed`);
      const { profile, stdout, exitCode } = await recorded(script, { compareArguments });
      expect({ exitCode, empty: stdout === '' }).toEqual({ exitCode: 0, empty: false });
      expect(await resultUnder(profile, script)).toEqual({ exitCode, signal: null, stdout });
    },
  );
});

describe('programs of an unusual kind', () => {
  const unusual = (what: string, flags: readonly string[] = ['-static']) =>
    `exec ${compileC('unusual.c', flags)} ${what}`;

  test.each([
    ['a static program', 'plain', 'Linux\n'],
    ['a daemon that forks twice', 'twice', 'Linux\n'],
    ['vfork', 'vfork', 'vfork\n'],
    ['clone3', 'clone3', 'clone3 7\n'],
    ['a program with a filter of its own', 'filter', 'uname denied\n'],
  ])('%s runs under its recorded profile', async (_, what, expected) => {
    const { profile, stdout } = await recorded(unusual(what), { compareArguments: true });
    expect(stdout).toBe(expected);
    expect(await resultUnder(profile, unusual(what))).toEqual({ exitCode: 0, signal: null, stdout });
  });

  test('a call of a daemon whose parent has ended is recorded', async () => {
    const { calls } = await recorded(unusual('twice'));
    expect(calls.map(({ syscall }) => syscall)).toContain('uname');
  });

  test('what a filter of the program denies is not recorded, and a note says so', async () => {
    const { calls, notes } = await recorded(unusual('filter'));
    expect(calls.map(({ syscall }) => syscall)).not.toContain('uname');
    expect(notes).toEqual([expect.stringContaining('its own seccomp filter')]);
  });

  test('a note says that requests of io_uring are not recorded', async () => {
    const { notes } = await recorded(unusual('io_uring'));
    expect(notes).toEqual([expect.stringContaining('seccomp filters do not see them')]);
  });

  test('a 32-bit program has its ABI in the profile', async ({ skip }) => {
    if (nodeSpawnSync('gcc', ['-m32', '-x', 'c', '-E', '-include', 'stdio.h', '/dev/null']).status !== 0) {
      skip('gcc-multilib is not installed');
    }
    const script = `exec ${compileC('unusual32.c', ['-m32', '-static'])} plain`;
    const { profile, stdout } = await recorded(script);
    expect(profile.document.architectures).toContain('SCMP_ARCH_X86');
    expect(await resultUnder(profile, script)).toMatchObject({ exitCode: 0, stdout });
  });

  test('a call that was not recorded fails, and the program sees it', async () => {
    const { profile } = await recorded(unusual('vfork'));
    expect(await resultUnder(profile, unusual('plain'))).toMatchObject({ exitCode: 0, stdout: 'failed\n' });
  });
});
