/** A kind of calls, as the addon tells it, by names. */
import type { NativeKind } from '../native.js';
import { isX32 } from '../policy/policy.js';
import { ABIS, type AbiName } from '../syscalls/abi.js';
import { syscallName } from '../syscalls/table.js';
import type { ObservedCall } from './observed-call.js';

/** Where and by whom a call was first made. */
export interface Sighting {
  /** 0: not known, as for a process in another PID namespace. */
  readonly pid: number;
  readonly tid: number;
  /** The program's path; empty if it is not known. */
  readonly executable: string;
  /** Where the call was made: a file and the place in it, `/usr/lib/libc.so.6+0x10e1a7`; undefined if it is not known. */
  readonly instruction?: string | undefined;
}

/** A call, and who made it first: plain data, which JSON and structuredClone keep. */
export interface RecordedCall extends Sighting {
  readonly abi: AbiName;
  /** Its name; `syscall N` for a number that has none. */
  readonly syscall: string;
  /** Six registers of 64 bits, in hexadecimal: `0x2`. */
  readonly args: readonly string[];
  /** What was read of the memory that arguments point to, by argument, as hexadecimal digits; null: nothing. */
  readonly captured: readonly (string | null)[];
}

export function observedCall(kind: Pick<NativeKind, 'arch' | 'number' | 'args' | 'captured'>): ObservedCall {
  const abi = abiOfCall(kind.arch, kind.number);
  return {
    abi,
    syscall: syscallName(abi, kind.number) ?? `syscall ${kind.number}`,
    args: kind.args,
    captured: kind.captured,
  };
}

export function sightingOf({ pid, tid, executable, instruction }: NativeKind): Sighting {
  return { pid, tid, executable, instruction: instruction === '' ? undefined : instruction };
}

/** A call as plain data. */
export function recordedCall(
  { abi, syscall, args, captured }: ObservedCall,
  { pid, tid, executable, instruction }: Sighting,
): RecordedCall {
  return {
    abi,
    syscall,
    args: args.map((value) => `0x${value.toString(16)}`),
    captured: captured.map((bytes) => (bytes === undefined ? null : Buffer.from(bytes).toString('hex'))),
    pid,
    tid,
    executable,
    instruction,
  };
}

/** The call that `recordedCall` wrote as plain data. */
export function callFromRecord({ abi, syscall, args, captured }: RecordedCall): ObservedCall {
  return {
    abi,
    syscall,
    args: args.map(BigInt),
    captured: captured.map((digits) => (digits === null ? undefined : Buffer.from(digits, 'hex'))),
  };
}

/** The ABI of a call as a filter sees it. */
export function abiOfCall(arch: number, number: number): AbiName {
  for (const { name, audit } of ABIS.values()) {
    if (audit !== arch) continue;
    if (name !== 'x86_64' && name !== 'x32') return name;
    return isX32(number) ? 'x32' : 'x86_64';
  }
  throw new RangeError(`no ABI is 0x${arch.toString(16)}`);
}
