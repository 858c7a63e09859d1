/** Projects in which the package is installed, and servers that tests start in them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { libraries } from './libraries.js';
import { packageRoot } from './root.js';

export interface Project {
  readonly path: string;
  readonly remove: () => void;
}

/** Makes a project with copies of files of this repository, in the same folders. `packages` are those of test/libraries that it uses. */
export function makeProject(files: readonly string[], packages: readonly string[] = []): Project {
  const path = mkdtempSync(join(tmpdir(), 'seccomp-project-'));
  const targets = [['seccomp', packageRoot], ...packages.map((name) => [name, join(libraries, name)])];
  for (const [name = '', target = ''] of targets) {
    const link = join(path, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
  }
  for (const file of files) cpSync(join(packageRoot, file), join(path, file), { recursive: true });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A server that runs. */
export interface RunningServer {
  readonly child: ChildProcess;
  /** Resolves to the next line of its standard output; rejects with what it wrote to standard error when it has ended. */
  readonly nextLine: () => Promise<string>;
  /** What it has written to standard error. */
  readonly stderr: () => string;
  /** Sends SIGTERM if it runs, and resolves to its exit status or the signal that ended it. */
  readonly end: () => Promise<number | NodeJS.Signals | null>;
}

/** Starts a server in a project. */
export function startServer(
  { path }: Project,
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningServer {
  const child = spawn(command, args, {
    cwd: path,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal));
  });
  return {
    child,
    stderr: () => stderr,
    async nextLine() {
      const { value, done } = await lines.next();
      if (done !== true) return value;
      throw new Error(`the server ended with ${await ended}\n${stderr}`);
    },
    end() {
      child.kill();
      return ended;
    },
  };
}
