/**
 * Programs as graphs of immutable nodes, before their instructions have positions. Equal nodes are shared (hash
 * consing).
 */

/** The test of a branch, on the accumulator and `k`: equal, greater or equal, greater (unsigned), or any common bit. */
export type JumpTest = 'jeq' | 'jge' | 'jgt' | 'jset';

export type GraphNode =
  | { readonly kind: 'return'; readonly id: number; readonly value: number }
  /** Loads the word at `offset` of `struct seccomp_data`. */
  | { readonly kind: 'load'; readonly id: number; readonly offset: number; readonly next: GraphNode }
  /** ANDs the accumulator with `mask`. */
  | { readonly kind: 'and'; readonly id: number; readonly mask: number; readonly next: GraphNode }
  | {
      readonly kind: 'branch';
      readonly id: number;
      readonly test: JumpTest;
      readonly k: number;
      readonly yes: GraphNode;
      readonly no: GraphNode;
      /** Which half of the exec gate's value `k` receives: 0 to 5. */
      readonly gateHalf: number | undefined;
    };

/** Makes nodes. Returns the same node for the same content. */
export class GraphBuilder {
  readonly #nodes = new Map<string, GraphNode>();

  return(value: number): GraphNode {
    return this.#share(`ret ${value}`, (id) => ({ kind: 'return', id, value: value >>> 0 }));
  }

  load(offset: number, next: GraphNode): GraphNode {
    return this.#share(`ld ${offset} ${next.id}`, (id) => ({ kind: 'load', id, offset, next }));
  }

  and(mask: number, next: GraphNode): GraphNode {
    return this.#share(`and ${mask} ${next.id}`, (id) => ({ kind: 'and', id, mask: mask >>> 0, next }));
  }

  /** Makes a branch; returns the successor if both successors are the same node. */
  branch(test: JumpTest, k: number, yes: GraphNode, no: GraphNode, gateHalf?: number): GraphNode {
    if (yes === no && gateHalf === undefined) return yes;
    return this.#share(`${test} ${k} ${yes.id} ${no.id} ${gateHalf ?? ''}`, (id) => ({
      kind: 'branch',
      id,
      test,
      k: k >>> 0,
      yes,
      no,
      gateHalf,
    }));
  }

  #share(key: string, make: (id: number) => GraphNode): GraphNode {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = make(this.#nodes.size);
    this.#nodes.set(key, node);
    return node;
  }
}

/** The nodes that can run after `node`. */
export function successors(node: GraphNode): readonly GraphNode[] {
  switch (node.kind) {
    case 'return':
      return [];
    case 'branch':
      return [node.yes, node.no];
    default:
      return [node.next];
  }
}

/** `root`, and all nodes that can run after it. */
export function nodesFrom(root: GraphNode): ReadonlySet<GraphNode> {
  const nodes = new Set([root]);
  for (const node of nodes) for (const next of successors(node)) nodes.add(next);
  return nodes;
}
