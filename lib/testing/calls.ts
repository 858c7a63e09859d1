/** The calls that a test asks about: from names, groups and numbers to registers. */
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import type { Call } from '../policy/policy.js';
import { abiNamed, callOf, type Question, readQuestion, registers } from '../profile/explain-query.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import type { SyscallName } from '../syscalls/generated/names.js';
import { type GroupName, groupNames, syscallGroup } from '../syscalls/groups.js';
import { syscallName, syscallNumber } from '../syscalls/table.js';
import { copyFields, copyList, type Refuse } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';

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
export function namedCalls(calls: unknown, native: AbiName): readonly NamedCall[] {
  const list = Array.isArray(calls) ? copyList(calls, MOST_CALLS, refuse) : [calls];
  if (list.length === 0) throw new SeccompError('ERR_SECCOMP_OPTION', 'calls: an empty list asks nothing');
  return list.flatMap((call) => expand(call, native));
}

/** As many as the addon takes. */
const MOST_CALLS = 1 << 20;
/** Of one call so many are read, to say that there are too many. */
const MOST_REGISTERS = 64;

const refuse: Refuse = (path, problem) => {
  throw new SeccompError('ERR_SECCOMP_OPTION', `${['calls', ...path].join('.')}: ${problem}`);
};

function expand(call: unknown, native: AbiName): readonly NamedCall[] {
  if (typeof call !== 'string') return [named(call, native)];
  if (!call.startsWith('@')) return [bySyscall(call, [], native, native)];
  const group = syscallGroup(call);
  if (group === undefined)
    throw new SeccompError('ERR_SECCOMP_OPTION', `no group is called ${call}${suggest(call, groupNames())}`);
  const known = group.syscalls.filter((name) => syscallNumber(native, name) !== undefined);
  return known.map((syscall) => bySyscall(syscall, [], native, native));
}

/** A call that is an object, which is read once. */
function named(call: unknown, native: AbiName): NamedCall {
  if (typeof call !== 'object' || call === null) throw wrong(call);
  const fields = copyFields(call, refuse);
  if (!Object.hasOwn(fields, 'number')) {
    const { syscall, args, abi } = readQuestion(fields);
    return bySyscall(syscall, args ?? [], abi ?? native, native);
  }
  const { number, args = [], abi: name = native, ...others } = fields;
  const isNumber = typeof number === 'number' && Number.isInteger(number) && number >= -(2 ** 31) && number < 2 ** 32;
  if (!isNumber || !Array.isArray(args) || typeof name !== 'string' || Object.keys(others).length > 0)
    throw wrong(fields);
  const given = copyList(args, MOST_REGISTERS, refuse);
  const values = registers(given);
  const abi = abiNamed(name);
  const text = textOf(syscallName(abi, number) ?? `syscall ${number}`, given, abi, native);
  return { arch: abiOf(abi).audit, number: number >>> 0, args: values, abi, text };
}

function bySyscall(syscall: string, args: readonly (number | bigint)[], abi: AbiName, native: AbiName): NamedCall {
  return { ...callOf({ syscall, args }, abi), abi, text: textOf(syscall, args, abi, native) };
}

function textOf(name: string, args: readonly unknown[], abi: AbiName, native: AbiName): string {
  const values = args.length === 0 ? '' : `(${args.join(', ')})`;
  return `${abi === native ? '' : `${abi} `}${name}${values}`;
}

function wrong(call: unknown): SeccompError {
  const form = "a syscall's or a group's name, { syscall, args?, abi? }, or { number, args?, abi? } with 32 bits";
  return new SeccompError('ERR_SECCOMP_OPTION', `a call is ${form}, not ${inspect(call)}`);
}

/** What the kernel does with a call under a profile. */
export interface ProbeAnswer {
  /** The call as people write it: `mount`, `x86 socket(16, 3)`. */
  readonly call: string;
  readonly abi: AbiName;
  readonly number: number;
  readonly args: readonly bigint[];
  /**
   * `allowed`: carried out, logged or not. `errno`: fails with `errno`. `killed`: ends the thread or the process. `trapped`:
   * SIGSYS. `notified`: a supervisor decides. `traced`: a tracer does.
   */
  readonly outcome: 'allowed' | 'errno' | 'killed' | 'trapped' | 'notified' | 'traced';
  /** By name, `EPERM`; digits for a number that has none. Undefined for other outcomes than `errno`. */
  readonly errno: string | undefined;
}
