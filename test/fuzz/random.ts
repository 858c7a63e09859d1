/** Pseudo-random choices: the same seed gives the same ones. */
import fc from 'fast-check';

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

/** A few characters of any kind, including lone surrogates. */
export function stringOf(random: Random): string {
  const [text = ''] = fc.sample(fc.string({ unit: 'binary', maxLength: 6 }), {
    seed: random.below(2 ** 31),
    numRuns: 1,
  });
  return text;
}
