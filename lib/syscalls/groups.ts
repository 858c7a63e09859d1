/** Groups of syscalls with one purpose. The name of a group begins with `@`. */
import { argumentError } from '../util/node-error.js';
import { GROUP_TEXT } from './group-definitions.js';

/** The name of a group, such as `@network`. */
export type GroupName = `@${keyof typeof GROUP_TEXT}`;

/** A group of syscalls with one purpose. */
export interface SyscallGroup {
  /** The name, with the `@`. */
  readonly name: string;
  /** What the syscalls are for, in one sentence. */
  readonly purpose: string;
  /** The names of its syscalls, including those of the groups in it, in alphabetical order. */
  readonly syscalls: readonly string[];
}

const texts: ReadonlyMap<string, readonly [purpose: string, members: string]> = new Map(
  Object.entries(GROUP_TEXT).map(([name, text]) => [`@${name}`, text]),
);

/** The names of all groups. */
export function groupNames(): readonly string[] {
  return [...texts.keys()];
}

/**
 * Returns a group of syscalls.
 *
 * @param name - The name, with the `@`. docs/reference/built-in-tables.md#groups-of-syscalls lists all groups.
 * @returns The group, or undefined if there is none of that name.
 * @example
 * import { syscallGroup } from 'seccomp';
 * console.log(syscallGroup('@keyring')?.syscalls);
 */
export function syscallGroup(name: string): SyscallGroup | undefined {
  if (typeof name !== 'string') throw argumentError('type', `name: must be the name of a group, not ${typeof name}`);
  const text = texts.get(name);
  return text && { name, purpose: text[0], syscalls: [...new Set(members(text[1]))].sort() };
}

/** The names in a definition, with the members of the groups in it. A test makes sure that no group contains itself. */
function members(text: string): readonly string[] {
  return text.split(/\s+/).flatMap((name) => (name.startsWith('@') ? members(texts.get(name)?.[1] ?? '') : [name]));
}
