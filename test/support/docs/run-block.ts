/** Runs one code block of the documentation in the folder of its page. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { transformSync } from 'esbuild';
import { obstacleUnder } from '../commands.js';
import type { Block } from './blocks.js';
import { type PageFolder, writeBlock } from './page-folder.js';

/** How long a block may take, in ms: only what hangs runs out of it. */
const LIMIT = 30_000;

/** The ordinary user of `as user`: nobody. */
const USER = 65534;

export interface BlockRun {
  /** The exit status, the name of the signal, or that the limit was reached. */
  readonly status: number | string;
  /** Standard output and standard error together. */
  readonly output: string;
  readonly stderr: string;
}

/** Runs the program to its end, or kills it after the limit. What it has left running is killed, too. */
export async function runBlock(folder: PageFolder, block: Block): Promise<BlockRun> {
  const started = startBlock(folder, block);
  const { child } = started;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child, 'SIGKILL');
  }, LIMIT);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  killGroup(child, 'SIGKILL');
  const status = isLate ? `not ended after ${LIMIT / 1000} s` : (code ?? signal ?? 'unknown');
  return { status, output: started.output(), stderr: started.stderr() };
}

/** A program that goes on until the end of the page. */
export interface Background {
  readonly output: () => string;
  readonly end: () => Promise<void>;
}

/** Starts a program and waits until it has printed what the condition accepts. */
export async function startInBackground(
  folder: PageFolder,
  block: Block,
  isReady: (output: string) => boolean,
): Promise<Background> {
  const { child, output } = startBlock(folder, block);
  const exited = once(child, 'exit');
  const end = async () => {
    killGroup(child, 'SIGTERM');
    await Promise.race([exited, delay(5_000)]);
    killGroup(child, 'SIGKILL');
    await exited;
  };
  const last = Date.now() + LIMIT;
  while (!isReady(output()) && child.exitCode === null && child.signalCode === null && Date.now() < last)
    await delay(20);
  return { output, end };
}

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly stderr: () => string;
}

/**
 * Starts the program of a block. It writes to files, so that nothing waits for what it leaves running. If its output is
 * compared, standard output and standard error are the same file.
 */
function startBlock(folder: PageFolder, block: Block): Started {
  const names = ['out', block.expected === undefined ? 'err' : 'out'];
  const files = names.map((name) => join(folder.beside, `${block.line}.${name}`));
  for (const file of files) {
    writeFileSync(file, '');
    chmodSync(file, 0o666);
  }
  const [stdout = 1, stderr = 2] = files.map((file) => openSync(file, 'a'));
  const [command = '', ...args] = [...(block.directive.isAsUser ? asUser() : []), ...commandOf(folder, block)];
  const child = spawn(command, args, {
    cwd: folder.path,
    env: environmentOf(folder, block),
    stdio: ['ignore', stdout, stderr],
    detached: true,
  });
  closeSync(stdout);
  closeSync(stderr);
  const [out = '', err = ''] = files;
  const read = (file: string) => readFileSync(file, 'utf8');
  return {
    child,
    output: () => (out === err ? read(out) : read(out) + read(err)),
    stderr: () => (out === err ? '' : read(err)),
  };
}

function commandOf(folder: PageFolder, block: Block): readonly string[] {
  if (block.language === 'sh') return ['bash', '-e', '-o', 'pipefail', '-c', block.code];
  const file = writeBlock(folder.path, block);
  if (block.language !== 'ts') return [process.execPath, file];
  const compiled = file.replace(/\.\w+$/, '.mjs');
  writeFileSync(compiled, transformSync(block.code, { loader: 'ts', format: 'esm', target: 'node20.19' }).code);
  return [process.execPath, compiled];
}

const isRoot = process.getuid?.() === 0;

/** The command that starts another as an ordinary user, which this process may already be. */
function asUser(): readonly string[] {
  return isRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : [];
}

/**
 * The environment of a shell of the reader: without what npm and Vitest add to it. This Node comes first in PATH. npm
 * never asks the registry, so that `npx` runs what is installed.
 */
function environmentOf(folder: PageFolder, { directive }: Block): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_|VITEST|NODE_|TEST$|DEV$|PROD$|MODE$|SSR$|BASE_URL$|INIT_CWD$|COLOR$|FORCE_COLOR$|NO_COLOR$)/.test(
        name,
      ),
  );
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((part) => !/node_modules|node-gyp-bin/.test(part));
  return {
    ...Object.fromEntries(own),
    PATH: [folder.bin, dirname(process.execPath), ...path].join(delimiter),
    npm_config_offline: 'true',
    npm_config_yes: 'false',
    npm_config_update_notifier: 'false',
    npm_config_cache: join(folder.beside, directive.isAsUser ? 'home/.npm' : 'npm'),
    ...(directive.isAsUser ? { HOME: join(folder.beside, 'home') } : {}),
  };
}

/** Signals the program and its descendants that are in its process group. */
function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Why a block cannot run on this machine, if it cannot. */
export function obstacleTo({ directive }: Block): string | undefined {
  const obstacle = obstacleUnder(directive.isAsUser ? asUser() : [], directive.needs);
  if (obstacle !== undefined) return obstacle;
  if (directive.needsRoot && !isRoot) return 'needs root';
  if (directive.isAsUser && !canRunAsUser()) return 'needs a checkout that an ordinary user can read';
  return undefined;
}

let isReadable: boolean | undefined;

function canRunAsUser(): boolean {
  const [command = process.execPath, ...args] = [...asUser(), process.execPath];
  const program = `require(${JSON.stringify(join(import.meta.dirname, '../../../dist/index.cjs'))})`;
  isReadable ??= spawnSync(command, [...args, '-e', program], { stdio: 'ignore' }).status === 0;
  return isReadable;
}
