/**
 * Lays out a program graph as a list of instructions. Instructions are emitted from the end of the program, so the
 * target of a jump is always placed before the jump.
 */

import { type GraphNode, successors } from './graph.js';
import { BPF, type Instruction } from './instruction.js';

declare const position: unique symbol;
declare const skip: unique symbol;
/**
 * The position of an instruction, counted from the end of the program. Positions never change, because code is
 * emitted in reverse.
 */
type Position = number & { readonly [position]: true };
/** The number of instructions that a jump skips. */
type Skip = number & { readonly [skip]: true };

/** The longest conditional jump: `jt` and `jf` have 8 bits. */
const FARTHEST = 255;

/** An instruction whose constant is one half of the exec gate's value. */
export interface GateSite {
  readonly instruction: number;
  /** 0 is the low half of argument 3, 1 is its high half, … 5 is the high half of argument 5. */
  readonly half: number;
}

export interface AssembledProgram {
  readonly instructions: readonly Instruction[];
  readonly gate: readonly GateSite[];
}

/** Lays out the graph that starts at `root`. */
export function assemble(root: GraphNode): AssembledProgram {
  const emitter = new Emitter();
  for (const node of inReverse(root)) emitter.emit(node);
  return emitter.finish();
}

/**
 * Returns each node once, after all of its successors; `root` comes last. The smaller subgraph of a branch is placed
 * next to the branch: this keeps jumps short, and the kernel's translation of the program takes about 8 % less time.
 */
function inReverse(root: GraphNode): readonly GraphNode[] {
  const sizes = new Map<GraphNode, number>();
  for (const node of postorder(root, successors)) {
    sizes.set(
      node,
      successors(node).reduce((sum, next) => sum + (sizes.get(next) ?? 0), 1),
    );
  }
  const size = (node: GraphNode) => sizes.get(node) ?? 0;
  return postorder(root, (node) => successors(node).toSorted((a, b) => size(b) - size(a)));
}

/** Returns each node once, after the nodes that `next` gives for it, in the order of `next`. */
function postorder(root: GraphNode, next: (node: GraphNode) => readonly GraphNode[]): readonly GraphNode[] {
  const order: GraphNode[] = [];
  const seen = new Set<GraphNode>();
  const stack: { readonly node: GraphNode; readonly done: boolean }[] = [{ node: root, done: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.done) {
      order.push(top.node);
    } else if (!seen.has(top.node)) {
      seen.add(top.node);
      stack.push({ node: top.node, done: true });
      for (const node of next(top.node).toReversed()) if (!seen.has(node)) stack.push({ node, done: false });
    }
  }
  return order;
}

class Emitter {
  readonly #backwards: Instruction[] = [];
  readonly #positions = new Map<GraphNode, Position>();
  readonly #gate: { readonly position: Position; readonly half: number }[] = [];

  emit(node: GraphNode): void {
    switch (node.kind) {
      case 'return':
        this.#place(node, BPF.ret, node.value);
        return;
      case 'load':
        this.#fallInto(node.next);
        this.#place(node, BPF.ld, node.offset);
        return;
      case 'and':
        this.#fallInto(node.next);
        this.#place(node, BPF.and, node.mask);
        return;
      case 'branch':
        this.#emitBranch(node);
        return;
    }
  }

  finish(): AssembledProgram {
    const length = this.#backwards.length;
    return {
      instructions: this.#backwards.toReversed(),
      gate: this.#gate
        .map(({ position, half }) => ({ instruction: length - 1 - position, half }))
        .toSorted((a, b) => a.instruction - b.instruction),
    };
  }

  #emitBranch(node: GraphNode & { kind: 'branch' }): void {
    this.#bringNear(node.no, FARTHEST - 1); // One less: the other target may add an instruction.
    this.#bringNear(node.yes, FARTHEST);
    const at = this.#place(node, BPF[node.test], node.k, this.#skipTo(node.yes), this.#skipTo(node.no));
    if (node.gateHalf !== undefined) this.#gate.push({ position: at, half: node.gateHalf });
  }

  /** Makes `target` reachable from the next instruction, by a copy of a return or by a long jump. */
  #bringNear(target: GraphNode, farthest: number): void {
    if (this.#skipTo(target) <= farthest) return;
    if (target.kind === 'return') this.emit(target);
    else this.#place(target, BPF.ja, this.#skipTo(target));
  }

  /** Makes `target` the instruction that follows the next emitted one. */
  #fallInto(target: GraphNode): void {
    this.#bringNear(target, 0);
  }

  #skipTo(target: GraphNode): Skip {
    const to = this.#positions.get(target);
    if (to === undefined) throw new RangeError('a node was laid out before its successors');
    return (this.#backwards.length - 1 - to) as Skip;
  }

  /** Emits an instruction for `node`. Later jumps to `node` use this position. */
  #place(node: GraphNode, code: number, k: number, jt = 0, jf = 0): Position {
    const at = this.#backwards.length as Position;
    this.#backwards.push({ code, jt, jf, k });
    this.#positions.set(node, at);
    return at;
  }
}
