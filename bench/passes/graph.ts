/** The graph without hash consing: only returns are shared. */
import { type GraphNode, type JumpTest, GraphBuilder as Sharing } from '../../lib/filter/bpf/graph.js';

export { nodesFrom, successors } from '../../lib/filter/bpf/graph.js';

export class GraphBuilder extends Sharing {
  #made = 1000;

  override load(offset: number, next: GraphNode): GraphNode {
    return { kind: 'load', id: this.#made++, offset, next };
  }

  override and(mask: number, next: GraphNode): GraphNode {
    return { kind: 'and', id: this.#made++, mask: mask >>> 0, next };
  }

  override branch(test: JumpTest, k: number, yes: GraphNode, no: GraphNode, gateHalf?: number): GraphNode {
    if (yes === no && gateHalf === undefined) return yes;
    return { kind: 'branch', id: this.#made++, test, k: k >>> 0, yes, no, gateHalf };
  }
}
