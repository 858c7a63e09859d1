/**
 * Real programs, as their distribution has them, under docker-default: the same output and the same end as without.
 * What is not installed is skipped. `apt-get install nginx-light redis-server ffmpeg imagemagick golang rustc chromium
 * …` has most of them.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnSync as spawnSandboxed } from '../../lib/sandbox/spawn-sync.js';

const base = mkdtempSync(join(tmpdir(), 'seccomp-programs-'));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(() => {
  writeFileSync(join(base, 'hello.c'), '#include <stdio.h>\nint main(void) { puts("hello from C"); }\n');
  writeFileSync(join(base, 'hello.go'), 'package main\n\nfunc main() { println("hello from Go") }\n');
  writeFileSync(
    join(base, 'hello.rs'),
    'fn main() { std::thread::spawn(|| println!("hello from Rust")).join().unwrap(); }\n',
  );
  writeFileSync(
    join(base, 'Hello.java'),
    'class Hello { public static void main(String[] a) { System.out.println("hello from Java"); } }\n',
  );
  writeFileSync(
    join(base, 'package.json'),
    '{ "name": "tree", "version": "1.0.0", "dependencies": { "local": "file:./local" } }',
  );
});

interface Work {
  /** The programs that it needs. */
  readonly needs: readonly string[];
  /** A script for bash, in an empty directory, with $BASE and the checkout's $ROOT. What it prints must not vary. */
  readonly script: string;
}

/** Starts a server, waits for it, sends a request, and ends it. */
const served = (start: string, ready: string, work: string) => `
  ${start} &
  server=$!
  until ${ready} >/dev/null 2>&1; do kill -0 $server || exit 9; done
  ${work}
  kill $server
  wait $server || true`;

/** Chromium prints what a page's script made of the page; as a plain user, since as root it wants --no-sandbox. */
const chromium = (options: string) => `
  user=; [ $(id -u) != 0 ] || { chown 65534 .; user='setpriv --reuid 65534 --regid 65534 --clear-groups'; }
  echo '<p></p><script>document.querySelector("p").textContent = 40 + 2</script>' >page.html
  $user chromium --headless ${options} --disable-gpu --user-data-dir=$PWD/data --dump-dom file://$PWD/page.html 2>errors
  status=$?
  grep -o 'No usable sandbox' errors
  exit $status`;
const CHROMIUM = ['chromium', 'setpriv'];

const git = 'git -c init.defaultBranch=main -c user.name=n -c user.email=e@x -c gc.auto=0';

