/** Groups: syscalls that serve one purpose, under one name that begins with `@`. */
import { GROUP_TEXT } from './group-definitions.js';

/** The name of a group: `@network`. */
export type GroupName = `@${keyof typeof GROUP_TEXT}`;

/** Syscalls with one purpose. */
export interface SyscallGroup {
  readonly name: string;
  /** One sentence: what they are for. */
  readonly purpose: string;
  /** The names of its syscalls, those of the groups in it too, in alphabetical order. */
  readonly syscalls: readonly string[];
}

const texts: ReadonlyMap<string, readonly [purpose: string, members: string]> = new Map(
  Object.entries(GROUP_TEXT).map(([name, text]) => [`@${name}`, text]),
);

/** The names of all groups. */
export function groupNames(): readonly string[] {
  return [...texts.keys()];
}

/** A group by its name, with the `@`; undefined for an unknown one. */
export function syscallGroup(name: string): SyscallGroup | undefined {
  const text = texts.get(name);
  return text && { name, purpose: text[0], syscalls: [...new Set(members(text[1]))].sort() };
}

/** The names in a text; a group in it counts for its own. Groups don't go in circles: a test expands them all. */
function members(text: string): readonly string[] {
  return text.split(/\s+/).flatMap((name) => (name.startsWith('@') ? members(texts.get(name)?.[1] ?? '') : [name]));
}
