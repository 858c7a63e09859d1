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
import { killGroup, needsOwnProcess, SharedNode } from './shared-node.js';

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
  const { child, files } = startBlock(folder, block);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child, 'SIGKILL');
  }, LIMIT);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  killGroup(child, 'SIGKILL');
  const status = isLate ? `not ended after ${LIMIT / 1000} s` : (code ?? signal ?? 'unknown');
  return { status, ...files.read() };
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
  const { child, files } = startBlock(folder, block);
  const output = () => files.read().output;
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

/**
 * Runs blocks of a page that can share a Node process. Those whose output is compared share one whose standard output
 * and standard error are the same file.
 */
export class SharedBlocks {
  readonly #folder: PageFolder;
  readonly #nodes = new Map<boolean, { readonly node: SharedNode; readonly files: OutputFiles }>();

  constructor(folder: PageFolder) {
    this.#folder = folder;
  }

  static canRun({ language, code, directive }: Block): boolean {
    return language !== 'sh' && directive.exit === 0 && !directive.isAsUser && !needsOwnProcess(code);
  }

  async run(block: Block): Promise<BlockRun> {
    const { node, files } = this.#nodeFor(block);
    files.begin();
    const status = await node.run(writeProgram(this.#folder, block), this.#folder.path);
    return { status, ...files.read() };
  }

  end(): void {
    for (const { node, files } of this.#nodes.values()) {
      node.end();
      files.close();
    }
  }

  #nodeFor(block: Block) {
    const isOneFile = block.expected !== undefined;
    const known = this.#nodes.get(isOneFile);
    if (known !== undefined) return known;
    const files = new OutputFiles(this.#folder, isOneFile ? 'one' : 'two', isOneFile);
    const env = environmentOf(this.#folder, block);
    const made = { node: new SharedNode(files.descriptors, { env }), files };
    this.#nodes.set(isOneFile, made);
    return made;
  }
}

/**
 * The files that programs write to, so that nothing waits for what they leave running. If their output is compared,
 * standard output and standard error are the same file.
 */
class OutputFiles {
  readonly descriptors: readonly [number, number];
  readonly #files: readonly [string, string];
  #starts: readonly number[] = [0, 0];

  constructor({ beside }: PageFolder, name: string, isOneFile: boolean) {
    const open = (end: string): [string, number] => {
      const file = join(beside, `${name}.${end}`);
      writeFileSync(file, '');
      const fd = openSync(file, 'a');
      chmodSync(file, 0o666);
      return [file, fd];
    };
    const out = open('out');
    const err = isOneFile ? out : open('err');
    this.#files = [out[0], err[0]];
    this.descriptors = [out[1], err[1]];
  }

  close(): void {
    for (const fd of new Set(this.descriptors)) closeSync(fd);
  }

  /** From now on, `read` returns what is written after this. */
  begin(): void {
    this.#starts = this.#files.map((file) => readFileSync(file).length);
  }

  read(): Pick<BlockRun, 'output' | 'stderr'> {
    const [out, err] = this.#files.map((file, i) => readFileSync(file).subarray(this.#starts[i]).toString()) as [
      string,
      string,
    ];
    return this.#files[0] === this.#files[1] ? { output: out, stderr: '' } : { output: out + err, stderr: err };
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly files: OutputFiles;
}

function startBlock(folder: PageFolder, block: Block): Started {
  const files = new OutputFiles(folder, String(block.line), block.expected !== undefined);
  const [command = '', ...args] = [...(block.directive.isAsUser ? asUser() : []), ...commandOf(folder, block)];
  const child = spawn(command, args, {
    cwd: folder.path,
    env: environmentOf(folder, block),
    stdio: ['ignore', ...files.descriptors],
    detached: true,
  });
  files.close();
  return { child, files };
}

function commandOf(folder: PageFolder, block: Block): readonly string[] {
  if (block.language === 'sh') return ['bash', '-e', '-o', 'pipefail', '-c', block.code];
  return [process.execPath, writeProgram(folder, block)];
}

/** Writes a program that Node can run. Returns its path. */
function writeProgram(folder: PageFolder, block: Block): string {
  const file = writeBlock(folder.path, block);
  if (block.language !== 'ts') return file;
  const compiled = file.replace(/\.\w+$/, '.mjs');
  writeFileSync(compiled, transformSync(block.code, { loader: 'ts', format: 'esm', target: 'node20.19' }).code);
  return compiled;
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
