/** Reads and checks the parameters of the builder's methods. */

import { ABIS, type AbiName } from '../../syscalls/abi.js';
import { CAPABILITIES, type Capability } from '../../syscalls/capabilities.js';
import { groupNames, syscallGroup } from '../../syscalls/groups.js';
import { suggestSyscall } from '../../syscalls/suggest-syscall.js';
import { syscallNames } from '../../syscalls/table.js';
import { quoted } from '../../util/foreign-text.js';
import { copyFields, copyList, type Fields, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import type { Conditions } from '../document/types.js';
import { fail, received } from '../fail.js';
import { dockerArches } from './clause.js';

/** Conditions on the host, as `when` and `unless` take them. */
export interface HostConditions {
  /** Capabilities, `CAP_…`, that the process holds. */
  readonly capability?: Capability | readonly Capability[];
  /** ABIs; one of them must be the native ABI. */
  readonly arch?: AbiName | readonly AbiName[];
  /** The lowest kernel version, such as `5.8`. */
  readonly minKernel?: `${number}.${number}`;
}

/** The limit on the length of a list. There are fewer capabilities and fewer ABIs. */
const MOST_NAMES = 64;

/** Two names of one syscall on arm. A clause with one of them applies to both. */
const ALIASES: readonly string[] = ['sync_file_range2', 'arm_sync_file_range'];

/**
 * The syscalls of a name: the syscall itself, or those of a group.
 *
 * @param method - The builder's method that got the name as its argument `position`, counted from 1.
 */
export function readNames(name: unknown, method: string, position: number): readonly string[] {
  if (typeof name !== 'string') {
    const problem = `argument ${position} must be the name of a syscall or group, or an argument test`;
    return fail(`${method}(): ${problem}${remedyFor(name, method)}. Received ${received(name)}`, 'type');
  }
  const group = syscallGroup(name);
  if (group !== undefined) return group.syscalls;
  if (ALIASES.includes(name)) return ALIASES;
  if (syscallNames().has(name)) return [name];
  if (name.startsWith('@')) fail(`unknown group ${received(name)}${suggest(name, groupNames())}`, 'value');
  return fail(`unknown syscall ${received(name)}${suggestSyscall(name, [...syscallNames()])}`, 'value');
}

function remedyFor(subject: unknown, method: string): string {
  if (Array.isArray(subject)) return `; for an array of names, write ${method}(...names)`;
  if (typeof subject !== 'object' || subject === null) return '';
  return method === 'deny' ? '; options must be the last argument' : `; ${method}() takes no options`;
}

/** Converts the conditions of `when` or `unless` to those of a rule. */
export function readConditions(given: HostConditions): Conditions {
  const facts: HostConditions = knownFields(given, ['capability', 'arch', 'minKernel'], 'when() and unless()');
  const caps = names(facts.capability, 'capability');
  const abis = names(facts.arch, 'arch');
  const { minKernel } = facts;
  abis.forEach(requireAbi);
  for (const name of caps) {
    if (!CAPABILITIES.includes(name))
      fail(`unknown capability ${received(name)}${suggest(name, CAPABILITIES)}`, 'value');
  }
  if (minKernel !== undefined && !(typeof minKernel === 'string' && /^\d{1,3}\.\d{1,3}$/.test(minKernel))) {
    fail(
      `minKernel: ${received(minKernel)} is not a kernel version such as '5.8'`,
      typeof minKernel === 'string' ? 'value' : 'type',
    );
  }
  if (caps.length === 0 && abis.length === 0 && minKernel === undefined)
    fail('when() and unless(): give a capability, an arch or a minKernel', 'value');
  return {
    caps: caps.length > 0 ? caps : undefined,
    arches: abis.length > 0 ? dockerArches(abis) : undefined,
    minKernel,
  };
}

/** One name or a list of names, as a new list. */
function names<Name extends string>(given: Name | readonly Name[] | undefined, what: string): readonly Name[] {
  if (given === undefined) return [];
  if (typeof given === 'string') return [given];
  const refuse: Refuse = (path, problem, kind = 'value') => fail(`${[what, ...path].join('.')}: ${problem}`, kind);
  if (typeof given !== 'object' || given === null) return fail(`${what}: must be a name or an array of names`, 'type');
  const listed: readonly unknown[] = copyList(given, MOST_NAMES, refuse);
  return listed.map((name, i) => (typeof name === 'string' ? (name as Name) : refuse([i], 'must be a name', 'type')));
}

/** @throws {TypeError} if there is no such ABI. */
export function requireAbi(name: AbiName): void {
  if (!ABIS.has(name)) fail(`unknown ABI ${received(name)}${suggest(name, [...ABIS.keys()])}`, 'value');
}

/** Copies an options object. Refuses unknown options. */
export function knownFields(options: unknown, known: readonly string[], what: string): Fields {
  if (typeof options !== 'object' || options === null)
    return fail(`${what}: must be an object, not ${received(options)}`, 'type');
  const fields = copyFields(options, (path, problem, kind = 'value') =>
    fail(`${[what, ...path].join('.')}: ${problem}`, kind),
  );
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) fail(`${what}: unknown option ${quoted(key)}${suggest(key, known)}`);
  }
  return fields;
}
