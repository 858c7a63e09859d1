/**
 * The cost model of all passes. A filter costs time once, when it is attached, and then in each call that runs it.
 * The model adds both up, in nanoseconds, for a process that makes about a hundred calls whose arguments are checked.
 */

/**
 * The costs of an instruction and of a step, in nanoseconds, as measured on the machine that bench/README.md
 * names.
 */
export const NANOSECONDS = {
  /** An instruction of the program: the kernel copies, checks and translates it when the filter is attached. */
  instruction: 138,
  /** The extra cost of a branch if neither target is the next instruction: the kernel translates it to two jumps. */
  detour: 55,
  /** One step in the kernel's emulation of one syscall number, by the kind of branch. */
  jeq: 2.1,
  jset: 2.3,
  jge: 2.5,
} as const;

/**
 * The weight of a syscall whose arguments are checked. The kernel emulates such a number once, at about 2 ns a step,
 * and runs the filter in each of its calls, at about 0.4 ns a step: 16 emulations are worth a hundred calls.
 */
export const CHECKED_WEIGHT = 16;

/** The weight of a syscall that is denied: one emulation, and a call or two. */
export const DENIED_WEIGHT = 1.25;

/** The weight of the numbers that the kernel does not emulate. */
export const LEAST_WEIGHT = 0.01;
