/** What else starts a program under a filter, or in less: each takes `/bin/true` to its end, and says how long that took. */
import { type ChildProcess, execFileSync, spawn as nodeSpawn, spawnSync as nodeSpawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawnSync } from '../dist/index.js';
import { thisHost } from '../lib/host.js';
import { toProfileDocument } from '../lib/profile/document/stringify.js';
import { stringify } from '../lib/profile/profile.js';
import { ruleApplies } from '../lib/profile/resolve/host-match.js';
import { loadProfile, profileOf } from '../lib/profile/source.js';
import { compile } from '../lib/sandbox/compile.js';
import { compileC } from '../test/support/compile-c.js';

export const TRUE = '/bin/true';

/** A way to start it. */
export interface Peer {
  readonly name: string;
  /** Milliseconds of one start. */
  readonly once: () => Promise<number>;
  readonly end?: () => void;
}

const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** C's vfork, execve and waitpid, in a process of its own, without and with our filter: the least that is possible. */
export function vfork(): { readonly bare: Peer; readonly filtered: Peer } {
  const program = compileC('../../bench/vfork-exec.c', ['-O2']);
  return {
    bare: helper('C: vfork, execve, waitpid', program, [TRUE]),
    filtered: helper('C: the same under the same filter', program, [TRUE, filterFile()]),
  };
}

/** docker-default's filter, in a file. */
function filterFile(): string {
  const file = join(directory, 'filter');
  writeFileSync(file, compile('docker-default').bytes);
  return file;
}

/** All that Debian has, by name; those that do not work here have no peer. */
export function peers(): Readonly<Record<string, Peer | null>> {
  const makers: Readonly<Record<string, () => Peer>> = {
    'python3: subprocess, libseccomp': python,
    bwrap,
    firejail: () => command('firejail', ['--quiet', '--noprofile', '--seccomp', TRUE]),
    crun,
    runc: () => container('runc'),
    'docker run': docker,
    'seccomp run (this package’s command)': () =>
      command(process.execPath, [fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)), 'run', '--', TRUE]),
  };
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, orNull(name, make)]));
}

function orNull(name: string, make: () => Peer): Peer | null {
  try {
    return { ...make(), name };
  } catch (error) {
    console.error(`${name}: not here: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    return null;
  }
}

/** A command that is started anew each time, by this package without a profile; `input` is its descriptor 3. */
function command(file: string, args: readonly string[], input?: string): Peer {
  const start = () => {
    const third = input === undefined ? [] : [openSync(input, 'r')];
    const begin = performance.now();
    const { status, error, stderr } = spawnSync(file, args, 'unconfined', {
      stdio: ['ignore', 'ignore', 'pipe', ...third],
      encoding: 'utf8',
    });
    const time = performance.now() - begin;
    for (const descriptor of third) closeSync(descriptor);
    if (status !== 0) throw error ?? new Error(`status ${status}: ${stderr}`);
    return time;
  };
  start(); // What can't be started here throws now.
  return { name: file, once: async () => start() };
}

/** A program that measures itself: for each line that it reads it writes how long one start took, in nanoseconds. */
function helper(name: string, file: string, args: readonly string[]): Peer {
  const child: ChildProcess = nodeSpawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error(`${file} has no pipes`);
  const lines = createInterface({ input: stdout });
  return {
    name,
    once: async () => {
      stdin.write('\n');
      const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(10_000) });
      return Number(line) / 1e6;
    },
    end: () => stdin.end(),
  };
}

function python(): Peer {
  const { status, stderr } = nodeSpawnSync('/usr/bin/python3', ['-c', 'import seccomp'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? 'no python3');
  const script = fileURLToPath(new URL('subprocess-seccomp.py', import.meta.url));
  return helper('python3', '/usr/bin/python3', [script, TRUE, ...rules().flatMap(({ names }) => names)]);
}

/** Under the same filter as ours, which it reads to the end from a descriptor: a new one each time. */
function bwrap(): Peer {
  return command('bwrap', ['--dev-bind', '/', '/', '--seccomp', '3', TRUE], filterFile());
}

/** The rules of docker-default that count on this machine. */
function rules() {
  const profile = loadProfile('docker-default');
  if (profile === null) throw new Error('docker-default is a profile');
  const { syscalls } = profile.document;
  return syscalls.filter((rule) => ruleApplies(rule, thisHost(), 'docker'));
}

/** A bundle of nothing but the program and its libraries, with what these runtimes write themselves by `spec`. */
function container(runtime: 'crun' | 'runc', before: readonly string[] = []): Peer {
  const bundle = join(directory, runtime);
  const libraries = execFileSync('ldd', [TRUE], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const file of [TRUE, ...libraries]) {
    mkdirSync(join(bundle, 'rootfs', dirname(file)), { recursive: true });
    copyFileSync(file, join(bundle, 'rootfs', file));
  }
  execFileSync(runtime, ['spec'], { cwd: bundle, stdio: 'pipe' });
  const config = JSON.parse(execFileSync('cat', [join(bundle, 'config.json')], { encoding: 'utf8' }));
  config.process = { ...config.process, terminal: false, args: [TRUE] };
  config.linux = { ...config.linux, seccomp: JSON.parse(ociProfile()) };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const run = [runtime, 'run', '--bundle', bundle, `seccomp-bench-${runtime}-${process.pid}`];
  const [file = '', ...args] = [...before, ...run];
  return command(file, args);
}

/** It refuses cgroups of both versions at once. There it enters a mount namespace that has one alone, which is in its time. */
function crun(): Peer {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return container('crun');
  const hold = 'mount -t cgroup2 none /sys/fs/cgroup && { sleep infinity >/dev/null 2>&1 & echo $!; }';
  const holder = Number(execFileSync('unshare', ['-m', 'sh', '-c', hold], { encoding: 'utf8' }));
  process.on('exit', () => process.kill(holder));
  return container('crun', ['nsenter', `--mount=/proc/${holder}/ns/mnt`]);
}

function ociProfile(): string {
  const document = loadProfile('docker-default')?.document;
  if (document === undefined) throw new Error('docker-default is a profile');
  const { defaultAction, defaultErrnoRet } = toProfileDocument(document);
  const syscalls = rules().map((rule) => ({ ...rule, includes: undefined, excludes: undefined }));
  return stringify(profileOf({ ...toProfileDocument({ ...document, syscalls }), defaultAction, defaultErrnoRet }));
}

/** In whichever image is there: none is fetched. `scripts/docker-engine.sh up` says how to have an engine. */
function docker(): Peer {
  const images = execFileSync('docker', ['image', 'ls', '--quiet'], { encoding: 'utf8', stdio: 'pipe' });
  const [image] = images.split('\n');
  if (!image) throw new Error('no image');
  return command('docker', ['run', '--rm', '--network=none', '--entrypoint', TRUE, image]);
}
