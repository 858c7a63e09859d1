/** A call that was seen, with what it pointed to. */
import type { AbiName } from '../syscalls/abi.js';

export interface ObservedCall {
  readonly abi: AbiName;
  readonly syscall: string;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
  /** What was read of the process's memory, by the argument's index. */
  readonly captured: readonly (Uint8Array | undefined)[];
}
