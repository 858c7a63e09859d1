/** The forms of an observed call: by numbers from the addon, by names, and as plain data. */
import { ABIS, type AbiName, isX32 } from '../syscalls/abi.js';
import { syscallName } from '../syscalls/table.js';
import { textFromBytes } from './text-from-bytes.js';

/** A call by names, with the memory that its arguments point to. */
export interface ObservedCall {
  readonly abi: AbiName;
  /** The syscall's name, or `syscall N` for a number without a name. */
  readonly syscall: string;
  /** Six 64-bit registers. */
  readonly args: readonly bigint[];
  /** The captured memory by argument. Undefined for an argument without any. */
  readonly captured: readonly (Uint8Array | undefined)[];
}

/** A call by numbers, as the addon reports it. */
export interface RawCall {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly arch: number;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly captured: readonly (Uint8Array | undefined)[];
  /** 0 if unknown. */
  readonly pid: number;
  /** 0 if unknown. */
  readonly tid: number;
  /** Empty if unknown. */
  readonly executable: Uint8Array;
  /** Empty if unknown. */
  readonly instruction: Uint8Array;
}

/** The thread that made a call, and the place in its program. */
export interface CallSite {
  /** The process ID. Null if unknown, as for a process in another PID namespace, or one that has ended. */
  readonly pid: number | null;
  /** The thread ID. Null if unknown. */
  readonly tid: number | null;
  /** The path of the program. Null if unknown. */
  readonly executable: string | null;
  /** The file and the offset in it of the calling instruction: `/usr/lib/libc.so.6+0x10e1a7`. Null if unknown. */
  readonly instruction: string | null;
}

/** The first call of a kind, and the thread that made it, as plain data that JSON and structuredClone preserve. */
export interface RecordedCall extends CallSite {
  /** The ABI by which the call was made. */
  readonly abi: AbiName;
  /** The syscall's name, or `syscall N` for a number without a name. */
  readonly syscall: string;
  /** Six 64-bit registers in hexadecimal: `0x2`. */
  readonly args: readonly string[];
  /** The captured memory by argument, as hexadecimal digits. Null for an argument without any. */
  readonly captured: readonly (string | null)[];
}

/** The call by names. */
export function observedCall(kind: Pick<RawCall, 'arch' | 'number' | 'args' | 'captured'>): ObservedCall {
  const abi = abiOfCall(kind.arch, kind.number);
  return {
    abi,
    syscall: syscallName(abi, kind.number) ?? `syscall ${kind.number}`,
    args: kind.args,
    captured: kind.captured,
  };
}

/** The thread and the place of a call. */
export function callSiteOf({ pid, tid, executable, instruction }: RawCall): CallSite {
  return {
    pid: pid === 0 ? null : pid,
    tid: tid === 0 ? null : tid,
    executable: textFromBytes(executable) || null,
    instruction: textFromBytes(instruction) || null,
  };
}

/** The call as plain data. */
export function recordedCall(
  { abi, syscall, args, captured }: ObservedCall,
  { pid, tid, executable, instruction }: CallSite,
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

/** Reads the plain data that `recordedCall` wrote. */
export function callFromRecord({ abi, syscall, args, captured }: RecordedCall): ObservedCall {
  return {
    abi,
    syscall,
    args: args.map(BigInt),
    captured: captured.map((digits) => (digits === null ? undefined : Buffer.from(digits, 'hex'))),
  };
}

/** The ABI of a call, by its AUDIT_ARCH_* and its number: x32 and x86_64 have the same AUDIT_ARCH_*. */
export function abiOfCall(arch: number, number: number): AbiName {
  for (const { name, audit } of ABIS.values()) {
    if (audit !== arch) continue;
    if (name !== 'x86_64' && name !== 'x32') return name;
    return isX32(number) ? 'x32' : 'x86_64';
  }
  throw new RangeError(`no ABI has the AUDIT_ARCH_* 0x${arch.toString(16)}`);
}