const WORKS: Readonly<Record<string, Work>> = {
  git: {
    needs: ['git'],
    script: `export GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z
      ${git} init -q r; cd r; echo a >a; ${git} add a; ${git} commit -qm first; ${git} checkout -qb b; echo b >>a
      ${git} commit -qam second; ${git} checkout -q main; ${git} merge -q b; ${git} log --format='%H %s'; ${git} status --short
      ${git} clone -q . ../c; ${git} -C ../c fsck; ${git} -C ../c repack -adq; ${git} grep -n b; ${git} diff HEAD~1`,
  },
  gcc: { needs: ['gcc'], script: 'gcc -O2 -o hello $BASE/hello.c && ./hello' },
  python3: {
    needs: ['python3'],
    script: `python3 -c '
import asyncio, concurrent.futures, hashlib, multiprocessing, sqlite3, subprocess, tempfile, threading, zlib
async def main():
    p = await asyncio.create_subprocess_exec("echo", "child", stdout=subprocess.PIPE)
    print(await p.communicate())
asyncio.run(main())
print(hashlib.sha256(b"x").hexdigest(), zlib.decompress(zlib.compress(b"y")))
with concurrent.futures.ThreadPoolExecutor() as pool: print(list(pool.map(str, range(5))))
with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(abs, [-1, 2]))
db = sqlite3.connect("db"); db.execute("create table t(a)"); db.execute("insert into t values (1)"); print(db.execute("select * from t").fetchall())
'`,
  },
  openssl: {
    needs: ['openssl'],
    script:
      'echo text | openssl enc -aes-256-cbc -pbkdf2 -pass pass:x | openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:x',
  },
  ffmpeg: {
    needs: ['ffmpeg'],
    script: `ffmpeg -nostdin -v error -f lavfi -i testsrc=duration=1:size=64x64:rate=5 -fflags +bitexact -threads 2 -f framemd5 -`,
  },
  ImageMagick: {
    needs: ['convert'],
    script: 'convert -size 32x32 gradient:red-blue -resize 50% -depth 8 rgb:- | sha256sum',
  },
  'openssh client': {
    needs: ['ssh', 'ssh-keygen'],
    script:
      'ssh-keygen -q -t ed25519 -N "" -C c -f key; ssh-keygen -y -f key | diff - <(cut -d" " -f1,2 key.pub) >/dev/null 2>&1; ssh -o BatchMode=yes -p 1 127.0.0.1 2>&1 | head -n 1',
  },
  java: { needs: ['java', 'javac'], script: 'java -XX:+UseSerialGC $BASE/Hello.java' },
  go: { needs: ['go'], script: 'GOCACHE=$PWD/cache GOFLAGS=-mod=mod go run $BASE/hello.go 2>&1' },
  rust: { needs: ['rustc'], script: 'rustc -o hello $BASE/hello.rs && ./hello' },
  busybox: {
    needs: ['busybox'],
    script:
      'busybox sh -c "busybox seq 3 | busybox tac; busybox tar cf - $BASE/hello.c 2>/dev/null | busybox sha256sum | busybox wc -l; busybox vi --help 2>&1 | busybox head -n 1"',
  },
  'strace, a tracer inside': {
    needs: ['strace'],
    script: 'strace -f -e trace=none -e signal=none -qqq sh -c "true; echo traced"',
  },
  'chromium without its own sandbox': { needs: CHROMIUM, script: chromium('--no-sandbox') },
  'python3 -m test': {
    needs: ['python3'],
    script: 'python3 -m test -q test_json test_select test_tempfile test_pty >log 2>&1',
  },
  'npm install': {
    needs: ['npm'],
    script:
      'mkdir local; echo "{ \\"name\\": \\"local\\", \\"version\\": \\"1.0.0\\" }" >local/package.json; cp $BASE/package.json .; npm install --offline --no-audit --no-fund --loglevel=error >/dev/null; ls node_modules; npm ls --parseable | wc -l',
  },
  'npm ci of a real tree': {
    needs: ['npm'],
    script:
      'cp $ROOT/package.json $ROOT/package-lock.json .; npm ci --ignore-scripts --prefer-offline --fetch-retries=0 --no-audit --no-fund --loglevel=error >/dev/null && find node_modules | wc -l',
  },
  'redis under load': {
    needs: ['redis-server', 'redis-cli', 'redis-benchmark'],
    script: served(
      'redis-server --port 0 --unixsocket $PWD/s --save "" --appendonly yes >log 2>&1',
      'redis-cli -s $PWD/s ping',
      'redis-benchmark -s $PWD/s -n 2000 -c 10 -t set,get -q >/dev/null; redis-cli -s $PWD/s set a 1; redis-cli -s $PWD/s incr a; redis-cli -s $PWD/s bgrewriteaof',
    ),
  },
  'postgres under load': {
    needs: ['initdb', 'postgres', 'psql', 'pgbench', 'setpriv'],
    script: `as=; [ $(id -u) != 0 ] || { chown 65534 .; as='setpriv --reuid 65534 --regid 65534 --clear-groups'; }
      $as initdb -D $PWD/data -A trust -U postgres >/dev/null
      ${served(
        '$as postgres -D $PWD/data -k $PWD -h "" >log 2>&1',
        'psql -h $PWD -U postgres -c "select 1"',
        `pgbench -h $PWD -U postgres -i -q postgres >/dev/null 2>&1; pgbench -h $PWD -U postgres -c 4 -t 50 postgres >/dev/null 2>&1
        psql -h $PWD -U postgres -At -c "select count(*) from pgbench_history"`,
      )}`,
  },
  'nginx under load': {
    needs: ['nginx', 'curl'],
    script: `cat >conf <<END
      daemon off; master_process on; worker_processes 2; pid $PWD/pid; error_log $PWD/error; user $(id -un);
      events { } http { access_log off; client_body_temp_path $PWD/b; proxy_temp_path $PWD/p; fastcgi_temp_path $PWD/f;
      uwsgi_temp_path $PWD/u; scgi_temp_path $PWD/g; server { listen unix:$PWD/socket; root $PWD; sendfile on; } }
END
      echo page >page; chmod 755 .
      ${served('nginx -p $PWD -c $PWD/conf 2>/dev/null', 'curl -s --unix-socket socket http://x/page', 'for i in 1 2 3 4 5 6 7 8 9 10; do curl -s --unix-socket socket "http://x/page?[1-20]"; done | sort | uniq -c')}`,
  },
};

