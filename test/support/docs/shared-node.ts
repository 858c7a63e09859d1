/** One Node process that runs modules one after another: a process of its own for each costs more than what most do. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';

/** What changes its process for good, replaces it, or depends on its end. Such a module needs a process of its own. */
const CHANGES_PROCESS = /\b(?:harden|execve|subscribe)\(|'seccomp\/register'|\bprocess\.(?:exit|on|once)\b/;

export function needsOwnProcess(code: string): boolean {
  return CHANGES_PROCESS.test(code);
}

/** How long a module may take, in ms: only what hangs runs out of it. */
const LIMIT = 60_000;

/** Signals the program and its descendants that are in its process group. */
export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Running {
  readonly child: ChildProcess;
  /** Its exit status, or the name of the signal that ended it. */
  readonly exit: Promise<number | string>;
}

export class SharedNode {
  readonly #options: SpawnOptions;
  readonly #outputs: readonly number[];
  #running: Running | undefined;

  /** `outputs`: the descriptors that are standard output and standard error. */
  constructor(outputs: readonly [number, number], options: SpawnOptions) {
    this.#outputs = outputs;
    this.#options = options;
  }

  /** Runs a module to its end. Returns the exit status, the name of the signal that ended the process, or that the limit was reached. */
  async run(file: string, cwd: string): Promise<number | string> {
    this.#running ??= this.#start();
    const { child, exit } = this.#running;
    const socket = child.stdio[3] as Socket;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.end();
    }, LIMIT);
    const answer = once(socket, 'data').then(String, () => exit);
    socket.write(`${JSON.stringify({ file, cwd })}\n`);
    const ended = await Promise.race([answer, exit]);
    clearTimeout(timer);
    if (typeof ended === 'string' && /^\d+\n$/.test(ended)) return Number(ended);
    const status = await exit;
    this.end();
    this.#running = undefined;
    return isLate ? `not ended after ${LIMIT / 1000} s` : status;
  }

  /** Kills the process, and what its modules have left running in its process group. */
  end(): void {
    if (this.#running !== undefined) killGroup(this.#running.child, 'SIGKILL');
  }

  #start(): Running {
    const args = [join(import.meta.dirname, 'run-modules.mjs')];
    const child = spawn(process.execPath, args, {
      ...this.#options,
      stdio: ['ignore', ...this.#outputs, 'pipe'],
      detached: true,
    });
    const exit = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
    return { child, exit };
  }
}
