/** The output of a child, gathered up to a limit of bytes and time: for run() and execFile. */
import type { LimitReason } from '../../process-tree/limit-reason.js';
import { nodeError } from '../../util/node-error.js';
import { clearTimeout, setTimeout } from '../../util/timers.js';
import { endingOf } from '../options/ending.js';
import type { SpawnOptions } from '../options/types.js';
import type { SandboxedProcess } from './process/child-process.js';

/** Options for the output of a program, which `run` and `execFile` take beside those of `spawn`. */
export interface OutputOptions {
  /** Encoding of the output; `'buffer'` or null for a Buffer. Default `'utf8'`. */
  readonly encoding?: BufferEncoding | 'buffer' | null | undefined;
  /**
   * How many bytes the program may write to each of stdout and stderr. If it writes more, it is ended. Default 1024 ×
   * 1024.
   */
  readonly maxBuffer?: number | undefined;
}

/** Bytes of output that are taken by default, as in Node. */
export const DEFAULT_MAX_BUFFER = 1024 * 1024;

/** The options that apply to a child's output: its encoding, undefined for a Buffer, and its limits. */
export type OutputLimits = Readonly<ReturnType<typeof outputLimits>>;

/** The limits that checked options set. */
export function outputLimits(options: SpawnOptions & OutputOptions) {
  const { encoding = 'utf8', maxBuffer } = options;
  const { timeout, killSignal } = endingOf(options);
  const isText = encoding !== null && encoding !== 'buffer' && Buffer.isEncoding(encoding);
  return { encoding: isText ? encoding : undefined, maxBuffer: maxBuffer ?? DEFAULT_MAX_BUFFER, timeout, killSignal };
}

type Stream = 'stdout' | 'stderr';

/**
 * Gathers the output of a child. Ends the child if it runs longer than its timeout, or writes more than `maxBuffer`.
 */
export class OutputBuffer {
  readonly #child: SandboxedProcess;
  readonly #limits: OutputLimits;
  readonly #chunks: Readonly<Record<Stream, (string | Buffer)[]>> = { stdout: [], stderr: [] };
  readonly #timer: NodeJS.Timeout | undefined;
  /** The stream to which the child wrote more than `maxBuffer`. */
  overflow: Stream | undefined;
  timedOut = false;

  constructor(child: SandboxedProcess, limits: OutputLimits) {
    this.#child = child;
    this.#limits = limits;
    for (const name of ['stdout', 'stderr'] as const) this.#read(name);
    if (limits.timeout === 0) return;
    this.#timer = setTimeout(() => {
      this.timedOut = true;
      this.#stop('time');
    }, limits.timeout);
  }

  /**
   * Stops the timeout, so that the abort stays the reason of the end, and reading from a child that has ended but whose pipes
   * other processes hold. A running child handles the abort itself.
   */
  abort(): void {
    clearTimeout(this.#timer);
    if (this.#child.hasEnded) this.#child.terminate();
  }

  /** Whether the child was ended by this buffer. */
  get stopped(): boolean {
    return this.timedOut || this.overflow !== undefined;
  }

  /**
   * Returns the output so far: text if there is an encoding, set here or on the stream by the caller; otherwise a
   * Buffer.
   */
  output(name: Stream): string | Buffer {
    const chunks = this.#chunks[name];
    if (this.#limits.encoding || this.#child[name]?.readableEncoding) return chunks.join('');
    return Buffer.concat(chunks.filter(Buffer.isBuffer));
  }

  /** Stops the timeout. To be called when the child has ended. */
  finish(): void {
    clearTimeout(this.#timer);
  }

  #read(name: Stream): void {
    const stream = this.#child[name];
    if (!stream) return;
    const { encoding, maxBuffer } = this.#limits;
    if (encoding) stream.setEncoding(encoding);
    let size = 0;
    stream.on('data', (chunk: string | Buffer) => {
      const room = maxBuffer - size;
      size += typeof chunk === 'string' ? Buffer.byteLength(chunk, stream.readableEncoding ?? 'utf8') : chunk.length;
      // As in Node: of text, as many characters are kept as there is room for bytes.
      this.#chunks[name].push(size > maxBuffer ? chunk.slice(0, room) : chunk);
      if (size <= maxBuffer) return;
      this.overflow = name;
      this.#stop('output');
    });
  }

  #stop(limit: LimitReason): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.terminate(this.#limits.killSignal, limit);
  }
}

/** Returns Node's error for a program that wrote more than `maxBuffer`. */
export function overflowError(name: Stream): RangeError {
  return nodeError(RangeError, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', `${name} maxBuffer length exceeded`);
}
