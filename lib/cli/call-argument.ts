/** Calls as the command line takes them: `mount`, `56`, `@mount`, `socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC)`. */

import { type AbiName, type ExplainQuery, SeccompError, syscallGroup } from '../index.js';
import { constantNames, constantOn } from '../syscalls/constants.js';
import { groupNames } from '../syscalls/groups.js';
import { syscallName, syscallNumber } from '../syscalls/table.js';
import { printableJson, shownName } from '../util/foreign-text.js';
import { suggest } from '../util/suggest.js';

/** A call to explain, and how it is printed. */
interface NamedQuery {
  readonly text: string;
  readonly query: ExplainQuery;
}

/**
 * Parses a call. A group stands for those of its syscalls that the ABI has.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for what is no call.
 */
export function parseCalls(text: string, abi: AbiName): readonly NamedQuery[] {
  if (text.startsWith('@')) return callsOfGroup(text, abi);
  const [, name, list] = /^(\w+)(?:\(([^()]*)\))?$/.exec(text.trim()) ?? [];
  if (name === undefined) throw invalidCall(text);
  const syscall = /^\d+$/.test(name)
    ? (syscallName(abi, Number(name)) ?? raise(`${abi} has no syscall with the number ${Number(name)}`))
    : name;
  const shown = syscall === name ? text : `${text} = ${syscall}${list === undefined ? '' : `(${list})`}`;
  const args = list?.trim() ? { args: list.split(',').map((value) => argumentValue(value.trim(), text, abi)) } : {};
  return [{ text: shown, query: { syscall, abi, ...args } }];
}

function callsOfGroup(name: string, abi: AbiName): readonly NamedQuery[] {
  const group = syscallGroup(name);
  if (group === undefined) throw optionError(`there is no group ${shownName(name)}${suggest(name, groupNames())}`);
  return group.syscalls
    .filter((syscall) => syscallNumber(abi, syscall) !== undefined)
    .map((syscall) => ({ text: syscall, query: { syscall, abi } }));
}

/** The value of an argument: a number, a constant, or constants with `|` between them. */
function argumentValue(text: string, call: string, abi: AbiName): bigint {
  return text
    .split('|')
    .map((part) => partOf(part.trim(), call, abi))
    .reduce((value, part) => value | part);
}

function partOf(text: string, call: string, abi: AbiName): bigint {
  const [, sign, digits] = /^(-?)(0x[\da-f]+|\d+)$/i.exec(text) ?? [];
  if (digits !== undefined) return sign === '-' ? -BigInt(digits) : BigInt(digits);
  if (!/^[A-Za-z_]\w*$/.test(text)) throw invalidCall(call);
  const value = constantOn(abi, text);
  return BigInt(value ?? raise(`${shownName(call)}: ${abi} has no constant ${text}${suggest(text, constantNames())}`));
}

function invalidCall(call: string): SeccompError {
  const remedy = 'write the name of a syscall, and arguments as numbers or constants: "socket(AF_INET, 1, 0)"';
  return optionError(`${printableJson(call)} is not a call: ${remedy}`);
}

const optionError = (message: string) => new SeccompError('ERR_SECCOMP_OPTION', message);

function raise(message: string): never {
  throw optionError(message);
}
