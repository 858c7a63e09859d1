/** What a child writes, up to a limit of bytes and time: what execFile and run have in common. */
import { inspect } from 'node:util';
import { SeccompError } from '../../errors.js';
import { fromCaller } from '../../util/caller.js';
import { define } from '../../util/own-data.js';
import { invalidType, notThatMany, type SpawnOptions } from '../options/options.js';
import { limits } from '../spawn.js';
import type { SandboxedProcess } from './child-process.js';

/** Options of run and execFile that spawn has not. */
export interface OutputOptions {
  /** Of the output: text, or bytes for `buffer`. Default `utf8`. */
  readonly encoding?: BufferEncoding | 'buffer' | null | undefined;
  /** How many bytes the program may write, to stdout and to stderr each, before it is ended. Default 1024 × 1024. */
  readonly maxBuffer?: number | undefined;
}

/** How much output is taken, as what, and for how long: checked. */
export interface OutputLimits {
  /** Undefined for bytes. */
  readonly encoding: BufferEncoding | undefined;
  readonly maxBuffer: number;
  /** Milliseconds; 0: any. */
  readonly timeout: number;
  readonly killSignal: number;
}

const DEFAULT_MAX_BUFFER = 1024 * 1024;

/** @throws What Node throws for options that are not valid. */
export function outputLimits(options: SpawnOptions & OutputOptions): OutputLimits {
  const { encoding = 'utf8' } = options;
  const maxBuffer = options.maxBuffer ?? DEFAULT_MAX_BUFFER;
  const { timeout, killSignal } = limits(options);
  if (typeof maxBuffer !== 'number' || !(maxBuffer >= 0))
    throw notThatMany('options.maxBuffer', 'a positive number', maxBuffer);
  const isText = encoding !== null && encoding !== 'buffer' && Buffer.isEncoding(encoding);
  return { encoding: isText ? encoding : undefined, maxBuffer, timeout, killSignal };
}

/** @throws TypeError for an encoding that there is not: before the program is started, whose output would be lost. */
export function checkEncoding(encoding: unknown): void {
  if (!encoding || encoding === 'buffer') return; // As in Node, what is falsy asks for none.
  if (typeof encoding === 'string' && Buffer.isEncoding(encoding)) return;
  throw define(
    fromCaller(new TypeError(`Unknown encoding: ${typeof encoding === 'string' ? encoding : inspect(encoding)}`)),
    { code: 'ERR_UNKNOWN_ENCODING' },
  );
}

/** @throws TypeError, SeccompError ERR_SECCOMP_OPTION for an input that the program can't be given. */
export function checkInput(input: unknown, stdio: SpawnOptions['stdio'], name = 'options.input'): void {
  if (input === undefined || input === null) return;
  if (typeof input !== 'string' && !ArrayBuffer.isView(input))
    throw invalidType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', input);
  if ((typeof input === 'string' ? input.length : input.byteLength) === 0) return; // Nobody misses it.
  const stdin = typeof stdio === 'object' ? stdio?.at(0) : stdio;
  if (stdin === undefined || stdin === null || stdin === 'pipe' || stdin === 'overlapped') return;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'options.input: standard input is no pipe; leave out options.stdio[0]');
}

type Stream = 'stdout' | 'stderr';

/** Gathers the output of one child, and ends it when it takes too long or writes too much. */
export class OutputBuffer {
  readonly #child: SandboxedProcess;
  readonly #settings: OutputLimits;
  readonly #chunks: Readonly<Record<Stream, (string | Buffer)[]>> = { stdout: [], stderr: [] };
  readonly #timer: NodeJS.Timeout | undefined;
  /** What it wrote too much of. */
  overflow: Stream | undefined;
  timedOut = false;

  constructor(child: SandboxedProcess, settings: OutputLimits) {
    this.#child = child;
    this.#settings = settings;
    for (const name of ['stdout', 'stderr'] as const) this.#read(name);
    if (settings.timeout === 0) return;
    this.#timer = setTimeout(() => {
      this.timedOut = true;
      this.#stop();
    }, settings.timeout);
  }

  /** Ends the output of a child that has ended, and whose pipes others hold. While it runs, it is aborted by itself. */
  abort(): void {
    if (this.#child.hasEnded) this.#child.terminate();
  }

  /** Whether we set out to end the child. */
  get stopped(): boolean {
    return this.timedOut || this.overflow !== undefined;
  }

  /** What has come so far: text if somebody asked for text. */
  output(name: Stream): string | Buffer {
    const chunks = this.#chunks[name];
    if (this.#settings.encoding || this.#child[name]?.readableEncoding) return chunks.join('');
    return Buffer.concat(chunks.filter(Buffer.isBuffer));
  }

  /** To be called at the child's end: its time does not run any more. */
  finish(): void {
    clearTimeout(this.#timer);
  }

  #read(name: Stream): void {
    const stream = this.#child[name];
    if (!stream) return;
    const { encoding, maxBuffer } = this.#settings;
    if (encoding) stream.setEncoding(encoding);
    let size = 0;
    stream.on('data', (chunk: string | Buffer) => {
      const room = maxBuffer - size;
      size += typeof chunk === 'string' ? Buffer.byteLength(chunk, stream.readableEncoding ?? 'utf8') : chunk.length;
      // Of text Node takes as many characters as there is room for bytes.
      this.#chunks[name].push(size > maxBuffer ? chunk.slice(0, room) : chunk);
      if (size <= maxBuffer) return;
      this.overflow = name;
      this.#stop();
    });
  }

  #stop(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.terminate(this.#settings.killSignal);
  }
}

/** The error of Node for a program that wrote more than it may. */
export function overflowError(name: Stream): RangeError {
  const error = fromCaller(new RangeError(`${name} maxBuffer length exceeded`));
  return define(error, { code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' });
}
