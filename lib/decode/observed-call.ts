/** A call as it was seen, with what it points to. */
import type { AbiName } from '../syscalls/abi.js';

export interface ObservedCall {
  readonly abi: AbiName;
  /** Its name; `syscall N` for a number that has none. */
  readonly syscall: string;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
  /** What was read of the memory that arguments point to, by argument; undefined: nothing. */
  readonly captured: readonly (Uint8Array | undefined)[];
}
