/** A call as it was observed: by names, and as plain data. */
import { ABIS, type AbiName, isX32 } from '../syscalls/abi.js';
import { syscallName } from '../syscalls/table.js';

/** A call with what it points to. */
export interface ObservedCall {
  readonly abi: AbiName;
  /** Its name; `syscall N` for a number that has none. */
  readonly syscall: string;
  /** Six registers of 64 bits. */
  readonly args: readonly bigint[];
  /** What was read of the memory that arguments point to, by argument; undefined: nothing. */
  readonly captured: readonly (Uint8Array | undefined)[];
}

/** A call as the addon reports it, by numbers. */
export interface RawCall extends Omit<CallSite, 'instruction'> {
  /** AUDIT_ARCH_* */
  readonly arch: number;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly captured: readonly (Uint8Array | undefined)[];
  /** Empty if it is not known. */
  readonly instruction: string;
}

/** Where and by whom a call was first made. */
export interface CallSite {
  /** 0: not known, as for a process in another PID namespace. */
  readonly pid: number;
  readonly tid: number;
  /** The program's path; empty if it is not known. */
  readonly executable: string;
  /** Where the call was made: a file and the place in it, `/usr/lib/libc.so.6+0x10e1a7`; undefined if it is not known. */
  readonly instruction?: string | undefined;
}

/** A call, and who made it first: plain data, which JSON and structuredClone keep. */
export interface RecordedCall extends CallSite {
  readonly abi: AbiName;
  /** Its name; `syscall N` for a number that has none. */
  readonly syscall: string;
  /** Six registers of 64 bits, in hexadecimal: `0x2`. */
  readonly args: readonly string[];
  /** What was read of the memory that arguments point to, by argument, as hexadecimal digits; null: nothing. */
  readonly captured: readonly (string | null)[];
}

export function observedCall(kind: Pick<RawCall, 'arch' | 'number' | 'args' | 'captured'>): ObservedCall {
  const abi = abiOfCall(kind.arch, kind.number);
  return {
    abi,
    syscall: syscallName(abi, kind.number) ?? `syscall ${kind.number}`,
    args: kind.args,
    captured: kind.captured,
  };
}

export function callSiteOf({ pid, tid, executable, instruction }: RawCall): CallSite {
  return { pid, tid, executable, instruction: instruction === '' ? undefined : instruction };
}

/** A call as plain data. */
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
