/**
 * Starts trees for the scripts of this folder. `tree outside` has started the script, whose standard input is
 * `{ home, program, options, … }`: the URL of the package, the path of the program that tree.c makes, and options of
 * spawn. With `withoutLandlock`, the kernel seems to have no Landlock, so that trees are process groups.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants as flags, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isMainThread, workerData } from 'node:worker_threads';

export const input = isMainThread ? JSON.parse(readFileSync(0, 'utf8')) : workerData;
export const { spawn, spawnSync, run, harden } = await import(input.home);

/** A profile with a filter, so that the child is isolated, and that denies nothing else. */
export const PROFILE = { defaultAction: 'SCMP_ACT_ALLOW' };

const LANDLOCK = ['landlock_create_ruleset', 'landlock_restrict_self'];
if (input.withoutLandlock)
  harden(
    { ...PROFILE, syscalls: [{ names: LANDLOCK, action: 'SCMP_ACT_ERRNO', errnoRet: constants.errno.ENOSYS }] },
    { acceptRings: true },
  );

const directory = mkdtempSync(join(tmpdir(), 'seccomp-tree-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

/** Calls a function with a new descriptor of the other end of a {@link Held}. */
export function giving(path, to) {
  const descriptor = openSync(path, flags.O_WRONLY);
  try {
    return to(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A named pipe whose other end processes of trees inherit: it ends when the last of them has. */
export class Held {
  #reader;
  static #count = 0;

  constructor() {
    this.path = join(directory, String(Held.#count++));
    execFileSync('mkfifo', [this.path]);
    this.#reader = openSync(this.path, flags.O_RDONLY | flags.O_NONBLOCK);
  }

  /** Whether a process holds the other end. */
  isHeld() {
    try {
      return readSync(this.#reader, Buffer.alloc(1)) !== 0;
    } catch (error) {
      if (error.code === 'EAGAIN') return true;
      throw error;
    }
  }

  close() {
    closeSync(this.#reader);
    rmSync(this.path);
  }
}

/** A tree whose first process is the attacking program with these arguments. */
export class Tree {
  #lines;

  constructor(args, options = {}, held = new Held()) {
    this.held = held;
    this.child = giving(held.path, (descriptor) =>
      spawn(input.program, args, PROFILE, {
        ...{ descendants: 'kill', cwd: '/', stdio: ['pipe', 'pipe', 'inherit', descriptor] },
        ...input.options,
        ...options,
      }),
    );
    this.closed = new Promise((resolve) => this.child.on('close', (code, signal) => resolve(signal ?? code)));
    this.child.on('error', () => {}); // An abort is one.
    this.child.stdin.on('error', () => {});
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  /** The lines that the program prints until it is ready. */
  async ready() {
    const lines = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the program ended after: ${lines.join('\n')}`);
      if (value === 'ready') return lines;
      lines.push(value);
    }
  }
}

/** The number of a line such as `cannot 1`; null without such a line. */
export const errnoIn = (lines) => lines.map((line) => /^cannot (\d+)$/.exec(line)?.[1]).find(Boolean) ?? null;
