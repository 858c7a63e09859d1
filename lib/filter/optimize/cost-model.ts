/**
 * The cost model of all passes. A filter costs time once, when it is attached, and then in each call that runs it.
 * The model adds both up, in nanoseconds, for a process that makes about a hundred calls whose arguments are checked.
 */
import type { GraphNode } from '../bpf/graph.js';

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

/** The cost of one step of the mean path of an argument check, in instructions. */
export const STEP = (CHECKED_WEIGHT * NANOSECONDS.jeq) / NANOSECONDS.instruction;

const costs = new WeakMap<GraphNode, number>();

/**
 * The cost of the graph below `root`, in instructions: its distinct nodes, plus STEP for each step of its mean path.
 * All paths are equally likely. Returns are free, because all parts of a program share them.
 */
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

function sizeOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((size, { kind }) => (kind === 'return' ? size : size + 1), 0);
}

/** The number of paths from a node to a return, and the total number of their steps. */
interface Measure {
  readonly paths: number;
  readonly steps: number;
}

const END: Measure = { paths: 1, steps: 0 };

const measures = new WeakMap<GraphNode, Measure>();

function measureOf(node: GraphNode): Measure {
  return measures.get(node) ?? END;
}

/** Measures a node whose successors have been measured. */
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

/** All nodes, each after its successors: a successor is made first, so its id is lower. */
function reachable(root: GraphNode): readonly GraphNode[] {
  const seen = new Set([root]);
  for (const node of seen) {
    if (node.kind === 'branch') seen.add(node.yes).add(node.no);
    else if (node.kind !== 'return') seen.add(node.next);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
