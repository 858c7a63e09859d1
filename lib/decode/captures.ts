/** What is read of a process's memory for a call, and which of its arguments tell kinds of calls apart. */
import type { AbiName } from '../syscalls/abi.js';
import { argumentsOf } from '../syscalls/table.js';
import { has, indices } from '../util/own-data.js';
import { meaningOfArgument, meaningsOf } from './argument-meanings.js';

/** Memory that an argument points to. */
export interface Capture {
  /** 0 to 5. */
  readonly argument: number;
  /** A string ends at its first zero byte. */
  readonly kind: 'string' | 'bytes';
  /** The most bytes that are read, or the argument that holds their number, which is cut at MOST_BYTES. */
  readonly length: number | { readonly argument: number };
}

/** No more is read of one argument: sockaddr_un has 110, clone_args 88; of longer paths one sees the beginning. */
export const MOST_BYTES = 256;

/** The memory that is worth reading for a call. */
export function capturesOf(abi: AbiName, syscall: string): readonly Capture[] {
  const { length } = argumentsOf(abi, syscall) ?? [];
  return indices(length).flatMap((argument): readonly Capture[] => {
    const meaning = meaningOfArgument(abi, syscall, argument);
    if (meaning?.kind === 'string') return [{ argument, kind: 'string', length: MOST_BYTES }];
    return meaning && has(meaning, 'size') ? [{ argument, kind: 'bytes', length: meaning.size }] : [];
  });
}

/** The arguments whose values make different kinds of calls, by index: what is asked, not what it is asked about. */
export function distinguishing(abi: AbiName, syscall: string): readonly number[] {
  return meaningsOf(abi, syscall).distinguishing;
}
