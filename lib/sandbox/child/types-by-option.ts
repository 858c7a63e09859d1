/** The types of a child's streams and of its output, which follow from the options `stdio` and `encoding`. */
import type { Readable, Stream, Writable } from 'node:stream';
import type { Stdio } from '../options/types.js';
import type { SandboxedProcess } from './process/child-process.js';

/** Options that have a `stdio`, of the type `Given`. */
export interface StdioOption<Given extends Stdio | undefined> {
  /** The option `stdio`. */
  readonly stdio: Given;
}

/** Options that have an `encoding`, of the type `Given`. */
export interface EncodingOption<Given> {
  /** The option `encoding`. */
  readonly encoding: Given;
}

type Piped = 'pipe' | 'overlapped' | null | undefined;
type NotPiped = 'ignore' | 'inherit' | Stream;

/**
 * The child that `spawn` returns for a `stdio`, with the same types of its streams as in Node's declarations. With pipes
 * only, no stream is null. In a list of three entries, each of which certainly is a pipe or certainly is none, the
 * streams of those that are none are null. In all other cases, each stream may be null.
 */
export type ProcessWithStdio<Given extends Stdio | undefined> = [Given] extends [
  'pipe' | 'overlapped' | readonly Piped[] | undefined,
]
  ? SandboxedProcess<Writable, Readable, Readable>
  : [Given] extends [readonly [infer In, infer Out, infer Err]]
    ? [IsCertain<In>, IsCertain<Out>, IsCertain<Err>] extends [true, true, true]
      ? SandboxedProcess<StreamFor<In, Writable>, StreamFor<Out, Readable>, StreamFor<Err, Readable>>
      : SandboxedProcess
    : SandboxedProcess;

/** Whether it is known if an entry is a pipe. */
type IsCertain<Entry> = [Entry] extends [Piped] ? true : [Entry] extends [NotPiped] ? true : false;

type StreamFor<Entry, Pipe> = [Entry] extends [Piped] ? Pipe : null;

/** A Buffer of newly allocated memory: `Buffer<ArrayBuffer>`, or `Buffer` with Node's declarations before version 22. */
export type OutputBytes = ReturnType<typeof Buffer.alloc>;

/** The type of output in the encoding `Given`; `Preset` without one. */
export type OutputIn<Given, Preset> = Given extends undefined
  ? Preset
  : Given extends BufferEncoding
    ? string
    : Given extends 'buffer' | null
      ? OutputBytes
      : string | OutputBytes;
