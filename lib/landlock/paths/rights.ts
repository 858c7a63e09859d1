/** The file access rights of Landlock, and which of them each option of `paths` grants. Source: linux/landlock.h. */

/** LANDLOCK_ACCESS_FS_*, each with the Landlock ABI that introduced it. */
export const RIGHTS = {
  EXECUTE: { bit: 1 << 0, abi: 1 },
  WRITE_FILE: { bit: 1 << 1, abi: 1 },
  READ_FILE: { bit: 1 << 2, abi: 1 },
  READ_DIR: { bit: 1 << 3, abi: 1 },
  REMOVE_DIR: { bit: 1 << 4, abi: 1 },
  REMOVE_FILE: { bit: 1 << 5, abi: 1 },
  MAKE_CHAR: { bit: 1 << 6, abi: 1 },
  MAKE_DIR: { bit: 1 << 7, abi: 1 },
  MAKE_REG: { bit: 1 << 8, abi: 1 },
  MAKE_SOCK: { bit: 1 << 9, abi: 1 },
  MAKE_FIFO: { bit: 1 << 10, abi: 1 },
  MAKE_BLOCK: { bit: 1 << 11, abi: 1 },
  MAKE_SYM: { bit: 1 << 12, abi: 1 },
  /** Renaming and linking between directories. */
  REFER: { bit: 1 << 13, abi: 2 },
  TRUNCATE: { bit: 1 << 14, abi: 3 },
  /** ioctl(2) on devices, except for the few that concern the descriptor alone. */
  IOCTL_DEV: { bit: 1 << 15, abi: 5 },
  /** Connecting to Unix sockets by path. A domain may always connect to those that it has bound itself. */
  RESOLVE_UNIX: { bit: 1 << 16, abi: 9 },
} as const;

/** The name of a right. */
export type Right = keyof typeof RIGHTS;

/** Returns the bits of rights. */
export function bitsOf(...names: readonly Right[]): number {
  return names.reduce((bits, name) => bits | RIGHTS[name].bit, 0);
}

/** Returns the names of the rights in a set of bits, in the order of linux/landlock.h. */
export function rightsIn(bits: number): readonly Right[] {
  return (Object.keys(RIGHTS) as Right[]).filter((name) => (bits & RIGHTS[name].bit) !== 0);
}

/** All rights. A ruleset of `paths` handles those that the kernel knows: what it does not grant is denied. */
export const ALL_RIGHTS = bitsOf(...(Object.keys(RIGHTS) as Right[]));

/** The rights that a rule for a file can have. The kernel refuses the others unless the rule is for a directory. */
export const RIGHTS_OF_FILES = bitsOf('EXECUTE', 'WRITE_FILE', 'READ_FILE', 'TRUNCATE', 'IOCTL_DEV', 'RESOLVE_UNIX');

/** How a path is granted. */
export type Access = 'read' | 'write' | 'execute';

/**
 * What each way to grant a path gives beneath it. No path is granted the making of devices, by which root could reach
 * disks, nor connections to sockets of other processes.
 */
export const GRANTS: Readonly<Record<Access, number>> = {
  read: bitsOf('READ_FILE', 'READ_DIR'),
  write: bitsOf(
    'READ_FILE',
    'READ_DIR',
    'WRITE_FILE',
    'REMOVE_DIR',
    'REMOVE_FILE',
    'MAKE_DIR',
    'MAKE_REG',
    'MAKE_SOCK',
    'MAKE_FIFO',
    'MAKE_SYM',
    'REFER',
    'TRUNCATE',
    'IOCTL_DEV',
  ),
  execute: bitsOf('READ_FILE', 'EXECUTE'),
};

/** The lists of `paths` that give rights together, the fewest and narrowest; undefined if all together do not. */
export function accessesFor(rights: number): readonly Access[] | undefined {
  return CHOICES.find((lists) => (rights & ~lists.reduce((all, list) => all | GRANTS[list], 0)) === 0);
}

const CHOICES: readonly (readonly Access[])[] = [
  ['read'],
  ['execute'],
  ['write'],
  ['read', 'execute'],
  ['write', 'execute'],
];
