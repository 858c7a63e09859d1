/** The number tree without its pass: splits ranges in the middle, whatever the weight of their numbers. */
import type { GraphBuilder, GraphNode } from '../../lib/filter/bpf/graph.js';
import type { EmulatedNumbers, OutcomeRange } from '../../lib/filter/optimize/number-tree.js';

export { NONE_EMULATED } from '../../lib/filter/optimize/number-tree.js';

export class NumberTree {
  readonly #ranges: readonly OutcomeRange[];
  readonly #builder: GraphBuilder;

  constructor(ranges: readonly OutcomeRange[], _emulated: EmulatedNumbers, builder: GraphBuilder) {
    this.#ranges = ranges;
    this.#builder = builder;
  }

  build(ranges = this.#ranges): GraphNode {
    const right = ranges.slice(ranges.length >>> 1);
    const [first] = right;
    if (first === undefined) throw new RangeError('a tree has at least one range');
    if (ranges.length === 1) return first.outcome;
    return this.#builder.branch('jge', first.start, this.build(right), this.build(ranges.slice(0, -right.length)));
  }
}
