/** The calls that a test asks about: from names, groups and numbers to registers. */
import { SeccompError } from '../errors.js';
import type { Call } from '../policy/policy.js';
import { callOf, type Question, registers } from '../profile/explain.js';
import { suggest } from '../profile/suggest.js';
import { ABIS, type AbiName, abiOf } from '../syscalls/abi.js';
import type { SyscallName } from '../syscalls/generated/names.js';
import { type GroupName, groupNames, syscallGroup } from '../syscalls/groups.js';
import { syscallName, syscallNumber } from '../syscalls/table.js';
import { has } from '../util/own-data.js';

/** A syscall by number, which needs no name. */
export interface NumberedCall {
  /** 32 bits; x32 has bit 30 set. */
  readonly number: number;
  /** Up to six argument registers; those left out are 0. */
  readonly args?: readonly (number | bigint)[];
  /** Default: the native one. */
  readonly abi?: AbiName;
}

/** A call to ask about: by its name, by name or number with arguments and ABI; or all calls of a group. */
export type ProbeCall = SyscallName | GroupName | Question | NumberedCall;

/** One call, ready to be made. */
export interface NamedCall extends Call {
  readonly abi: AbiName;
  /** As people write it: `mount`, `x86 socket(16, 3)`. */
  readonly text: string;
}

/**
 * The calls that `calls` name; a group has those that the native ABI has.
 * @throws SeccompError ERR_SECCOMP_OPTION for one that there is not.
 */
export function namedCalls(calls: ProbeCall | readonly ProbeCall[], native: AbiName): readonly NamedCall[] {
  const list = Array.isArray(calls) ? calls : [calls as ProbeCall];
  if (list.length === 0) throw new SeccompError('ERR_SECCOMP_OPTION', 'calls: an empty list asks nothing');
  return list.flatMap((call: ProbeCall) => expand(call, native));
}

function expand(call: ProbeCall, native: AbiName): readonly NamedCall[] {
  if (typeof call !== 'string') return [named(call, native)];
  if (!call.startsWith('@')) return [named({ syscall: call }, native)];
  const group = syscallGroup(call);
  if (group === undefined)
    throw new SeccompError('ERR_SECCOMP_OPTION', `no group is called ${call}${suggest(call, groupNames())}`);
  const known = group.syscalls.filter((name) => syscallNumber(native, name) !== undefined);
  return known.map((syscall) => named({ syscall }, native));
}

function named(call: Question | NumberedCall, native: AbiName): NamedCall {
  if (typeof call !== 'object' || call === null) throw wrong(call);
  const { abi = native, args = [] } = call;
  if (!ABIS.has(abi))
    throw new SeccompError('ERR_SECCOMP_OPTION', `unknown ABI ${abi}${suggest(abi, [...ABIS.keys()])}`);
  const made = has(call, 'number') ? numbered(call, abi) : callOf(call, abi);
  const name = has(call, 'syscall') ? call.syscall : (syscallName(abi, call.number) ?? `syscall ${call.number}`);
  const values = args.length === 0 ? '' : `(${args.join(', ')})`;
  return { ...made, abi, text: `${abi === native ? '' : `${abi} `}${name}${values}` };
}

function numbered({ number, args = [] }: NumberedCall, abi: AbiName): Call {
  if (!Number.isInteger(number) || number < -(2 ** 31) || number >= 2 ** 32) throw wrong({ number });
  return { arch: abiOf(abi).audit, number: number >>> 0, args: registers(args) };
}

function wrong(call: unknown): SeccompError {
  const form = "a syscall's or a group's name, { syscall, args?, abi? }, or { number, args?, abi? } with 32 bits";
  return new SeccompError('ERR_SECCOMP_OPTION', `a call is ${form}, not ${JSON.stringify(call)}`);
}
