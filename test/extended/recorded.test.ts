/** Real programs: recorded once, then run under the profile, with and without arguments, with the same result. */
import { spawnSync as nodeSpawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Profile } from '../../lib/profile/profile.js';
import { type RecordOptions, record } from '../../lib/record/record.js';
import { compileC } from '../support/compile-c.js';
import { run } from '../support/processes.js';

const http = fileURLToPath(new URL('../support/node-work/run.mjs', import.meta.url));

/**
 * Shell scripts, and the commands that each needs. Each prints its result; $DIR is empty at first.
 * No pipelines: dash does not retry a pipe() that SIGCHLD interrupts, which may happen according to docs/record.md.
 */
const SCRIPTS: Readonly<Record<string, { readonly needs: readonly string[]; readonly script: string }>> = {
  'node http server': { needs: [process.execPath], script: `exec ${process.execPath} ${http} http` },
  python3: {
    needs: ['python3'],
    script: `exec python3 -c 'import hashlib, json, subprocess, threading
thread = threading.Thread(target=lambda: print(hashlib.sha256(b"x").hexdigest())); thread.start(); thread.join()
print(json.dumps({"out": subprocess.check_output(["echo", "child"], text=True)}))'`,
  },
  'git clone': {
    needs: ['git'],
    script: `cd $DIR; export HOME=$DIR GIT_CONFIG_NOSYSTEM=1
git init -q a && cd a && echo text >file && git add file
git -c user.name=a -c user.email=a@b commit -qm first && cd .. && git clone -q a b && cat b/file && git -C b status --short`,
  },
  gcc: {
    needs: ['gcc'],
    script: `cd $DIR; printf '#include <stdio.h>\\nint main(void) { return puts("built") < 0; }\\n' >a.c; gcc -O1 -o a a.c && ./a`,
  },
  curl: {
    needs: ['curl', 'python3'],
    script: `cd $DIR; echo page >page; python3 -u -m http.server --bind 127.0.0.1 0 >log 2>&1 & server=$!
until port=$(sed -n 's/.*port \\([0-9]*\\).*/\\1/p' $DIR/log) && [ "$port" ]; do sleep 0.05; done
curl -s http://127.0.0.1:$port/page; kill $server; wait $server; true`,
  },
  nginx: {
    needs: ['nginx', 'curl'],
    script: `cd $DIR; echo page >page
printf 'pid %s/pid; error_log %s/error; worker_processes 2; events {} http { access_log off; client_body_temp_path %s/b;
proxy_temp_path %s/p; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;
server { listen unix:%s/socket; root %s; } }' $DIR $DIR $DIR $DIR $DIR $DIR $DIR $DIR $DIR >conf
nginx -e $DIR/error -c $DIR/conf && curl -s --unix-socket $DIR/socket http://localhost/page
nginx -e $DIR/error -c $DIR/conf -s quit; while [ -e $DIR/pid ]; do sleep 0.05; done`,
  },
  redis: {
    needs: ['redis-server'],
    script: `cd $DIR; redis-server --port 0 --unixsocket $DIR/socket --daemonize yes --dir $DIR --save '' >/dev/null
until redis-cli -s $DIR/socket ping >/dev/null 2>&1; do sleep 0.05; done
redis-cli -s $DIR/socket set key value; redis-cli -s $DIR/socket get key; redis-cli -s $DIR/socket bgsave >/dev/null
redis-cli -s $DIR/socket shutdown nosave; while [ -e $DIR/socket ]; do sleep 0.05; done`,
  },
  postgres: {
    needs: ['/usr/lib/postgresql'],
    script: `for bin in /usr/lib/postgresql/*/bin; do :; done; cd $DIR
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid nobody --clear-groups "$@"; else "$@"; fi; }
as $bin/initdb -A trust -N -D $DIR/data >/dev/null && as $bin/pg_ctl -s -w -D $DIR/data -l $DIR/log \\
  -o "-k $DIR -c listen_addresses= -c fsync=off" start
as $bin/psql -h $DIR -d postgres -Atc 'create table t as select generate_series(1, 1000) n; select sum(n) from t'
as $bin/pg_ctl -s -w -D $DIR/data -m fast stop`,
  },
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

/** What scripts are run with. Their output goes to a file: for a pipe, programs make other calls. */
function surroundings() {
  const directory = emptyDirectory();
  const stdout = join(directory, 'stdout');
  return {
    options: { env: { PATH, DIR: directory, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'inherit'] },
    output: () => readFileSync(stdout, 'utf8'),
  } as const;
}

/** The shell waits once in any case: whether it has to later is chance. */
const shell = (script: string) => ['-c', `exec >$DIR/stdout; sleep 0.05 & wait\n${script}`];

async function recorded(script: string, options: RecordOptions = {}) {
  const { options: surrounding, output } = surroundings();
  const recording = await record('/bin/sh', shell(script), { containerStart: false, ...surrounding, ...options });
  return { ...recording, stdout: output() };
}

async function resultUnder(profile: Profile, script: string) {
  const { options, output } = surroundings();
  const { code, signal } = await run('/bin/sh', shell(script), profile, options);
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
