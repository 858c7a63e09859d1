/** Other launchers of programs. Each runs `/bin/true` to its end, and returns the time. */
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

/** A launcher. */
export interface Peer {
  readonly name: string;
  /** Milliseconds of one start. */
  readonly once: () => Promise<number>;
  readonly end?: () => void;
}

const directory = mkdtempSync(join(tmpdir(), 'seccomp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** The lower bound: vfork, execve and waitpid in a C program, without and with our filter. */
export function vfork(started = TRUE): { readonly bare: Peer; readonly filtered: Peer } {
  const program = compileC('../../bench/vfork-exec.c', ['-O2']);
  return {
    bare: helper('C: vfork, execve, waitpid', program, [started]),
    filtered: helper('C: the same under the same filter', program, [started, filterFile()]),
  };
}

/** Writes docker-default's filter to a file. */
export function filterFile(): string {
  const file = join(directory, 'filter');
  writeFileSync(file, compile('docker-default').bytes);
  return file;
}

/** The launchers in Debian's packages, by name. One that does not work on this machine is left out. */
export function peers(): Readonly<Record<string, Peer | null>> {
  const makers: Readonly<Record<string, () => Peer>> = {
    'python3: subprocess, libseccomp': python,
    bwrap,
    firejail: () => command('firejail', ['--quiet', '--noprofile', '--seccomp', TRUE]),
    crun,
    runc: () => container('runc'),
    Docker: docker,
    'seccomp run (this package’s command)': () =>
      command(process.execPath, [fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)), 'run', '--', TRUE]),
  };
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, orNull(name, make)]));
}

export function orNull(name: string, make: () => Peer): Peer | null {
  try {
    return { ...make(), name };
  } catch (error) {
    console.error(`${name}: not available: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    return null;
  }
}

/** A command that this package starts each time, without a profile. `input` is its descriptor 3. */
export function command(file: string, args: readonly string[], input?: string): Peer {
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
  start(); // Throws now if the command cannot be started.
  return { name: file, once: async () => start() };
}

/** A launcher that measures itself: for each line of input, it starts the program once and prints the nanoseconds. */
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

/** bubblewrap with our filter, which it reads from a descriptor. Each start needs a new descriptor. */
function bwrap(): Peer {
  return command('bwrap', ['--dev-bind', '/', '/', '--seccomp', '3', TRUE], filterFile());
}

/** The rules of docker-default that apply to this machine. */
function rules() {
  const profile = loadProfile('docker-default');
  const { syscalls } = profile.document;
  return syscalls.filter((rule) => ruleApplies(rule, thisHost()));
}

/** A bundle of the program and its libraries, with the configuration that the runtime's command `spec` writes. */
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

/**
 * crun refuses a host that mounts cgroups of both versions. There, it is started in a mount namespace with one version,
 * and its time includes entering that namespace.
 */
function crun(): Peer {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return container('crun');
  const hold = 'mount -t cgroup2 none /sys/fs/cgroup && { sleep infinity >/dev/null 2>&1 & echo $!; }';
  const holder = Number(execFileSync('unshare', ['-m', 'sh', '-c', hold], { encoding: 'utf8' }));
  process.on('exit', () => process.kill(holder));
  return container('crun', ['nsenter', `--mount=/proc/${holder}/ns/mnt`]);
}

function ociProfile(): string {
  const document = loadProfile('docker-default').document;
  if (document === undefined) throw new Error('docker-default is a profile');
  const { defaultAction, defaultErrnoRet } = toProfileDocument(document);
  const syscalls = rules().map((rule) => ({ ...rule, includes: undefined, excludes: undefined }));
  return stringify(profileOf({ ...toProfileDocument({ ...document, syscalls }), defaultAction, defaultErrnoRet }));
}

/** Docker, with a local image: none is fetched. `scripts/containers/engine.sh up` starts an engine. */
function docker(): Peer {
  const images = execFileSync('docker', ['image', 'ls', '--quiet'], { encoding: 'utf8', stdio: 'pipe' });
  const [image] = images.split('\n');
  if (!image) throw new Error('no image');
  return command('docker', ['run', '--rm', '--network=none', '--entrypoint', TRUE, image]);
}
