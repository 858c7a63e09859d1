/** The cgroup of one child: made before its start, and removed when no process is in it any more. */
import {
  closeSync,
  constants,
  type FSWatcher,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { statFields } from '../kernel/process-status.js';
import { once } from '../util/memo.js';
import { codeOf } from '../util/system-error.js';
import type { Cgroup } from './cgroup.js';
import type { LimitValues } from './limits.js';

/** Microseconds: the kernel's default period for the quota of CPU time. */
const CPU_PERIOD = 100_000;

/** Numbers of events in a cgroup. */
export interface LeafEvents {
  /** How many processes were killed since memory was short. */
  readonly memoryKills: number;
  /** How often a process could not be started since there were as many as allowed. */
  readonly processRefusals: number;
}

/** The cgroup of one child. */
export class Leaf {
  /** Its path in the hierarchy. */
  readonly path: string;
  readonly #directory: string;
  #watcher: FSWatcher | undefined;
  #done = () => {};
  /** Resolves when it is removed. */
  readonly removed = new Promise<void>((resolve) => {
    this.#done = resolve;
  });

  private constructor(place: Cgroup, name: string) {
    this.path = join(place.path, name);
    this.#directory = join(place.directory, name);
  }

  /**
   * Makes a cgroup that has no process yet.
   *
   * @throws The system's error, with `path` of the file that could not be made or written.
   */
  static make(place: Cgroup, limits: LimitValues): Leaf {
    sweep(place.directory);
    const leaf = new Leaf(place, makeDirectory(place.directory));
    try {
      leaf.#limit(limits);
    } catch (error) {
      leaf.remove();
      throw error;
    }
    return leaf;
  }

  #limit({ memory, processes, cpu }: LimitValues): void {
    if (memory !== undefined) {
      this.#write('memory.max', memory);
      this.#write('memory.oom.group', 1);
      this.#writeIfThere('memory.swap.max', 0);
      this.#writeIfThere('memory.zswap.max', 0);
    }
    if (processes !== undefined) this.#write('pids.max', processes);
    if (cpu !== undefined) this.#write('cpu.max', `${Math.round(cpu * CPU_PERIOD)} ${CPU_PERIOD}`);
  }

  /** Without O_CREAT: in a cgroup, it would fail with EACCES for a file that does not exist. */
  #write(file: string, value: bigint | number | string): void {
    writeFileSync(join(this.#directory, file), String(value), { flag: 'r+' });
  }

  /** For files that a kernel without swap accounting lacks. */
  #writeIfThere(file: string, value: number): void {
    try {
      this.#write(file, value);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Calls `use` with a descriptor of the directory. */
  withDescriptor<Result>(use: (descriptor: number) => Result): Result {
    const descriptor = openSync(this.#directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** What has happened in it so far. */
  events(): LeafEvents {
    return {
      memoryKills: this.#valueOf('memory.events', 'oom_kill') ?? 0,
      processRefusals: this.#valueOf('pids.events', 'max') ?? 0,
    };
  }

  /** Milliseconds of CPU time that was used in it; undefined if it is removed. */
  cpuTime(): number | undefined {
    const microseconds = this.#valueOf('cpu.stat', 'usage_usec');
    return microseconds === undefined ? undefined : microseconds / 1000;
  }

  /** The most bytes of memory that were used in it at once; undefined where memory is not limited, and below Linux 5.19. */
  peakMemory(): number | undefined {
    const bytes = this.#read('memory.peak');
    return bytes === undefined ? undefined : Number(bytes);
  }

  /** Undefined if this limit is not set, or the cgroup is removed. */
  #valueOf(file: string, key: string): number | undefined {
    const line = this.#read(file)
      ?.split('\n')
      .find((each) => each.startsWith(`${key} `));
    return line === undefined ? undefined : Number(line.slice(key.length));
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(join(this.#directory, file), 'utf8');
    } catch {
      return undefined;
    }
  }

  /**
   * Removes it, if not now then when the last process in it has ended; if this process ends before that, a later one
   * removes it.
   */
  remove(): void {
    if (this.#tryRemove() || this.#watcher !== undefined) return;
    try {
      // The kernel reports a change of `populated`. Since it may have changed meanwhile, this tries again.
      this.#watcher = watch(join(this.#directory, 'cgroup.events'), { persistent: false }, () => this.#tryRemove());
      this.#watcher.on('error', () => this.#ended());
    } catch {
      // No watches are left: a later process removes it.
    }
    this.#tryRemove();
  }

  #tryRemove(): boolean {
    try {
      rmdirSync(this.#directory);
    } catch (error) {
      if (codeOf(error) === 'EBUSY') return false;
    }
    this.#ended();
    return true;
  }

  #ended(): void {
    this.#watcher?.close();
    this.#done();
  }
}

/** The part of a leaf's name that all leaves of this process have: its PID namespace, its ID and its start time. */
const ownPrefix = once(() => `${LEAF}${pidNamespace()}-${process.pid}-${startTime('self')}-`);

const LEAF = 'seccomp-';
const LEAF_NAME = /^seccomp-(\d+)-(\d+)-(\d+)-[\d.]+$/;

let count = 0;

/** Makes a directory with a new name, which it returns. */
function makeDirectory(parent: string): string {
  for (;;) {
    const name = `${ownPrefix()}${threadId}.${count++}`;
    try {
      mkdirSync(join(parent, name));
      return name;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error; // Another copy of this package has a leaf of this name.
    }
  }
}

const pidNamespace = once(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0');

/** The start of a process, in clock ticks since the system's boot: field 22 of proc_pid_stat(5). */
const startTime = (pid: string): string | undefined => statFields(pid).at(19);

const swept = new Set<string>();

/** Removes the empty leaves of processes that have ended, once in the life of this process. */
function sweep(directory: string): void {
  if (swept.has(directory)) return;
  swept.add(directory);
  for (const name of readdirSync(directory)) {
    const [, namespace, pid = '', start] = LEAF_NAME.exec(name) ?? [];
    if (namespace !== pidNamespace() || startTime(pid) === start) continue;
    try {
      rmdirSync(join(directory, name));
    } catch {
      // It still has processes, or another process has removed it.
    }
  }
}