/** Debian has those of postgres beside PATH. */
const versions = '/usr/lib/postgresql';
const PATH = existsSync(versions)
  ? [process.env['PATH'], ...readdirSync(versions).map((version) => join(versions, version, 'bin'))].join(':')
  : process.env['PATH'];

const installed = (program: string) =>
  spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH } }).status === 0;

/** What is kept in the home that they don't see. */
const KEPT = {
  RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? join(homedir(), '.rustup'),
  npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
  ROOT: fileURLToPath(new URL('../..', import.meta.url)),
};

let number = 0;

/** What the script prints, and how it ends: each time in an empty directory. */
function outcome({ script }: Work, start: typeof spawnSync): object {
  const cwd = mkdtempSync(join(base, `work-${number++}-`));
  // Its working directory is not part of its output.
  const env = { ...process.env, ...KEPT, PATH, BASE: base, HOME: cwd, TMPDIR: cwd, LC_ALL: 'C' };
  const { status, signal, stdout, stderr } = start('bash', ['-c', script], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const plain = (text: string) => text.replaceAll(cwd, 'DIRECTORY');
  return { status, signal, stdout: plain(stdout), stderr: plain(stderr) };
}

const under = (command: string, args: readonly string[], options: object) =>
  spawnSandboxed(command, args, 'docker-default', { ...options, encoding: 'utf8' });

describe('a program works under docker-default as without it', () => {
  for (const [name, work] of Object.entries(WORKS)) {
    test(name, ({ skip }) => {
      const missing = [...work.needs, 'bash'].filter((program) => !installed(program));
      skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
      const without = outcome(work, spawnSync);
      skip(
        !('status' in without) || without.status !== 0,
        `fails without a profile too: ${JSON.stringify(without).slice(0, 300)}`,
      );
      expect(outcome(work, under as unknown as typeof spawnSync)).toEqual(without);
      expect(JSON.stringify(without)).toMatch(/[a-z]/);
    }, 300_000);
  }
});

test('chromium’s own sandbox finds no namespaces under docker-default, and chromium ends, as in Docker', ({ skip }) => {
  const missing = [...CHROMIUM, 'bash'].filter((program) => !installed(program));
  skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
  const work = { needs: CHROMIUM, script: chromium('') };
  const without = outcome(work, spawnSync);
  skip(!('status' in without) || without.status !== 0, `fails without a profile too: ${JSON.stringify(without)}`);
  expect(outcome(work, under as unknown as typeof spawnSync)).toMatchObject({
    status: 1,
    stdout: 'No usable sandbox\n',
  });
}, 300_000);

test('chromium’s own sandbox runs under podman-default with CAP_SYS_CHROOT, as in Podman', ({ skip }) => {
  const missing = [...CHROMIUM, 'bash'].filter((program) => !installed(program));
  skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
  skip(process.getuid?.() !== 0, 'a child of a plain user can’t be given CAP_SYS_CHROOT');
  const work = { needs: CHROMIUM, script: chromium('') };
  const without = outcome(work, spawnSync);
  skip(!('status' in without) || without.status !== 0, `fails without a profile too: ${JSON.stringify(without)}`);
  const setpriv = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE'];
  const endWith = (capabilities: readonly string[]) =>
    outcome(work, ((command: string, args: readonly string[], options: object) =>
      spawnSandboxed(command, args, 'podman-default', {
        ...options,
        capabilities,
        encoding: 'utf8',
      })) as unknown as typeof spawnSync);
  expect(endWith(['CAP_SYS_CHROOT', ...setpriv])).toEqual(without);
  expect(endWith(setpriv)).not.toMatchObject({ status: 0 });
}, 300_000);
