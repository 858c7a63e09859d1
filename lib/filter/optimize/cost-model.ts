/** What a part of a program costs: how many instructions it has, and how many of them a call takes. */
import type { GraphNode } from '../bpf/graph.js';

/**
 * What a step of the mean path costs, in instructions. The kernel takes 100 ns for an instruction, once; a call takes
 * 0.5 ns for a step. So this is a process that makes fifty calls of which the arguments are checked.
 */
export const STEP = 0.25;

const costs = new WeakMap<GraphNode, number>();

/** Instructions that `root` leads to, equal ones once, and the steps of its mean path, each path being as likely as another. */
export function costOf(root: GraphNode): number {
  const known = costs.get(root);
  if (known !== undefined) return known;
  const nodes = reachable(root);
  for (const node of nodes) if (!measures.has(node)) measures.set(node, measure(node));
  const { paths, steps } = measureOf(root);
  const cost = sizeOf(nodes) + (STEP * steps) / paths;
  costs.set(root, cost);
  return cost;
}

/** The nodes without the returns, which all parts of a program share. */
function sizeOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((size, { kind }) => (kind === 'return' ? size : size + 1), 0);
}

/** Paths from a node to a return, and the steps of all of them together. */
interface Measure {
  readonly paths: number;
  readonly steps: number;
}

const END: Measure = { paths: 1, steps: 0 };

const measures = new WeakMap<GraphNode, Measure>();

function measureOf(node: GraphNode): Measure {
  return measures.get(node) ?? END;
}

/** A node's measure, when those of the nodes that it leads to are known. */
function measure(node: GraphNode): Measure {
  if (node.kind === 'return') return END;
  if (node.kind !== 'branch') {
    const { paths, steps } = measureOf(node.next);
    return { paths, steps: steps + paths };
  }
  const yes = measureOf(node.yes);
  const no = measureOf(node.no);
  const paths = yes.paths + no.paths;
  return { paths, steps: yes.steps + no.steps + paths };
}

/** Every node once; what a node leads to was made before it, and comes before it. */
function reachable(root: GraphNode): readonly GraphNode[] {
  const seen = new Set([root]);
  for (const node of seen) {
    if (node.kind === 'branch') seen.add(node.yes).add(node.no);
    else if (node.kind !== 'return') seen.add(node.next);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
