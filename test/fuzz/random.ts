/** Pseudo-random choices: the same seed gives the same ones. */

export interface Random {
  /** An integer from 0 to `limit` − 1; 0 if `limit` is 0. */
  below(limit: number): number;
  /** One of the choices, or `otherwise` if there are none. */
  of<Choice>(choices: readonly Choice[], otherwise: Choice): Choice;
}

/** mulberry32, which has 32 bits of state. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  };
  const below = (limit: number) => (limit === 0 ? 0 : next() % limit);
  return { below, of: (choices, otherwise) => choices[below(choices.length)] ?? otherwise };
}

/** A few characters of any kind, including lone surrogates: of one, two, three or four bytes alike often. */
export function stringOf(random: Random): string {
  const character = () => String.fromCodePoint(random.below(random.of([0x80, 0x800, 0x1_0000, 0x11_0000], 0x80)));
  return Array.from({ length: random.below(7) }, character).join('');
}
