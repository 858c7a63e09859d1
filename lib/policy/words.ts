/** The 32-bit words that a filter sees of a 64-bit register. */

/** The largest word. */
export const MAX_WORD = 0xffff_ffff;

/** The low 32 bits of a register. */
export function lowWord(register: bigint): number {
  return Number(BigInt.asUintN(32, register));
}

/** The high 32 bits of a register. */
export function highWord(register: bigint): number {
  return Number(BigInt.asUintN(32, register >> 32n));
}
