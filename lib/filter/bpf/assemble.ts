/** Gives the nodes of a program their places: emission runs from the end, so a jump's target always exists already. */

import { type GraphNode, successors } from './graph.js';
import { BPF, type Instruction } from './instruction.js';

declare const position: unique symbol;
declare const skip: unique symbol;
/** Where an instruction stands, counted from the end of the program: what exists never moves. */
type Position = number & { readonly [position]: true };
/** How many instructions a jump leaves out. */
type Skip = number & { readonly [skip]: true };

/** The farthest that a conditional jump reaches: its fields have 8 bits. */
const FARTHEST = 255;

/** An instruction whose constant is half of the exec gate's value. */
export interface GateSite {
  readonly instruction: number;
  /** 0 is the low half of argument 3, 1 its high half, … 5 the high half of argument 5. */
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
 * Every node once, each after all that it leads to; the root comes last. The smaller of a branch's two ways comes right
 * before the branch: so jumps are short, and the kernel's translation was measured to be faster.
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

/** Every node once, each after those that `next` says, which come in its order as far as they have not come yet. */
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
        this.#place(node, { code: BPF.ret, jt: 0, jf: 0, k: node.value });
        return;
      case 'load':
        this.#fallInto(node.next);
        this.#place(node, { code: BPF.ld, jt: 0, jf: 0, k: node.offset });
        return;
      case 'and':
        this.#fallInto(node.next);
        this.#place(node, { code: BPF.and, jt: 0, jf: 0, k: node.mask });
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
    this.#bringNear(node.no, FARTHEST - 1); // One less: bringing the other near may add an instruction.
    this.#bringNear(node.yes, FARTHEST);
    const at = this.#place(node, {
      code: BPF[node.test],
      jt: this.#skipTo(node.yes),
      jf: this.#skipTo(node.no),
      k: node.k,
    });
    if (node.gateHalf !== undefined) this.#gate.push({ position: at, half: node.gateHalf });
  }

  /** Makes sure that a jump from here reaches `target`: by a copy of a return, or by a long jump. */
  #bringNear(target: GraphNode, farthest: number): void {
    if (this.#skipTo(target) <= farthest) return;
    if (target.kind === 'return') this.emit(target);
    else this.#place(target, { code: BPF.ja, jt: 0, jf: 0, k: this.#skipTo(target) });
  }

  /** Makes sure that the instruction emitted next falls into `target`. */
  #fallInto(target: GraphNode): void {
    this.#bringNear(target, 0);
  }

  #skipTo(target: GraphNode): Skip {
    const to = this.#positions.get(target);
    if (to === undefined) throw new RangeError('a node is laid out before what it leads to');
    return (this.#backwards.length - 1 - to) as Skip;
  }

  /** Later jumps to `node` go to its newest place. */
  #place(node: GraphNode, instruction: Instruction): Position {
    const at = this.#backwards.length as Position;
    this.#backwards.push(instruction);
    this.#positions.set(node, at);
    return at;
  }
}
