/** The memory that the supervisor reads for a call, and the arguments that tell kinds of calls apart. */
import type { AbiName } from '../syscalls/abi.js';
import { argumentsOf } from '../syscalls/table.js';
import { has, indices } from '../util/own-data.js';
import { meaningOfArgument, meaningsOf } from './argument-meanings.js';

/** Memory to read, to which an argument points. */
export interface Capture {
  /** The argument's index, 0 to 5. */
  readonly argument: number;
  /** A string is read up to its first NUL. */
  readonly kind: 'string' | 'bytes';
  /** The maximum number of bytes, or the argument that holds it; more than MAX_CAPTURE are not read. */
  readonly length: number | { readonly argument: number };
}

/** Maximum bytes of one capture. A sockaddr_un has 110 and a clone_args 88; longer paths are cut. */
export const MAX_CAPTURE = 256;

/** The memory to read for a call: strings and structs, but no buffers. */
export function capturesOf(abi: AbiName, syscall: string): readonly Capture[] {
  const { length } = argumentsOf(abi, syscall) ?? [];
  return indices(length).flatMap((argument): readonly Capture[] => {
    const meaning = meaningOfArgument(abi, syscall, argument);
    if (meaning?.kind === 'string') return [{ argument, kind: 'string', length: MAX_CAPTURE }];
    return meaning && has(meaning, 'size') ? [{ argument, kind: 'bytes', length: meaning.size }] : [];
  });
}

/** The indices of the arguments that are descriptors of the directories to which paths of the call are relative. */
export function directoriesOf(abi: AbiName, syscall: string): readonly number[] {
  const known = argumentsOf(abi, syscall) ?? [];
  return indices(known.length).filter((argument) => DIRECTORY.test(known[argument]?.name ?? ''));
}

/** The kernel's names of such arguments. */
const DIRECTORY = /^(?:old|new|from_|to_)?dfd$/;

/** The indices of the arguments whose values make different kinds of calls, such as the family of socket(2). */
export function distinguishing(abi: AbiName, syscall: string): readonly number[] {
  return meaningsOf(abi, syscall).distinguishing;
}
