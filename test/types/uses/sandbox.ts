/** A Sandbox's functions are Node's own, take this package's options as well, and return its child and results. */
import type * as childProcess from 'node:child_process';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { Sandbox, type SandboxExec, type SandboxedProcess, type SandboxSpawn, type Violation } from 'seccomp';
import { isOfType } from './same.js';

const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = new Sandbox('node', {
  timeout: 10_000,
  rlimits: { nofile: 64 },
});
type Bytes = ReturnType<typeof Buffer.from>;

export const asNode: Omit<typeof childProcess, 'ChildProcess' | 'default'> = new Sandbox('docker-default');

export function ownOptions(): void {
  isOfType<readonly Violation[]>()(spawn('ls', [], { rlimits: { nofile: 64 }, onViolation: true }).violations);
  isOfType<SandboxedProcess<null, Readable, null>>()(
    spawn('ls', {
      rlimits: { nofile: 64 },
      stdio: ['ignore', 'pipe', 'inherit'],
      forceKillAfter: false,
    }),
  );
  isOfType<string>()(spawnSync('ls', ['-l'], { rlimits: { nofile: 64 }, encoding: 'utf8' }).stdout);
  isOfType<readonly Violation[]>()(spawnSync('ls', { rlimits: { nofile: 64 } }).violations);
  isOfType<readonly Violation[]>()(
    exec('ls', { rlimits: { nofile: 64 }, cwd: '/' }, (_error, stdout) => isOfType<string>()(stdout)).violations,
  );
  execFile('ls', ['-l'], { rlimits: { nofile: 64 }, encoding: 'buffer' }, (error, stdout, stderr) => {
    isOfType<childProcess.ExecFileException | null>()(error);
    isOfType<Bytes>()(stdout);
    isOfType<Bytes>()(stderr);
  });
  isOfType<string>()(execSync('ls', { rlimits: { nofile: 64 }, encoding: 'utf8' }));
  isOfType<Bytes>()(execFileSync('ls', ['-l'], { rlimits: { nofile: 64 }, isolate: true }));
  fork('module.js', ['a'], { isolate: false, forceKillAfter: 100, silent: true }).enforcement;
  spawn('ls', [], { onViolation: (violation) => isOfType<Violation>()(violation) });
}

export async function environment(names: readonly string[]): Promise<void> {
  const { execFile: bound } = new Sandbox('node', { env: names });
  bound('ls', { env: ['PATH'] }, (_error, stdout) => isOfType<string>()(stdout));
  isOfType<string>()((await promisify(bound)('ls', [], { env: names })).stdout);
  exec('ls', { env: names }, () => {});
  isOfType<string>()(execSync('ls', { env: names, encoding: 'utf8' }));
  isOfType<Bytes>()(execFileSync('ls', { env: names }));
  isOfType<Readable>()(spawn('ls', { env: names }).stdout);
  spawnSync('ls', { env: names });
  fork('module.js', { env: names });
  // @ts-expect-error: names are strings
  fork('module.js', { env: [5] });
  // @ts-expect-error: so are values
  execSync('ls', { env: { A: 5 } });
}

export async function promisified(): Promise<void> {
  const running = promisify(execFile)('ls', ['-l'], { rlimits: { nofile: 64 } });
  isOfType<SandboxedProcess>()(running.child);
  isOfType<string>()((await running).stdout);
  isOfType<Bytes>()((await promisify(exec)('ls', { encoding: 'buffer', rlimits: { cpu: 1 } })).stdout);
  isOfType<string>()((await promisify(exec)('ls')).stderr);
  isOfType<string>()((await promisify(execFile)('ls')).stderr);
}

export class Client {
  readonly #spawn: SandboxSpawn = spawn;
  readonly #exec: SandboxExec = exec;

  start(): childProcess.ChildProcessWithoutNullStreams {
    this.#exec('true', () => {});
    return this.#spawn('ls');
  }
}

export function refused(): void {
  // @ts-expect-error an unknown option
  spawn('ls', [], { cwdd: '/' });
  // @ts-expect-error a resource that does not exist
  spawn('ls', [], { rlimits: { files: 64 } });
  // @ts-expect-error the profile is that of the Sandbox
  spawn('ls', [], { profile: 'node' });
  // @ts-expect-error spawnSync has no handlers
  spawnSync('ls', [], { notify: {} });
  // @ts-expect-error stdout may be null
  spawn('ls', { stdio: 'ignore' }).stdout.pause();
  // @ts-expect-error a command is a string
  exec(['ls'], () => {});
}
