/** The streams of a child follow from `stdio`, and the type of output from `encoding`, as in @types/node. */
import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  SpawnSyncReturns,
} from 'node:child_process';
import { openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import {
  fork,
  type LimitValue,
  type PathGrant,
  type Paths,
  type PathWord,
  type ProcessWithStdio,
  Profile,
  type ProfileOption,
  type ResourceLimits,
  type ResourceName,
  run,
  SandboxedProcess,
  type SpawnOptions,
  type SpawnSyncOptions,
  type Stdio,
  spawn,
  spawnSync,
  type Violation,
} from 'seccomp';
import { isOfType } from './same.js';

type Piped = SandboxedProcess<Writable, Readable, Readable>;
const text = { encoding: 'utf8' } as const;

export function streams(options: SpawnOptions, stdio: Stdio, isQuiet: boolean): void {
  isOfType<Piped>()(spawn('ls', 'node'));
  isOfType<Piped>()(spawn('ls', [], 'node'));
  isOfType<Piped>()(spawn('ls', [], 'node', {}));
  isOfType<Piped>()(spawn('ls', [], 'node', { cwd: '/', env: { ...process.env }, timeout: 5 }));
  isOfType<Piped>()(spawn('ls', [], 'node', { env: ['PATH', 'LANG'] as const }));
  isOfType<Piped>()(spawn('ls', [], 'node', { stdio: undefined }));
  isOfType<Piped>()(spawn('ls', [], 'node', { stdio: 'pipe' }));
  isOfType<Piped>()(spawn('ls', [], 'node', { stdio: ['pipe', undefined, 'overlapped'] }));
  isOfType<Piped>()(spawn('ls', [], 'node', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }));
  isOfType<SandboxedProcess<null, Readable, Readable>>()(
    spawn('ls', [], 'node', { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  isOfType<SandboxedProcess<Writable, null, Readable>>()(
    spawn('ls', [], 'node', { stdio: ['pipe', process.stdout, 'pipe'] }),
  );
  isOfType<SandboxedProcess<null, null, null>>()(
    spawn('ls', [], 'node', { stdio: ['ignore', 'inherit', process.stderr] }),
  );
  isOfType<SandboxedProcess<null, Readable, null>>()(spawn('ls', 'node', { stdio: ['ignore', 'pipe', 'inherit'] }));
  isOfType<SandboxedProcess<null, Readable, null>>()(
    spawn('ls', { profile: 'node', stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  // Each stream may be null.
  isOfType<SandboxedProcess>()(spawn('ls', [], 'node', { stdio: 'inherit' }));
  isOfType<SandboxedProcess>()(spawn('ls', [], 'node', { stdio: ['ignore', openSync('log', 'w'), 'pipe'] }));
  isOfType<SandboxedProcess>()(spawn('ls', [], 'node', { stdio: ['ignore', isQuiet ? 'ignore' : 'pipe', 'pipe'] }));
  isOfType<SandboxedProcess>()(spawn('ls', [], 'node', { stdio }));
  isOfType<SandboxedProcess>()(spawn('ls', [], 'node', options));
}

export async function optionsInVariables(isWatched: boolean): Promise<void> {
  const options = { onViolation: true, timeout: 5000 };
  isOfType<Piped>()(spawn('ls', [], 'node', options));
  isOfType<readonly Violation[]>()((await run('ls', [], 'node', options)).violations);
  isOfType<readonly Violation[]>()(spawnSync('ls', [], 'node', { onViolation: isWatched }).violations);
  const name: ResourceName = 'nofile';
  const soft: LimitValue = 64;
  const rlimits: ResourceLimits = { [name]: { soft, hard: 128n }, core: 'unlimited' };
  isOfType<Piped>()(spawn('ls', [], 'node', { rlimits }));
}

export function likeNode(child: SandboxedProcess): void {
  const plain: ChildProcess = child;
  const piped: ChildProcessWithoutNullStreams = spawn('ls', [], 'node');
  const byStdio: ChildProcessByStdio<null, Readable, null> = spawn('ls', [], 'node', {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const result: SpawnSyncReturns<string> = spawnSync('ls', [], 'node', text);
  isOfType<Readable>()(piped.stdio[1]);
  isOfType<null>()(byStdio.stdin);
  isOfType<number>()(result.pid);
  isOfType<boolean>()(plain instanceof SandboxedProcess);
}

export async function outputs(options: SpawnSyncOptions, encoding: BufferEncoding | undefined): Promise<void> {
  type Bytes = ReturnType<typeof Buffer.from>;
  isOfType<Bytes>()(spawnSync('ls', 'node').stdout);
  isOfType<Bytes>()(spawnSync('ls', [], 'node', { input: 'in' }).stderr);
  isOfType<Bytes>()(spawnSync('ls', [], 'node', { encoding: 'buffer' }).stdout);
  isOfType<Bytes>()(spawnSync('ls', [], 'node', { encoding: null }).stdout);
  isOfType<string>()(spawnSync('ls', [], 'node', { encoding: 'utf8' }).stdout);
  isOfType<string>()(spawnSync('ls', { encoding: 'base64', profile: 'node' }).stdout);
  isOfType<(string | null)[]>()(spawnSync('ls', [], 'node', text).output);
  isOfType<string | Bytes>()(spawnSync('ls', [], 'node', { encoding }).stdout);
  isOfType<string | Bytes>()(spawnSync('ls', [], 'node', options).stdout);

  isOfType<string>()((await run('ls', 'node')).stdout);
  isOfType<string>()((await run('ls', [], 'node', { timeout: 5, encoding })).stdout);
  isOfType<string>()((await run('ls', [], 'node', { encoding: 'latin1' })).stderr);
  isOfType<Bytes>()((await run('ls', [], 'node', { encoding: 'buffer' })).stdout);
  isOfType<Bytes>()((await run('ls', [], { encoding: null, profile: 'node' })).stdout);
}

/** The profile is the argument before the options, or an option. */
export function profiles(options: SpawnOptions & ProfileOption): void {
  const list = ['node', Profile.denylist().deny('ptrace')] as const;
  for (const profile of [list, 'node', new URL('file:///profile.json')] as const) {
    spawn('ls', profile);
    spawn('ls', profile, { cwd: '/' });
    spawn('ls', ['-l'], profile, { cwd: '/' });
    spawn('ls', { profile });
    spawn('ls', ['-l'], { profile, cwd: '/' });
    spawn('ls', options);
    fork('module.js', { profile, silent: true });
    fork(new URL('file:///module.js'), ['a'], profile, { serialization: 'advanced' });
  }
}

/** Functions of one's own that pass options on. */
export function quietly<Given extends Stdio>(stdio: Given): ProcessWithStdio<Given> {
  return spawn('ls', [], 'node', { stdio });
}
isOfType<SandboxedProcess<Writable, null, null>>()(quietly(['pipe', 'ignore', 'ignore'] as const));

export function refused(args: string[]): void {
  // @ts-expect-error the profile is missing
  spawn('ls');
  // @ts-expect-error the profile is missing
  spawn('ls', { cwd: '/' });
  // @ts-expect-error the profile is missing
  spawn('ls', [], { cwd: '/' });
  // @ts-expect-error the profile is missing
  spawn('ls', args);
  // @ts-expect-error the profile is missing
  spawnSync('ls', args, { encoding: 'utf8' });
  // @ts-expect-error the profile is in both places
  spawn('ls', [], 'node', { profile: 'node' });
  // @ts-expect-error the profile is in both places
  spawnSync('ls', 'node', { profile: 'node' });
  // @ts-expect-error an unknown option
  spawn('ls', [], 'node', { cwdd: '/' });
  // @ts-expect-error an unknown option
  spawn('ls', [], { profile: 'node', stdoi: 'pipe' });
  // @ts-expect-error an unknown option
  run('ls', [], 'node', { encodin: 'utf8' });
  // @ts-expect-error an unknown keyword of stdio
  spawn('ls', [], 'node', { stdio: 'pipes' });
  // @ts-expect-error an unknown encoding
  spawnSync('ls', [], 'node', { encoding: 'utf9' });
  // @ts-expect-error null is no profile
  spawn('ls', [], null);
  // @ts-expect-error arguments are strings
  spawn('ls', [1], 'node');
  // @ts-expect-error the program is Node, and no shell runs it
  fork('module.js', 'node', { shell: true });
  // @ts-expect-error stdout is null
  spawn('ls', [], 'node', { stdio: ['ignore', 'ignore', 'ignore'] }).stdout.on('data', () => {});
  // @ts-expect-error stdout may be null
  spawn('ls', [], 'node', { stdio: 'ignore' }).stdout.on('data', () => {});
  // @ts-expect-error a resource that does not exist
  spawn('ls', [], 'node', { rlimits: { files: 64 } });
  // @ts-expect-error a misspelt syscall
  Profile.allowlist().allow('raed');
  // @ts-expect-error a misspelt group
  Profile.denylist().deny('@netwrok');
}

/** Editors propose the words, as the type has them beside any other string. */
export function paths(grant: Extract<PathGrant, `@${string}`>, text: string, read: readonly string[]): void {
  isOfType<PathWord>()(grant);
  const list: readonly PathGrant[] = ['@system', './src', text, new URL('file:///'), { path: text, optional: true }];
  const given: Paths = { read: [...list, ...read], write: ['@tmp'], execute: [{ path: '/bin' }] };
  spawn('ls', [], 'node', { paths: given, bestEffort: true });
  // @ts-expect-error A Buffer is no path.
  spawn('ls', [], 'node', { paths: { read: [Buffer.from('.')] } });
  // @ts-expect-error It is `optional`.
  spawn('ls', [], 'node', { paths: { read: [{ path: '.', optinal: true }] } });
}
