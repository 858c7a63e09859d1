/** The calls that a test names, and how they are turned into a syscall number and argument registers. */
import { inspect } from 'node:util';
import { refuseIn } from '../errors.js';
import type { PolicyCall } from '../policy/policy.js';
import { callOf, type ExplainQuery, readQuestion, registers, requireAbi } from '../profile/explain-query.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import type { SyscallName } from '../syscalls/generated/names.js';
import { type GroupName, groupNames, syscallGroup } from '../syscalls/groups.js';
import { syscallName, syscallNumber } from '../syscalls/table.js';
import { shownName } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { copyFields, copyList } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';

/** A call of the syscall with this number, which need not have a name. */
export interface NumberedCall {
  /** A 32-bit number, signed or unsigned. On x32, bit 30 is set. */
  readonly number: number;
  /** Up to six arguments; those that are left out are 0. */
  readonly args?: readonly (number | bigint)[];
  /** Default: the native ABI. */
  readonly abi?: AbiName;
}

/**
 * A call to test: a syscall's name; a syscall with arguments and ABI, by name or by number; or a group's name, which
 * means all syscalls of the group that the native ABI has.
 */
export type ProbeCall = SyscallName | GroupName | ExplainQuery | NumberedCall;

/** What the kernel does with a call under a profile. */
export interface ProbeAnswer {
  /** The call, for messages: `mount`, `x86 socket(16, 3)`. */
  readonly call: string;
  /** The ABI of the call. */
  readonly abi: AbiName;
  /** The number of the syscall. */
  readonly number: number;
  /** The six arguments. */
  readonly args: readonly bigint[];
  /**
   * What the kernel does:
   * - `allowed`: the call is carried out, whether it is logged or not.
   * - `errno`: the call fails with `errno`.
   * - `killed`: the thread or the process is ended.
   * - `trapped`: the thread is sent SIGSYS.
   * - `notified`: a supervisor is notified, and decides.
   * - `traced`: a tracer is notified, and decides.
   */
  readonly outcome: 'allowed' | 'errno' | 'killed' | 'trapped' | 'notified' | 'traced';
  /** The errno's name, such as `EPERM`, or its digits if it has none. Absent unless `outcome` is `errno`. */
  readonly errno?: string;
}

/** One call, as the kernel sees it. */
export interface NamedCall extends PolicyCall {
  readonly abi: AbiName;
  /** The call, for messages: `mount`, `x86 socket(16, 3)`. */
  readonly text: string;
}

/**
 * Reads the calls that a caller named.
 *
 * @param native - The ABI of calls that do not name one.
 * @throws TypeError, RangeError for an unknown syscall, group or ABI, a value of a wrong type, and an empty
 * list.
 */
export function readCalls(calls: unknown, native: AbiName): readonly NamedCall[] {
  const list = Array.isArray(calls) ? copyList(calls, MOST_CALLS, refuse) : [calls];
  if (list.length === 0) throw argumentError('value', 'calls: the list is empty: give at least one call');
  return list.flatMap((call) => readProbeCall(call, native));
}

/** The limit of native/napi/probe.cc. */
const MOST_CALLS = 1 << 20;
/** Elements of `args` that are read, so that the error for more than six can show them. */
const MOST_LISTED_ARGUMENTS = 64;

const refuse = refuseIn('calls');

function readProbeCall(call: unknown, native: AbiName): readonly NamedCall[] {
  if (typeof call !== 'string') return [readObject(call, native)];
  return call.startsWith('@') ? groupCalls(call, native) : [namedCall(call, [], native, native)];
}

function groupCalls(name: string, native: AbiName): readonly NamedCall[] {
  const group = syscallGroup(name);
  if (group === undefined)
    throw argumentError('value', `unknown group ${shownName(name)}${suggest(name, groupNames())}`);
  const known = group.syscalls.filter((syscall) => syscallNumber(native, syscall) !== undefined);
  if (known.length === 0)
    throw argumentError('value', `${name} has no syscall on ${native}: nothing would be asserted`);
  return known.map((syscall) => namedCall(syscall, [], native, native));
}

/** Reads `{ syscall, args, abi }` or `{ number, args, abi }`. */
function readObject(call: unknown, native: AbiName): NamedCall {
  if (typeof call !== 'object' || call === null) throw notACall(call);
  const fields = copyFields(call, refuse);
  if (!Object.hasOwn(fields, 'number')) {
    const { syscall, args, abi } = readQuestion(fields);
    return namedCall(syscall, args ?? [], abi ?? native, native);
  }
  const { number, args = [], abi: name = native, ...others } = fields;
  const isNumber = typeof number === 'number' && Number.isInteger(number) && number >= -(2 ** 31) && number < 2 ** 32;
  if (!isNumber || !Array.isArray(args) || typeof name !== 'string' || Object.keys(others).length > 0)
    throw notACall(fields);
  const given = copyList(args, MOST_LISTED_ARGUMENTS, refuse);
  const values = registers(given);
  const abi = requireAbi(name);
  const text = callText(syscallName(abi, number) ?? `syscall ${number}`, given, abi, native);
  return { arch: abiOf(abi).audit, number: number >>> 0, args: values, abi, text };
}

function namedCall(syscall: string, args: readonly (number | bigint)[], abi: AbiName, native: AbiName): NamedCall {
  return { ...callOf({ syscall, args }, abi), abi, text: callText(syscall, args, abi, native) };
}

function callText(name: string, args: readonly unknown[], abi: AbiName, native: AbiName): string {
  const values = args.length === 0 ? '' : `(${args.join(', ')})`;
  return `${abi === native ? '' : `${abi} `}${name}${values}`;
}

function notACall(value: unknown): TypeError | RangeError {
  const forms = "a syscall's or a group's name, { syscall, args?, abi? }, or { number, args?, abi? } with 32 bits";
  const kind = typeof value === 'object' && value !== null ? 'value' : 'type';
  return argumentError(kind, `calls: a call is ${forms}, not ${inspect(value)}`);
}
