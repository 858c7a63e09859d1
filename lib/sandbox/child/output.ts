/** The output of a child, gathered up to a limit of bytes and time: for run() and execFile. Also input and encodings. */
import { inspect } from 'node:util';
import { SeccompError } from '../../errors.js';
import { fromCaller } from '../../util/caller.js';
import { define } from '../../util/own-data.js';
import { invalidType, notThatMany, type SpawnOptions } from '../options/options.js';
import { limits } from '../spawn.js';
import type { SandboxedProcess } from './child-process.js';

/** Options for the output of a program, which `run` and `execFile` take beside those of `spawn`. */
export interface OutputOptions {
  /** Encoding of the output; `'buffer'` or null for a Buffer. Default `'utf8'`. */
  readonly encoding?: BufferEncoding | 'buffer' | null | undefined;
  /** How many bytes the program may write to each of stdout and stderr. If it writes more, it is ended. Default 1024 × 1024. */
  readonly maxBuffer?: number | undefined;
}

/** The options that apply to a child's output. The values have been checked. */
export interface OutputLimits {
  /** Undefined for a Buffer. */
  readonly encoding: BufferEncoding | undefined;
  /** Bytes. */
  readonly maxBuffer: number;
  /** Milliseconds; 0 for no timeout. */
  readonly timeout: number;
  readonly killSignal: number;
}

const DEFAULT_MAX_BUFFER = 1024 * 1024;

/** Reads the options that apply to the output. @throws What Node throws for options that are not valid. */
export function outputLimits(options: SpawnOptions & OutputOptions): OutputLimits {
  const { encoding = 'utf8' } = options;
  const { timeout, killSignal } = limits(options);
  const maxBuffer = checkMaxBuffer(options.maxBuffer);
  const isText = encoding !== null && encoding !== 'buffer' && Buffer.isEncoding(encoding);
  return { encoding: isText ? encoding : undefined, maxBuffer, timeout, killSignal };
}

/** @returns Bytes. @throws RangeError or TypeError, as Node does, for a size that is not a positive number. */
export function checkMaxBuffer(size: number | undefined): number {
  const bytes = size ?? DEFAULT_MAX_BUFFER;
  if (typeof bytes === 'number' && bytes >= 0) return bytes;
  throw notThatMany('options.maxBuffer', 'a positive number', bytes);
}

/** To be called before the program is started. @throws TypeError for an unknown encoding. */
export function checkEncoding(encoding: unknown): void {
  if (!encoding || encoding === 'buffer') return; // As in Node, any falsy value means a Buffer.
  if (typeof encoding === 'string' && Buffer.isEncoding(encoding)) return;
  const name = typeof encoding === 'string' ? encoding : inspect(encoding);
  throw define(fromCaller(new TypeError(`Unknown encoding: ${name}`)), { code: 'ERR_UNKNOWN_ENCODING' });
}

/** @throws TypeError for a wrong type; SeccompError ERR_SECCOMP_OPTION for an input of a program whose stdin is not a pipe. */
export function checkInput(input: unknown, stdio: SpawnOptions['stdio'], name = 'options.input'): void {
  if (input === undefined || input === null) return;
  if (typeof input !== 'string' && !ArrayBuffer.isView(input))
    throw invalidType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', input);
  if ((typeof input === 'string' ? input.length : input.byteLength) === 0) return; // Empty input is the same as none.
  const stdin = typeof stdio === 'object' ? stdio?.at(0) : stdio;
  if (stdin === undefined || stdin === null || stdin === 'pipe' || stdin === 'overlapped') return;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'options.input: stdin is not a pipe; leave out options.stdio[0]');
}

type Stream = 'stdout' | 'stderr';

/** Gathers the output of a child. Ends the child if it runs longer than its timeout, or writes more than `maxBuffer`. */
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
      this.#stop();
    }, limits.timeout);
  }

  /** Stops reading from a child that has ended but whose pipes other processes hold. A running child handles the abort itself. */
  abort(): void {
    if (this.#child.hasEnded) this.#child.terminate();
  }

  /** Whether the child was ended by this buffer. */
  get stopped(): boolean {
    return this.timedOut || this.overflow !== undefined;
  }

  /** Returns the output so far: text if there is an encoding, set here or on the stream by the caller; otherwise a Buffer. */
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
      this.#stop();
    });
  }

  #stop(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.terminate(this.#limits.killSignal);
  }
}

/** Returns Node's error for a program that wrote more than `maxBuffer`. */
export function overflowError(name: Stream): RangeError {
  const error = fromCaller(new RangeError(`${name} maxBuffer length exceeded`));
  return define(error, { code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });
}
