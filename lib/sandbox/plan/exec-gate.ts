/**
 * The syscalls of a start that are made under the filter: the exec gate lets the start make them, even if the profile
 * denies them.
 */

/** To wait for a guardian, to execute the program, and to exit if either fails. */
export const START_GATES = {
  /** In a child. */
  child: ['read', 'execve', 'exit_group'],
  /** In a thread of this process, which becomes the program. */
  execve: ['read', 'execve', 'exit'],
} as const;

/** The same for a filter with a listener, which the start sends to this process or to an agent by sendmsg(2). */
export function withListener(gate: readonly string[]): readonly string[] {
  return [...gate, 'sendmsg'];
}
