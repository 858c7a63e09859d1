/** Reports which syscalls take the most instructions, for the error about a filter that is too long. */
import type { AbiName } from '../../syscalls/abi.js';
import { syscallName } from '../../syscalls/table.js';
import { type GraphNode, nodesFrom } from '../bpf/graph.js';

/** A syscall, and the node that decides its calls. */
export interface SyscallPart {
  readonly abi: AbiName;
  readonly number: number;
  readonly outcome: GraphNode;
}

/** The number of syscalls that are named. */
const NAMED = 3;

/**
 * Returns `lseek on x86_64 (6000 instructions), …`: the syscalls with the most nodes that no other syscall uses.
 * Returns an empty string if there are no such nodes.
 */
export function largestSyscalls(parts: readonly SyscallPart[]): string {
  const weights = new Map<GraphNode, number>();
  for (const outcome of owners(new Set(parts.map((part) => part.outcome))).values()) {
    if (outcome !== undefined) weights.set(outcome, (weights.get(outcome) ?? 0) + 1);
  }
  return [...weights]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, NAMED)
    .map(([outcome, weight]) => `${namesOf(parts.filter((part) => part.outcome === outcome))} (${weight} instructions)`)
    .join(', ');
}

/** For each node that is not a return, the only outcome that leads to it, or undefined if there are several. */
function owners(outcomes: ReadonlySet<GraphNode>): ReadonlyMap<GraphNode, GraphNode | undefined> {
  const owner = new Map<GraphNode, GraphNode | undefined>();
  for (const outcome of outcomes) {
    for (const node of nodesFrom(outcome))
      if (node.kind !== 'return') owner.set(node, owner.has(node) ? undefined : outcome);
  }
  return owner;
}

/** Names syscalls that are decided alike. */
function namesOf(parts: readonly SyscallPart[]): string {
  const names = new Map<string, AbiName[]>();
  for (const { abi, number } of parts) {
    const name = syscallName(abi, number) ?? `syscall ${number}`;
    names.set(name, [...(names.get(name) ?? []), abi]);
  }
  const [first, ...others] = [...names].map(([name, abis]) => `${name} on ${abis.join(' and ')}`);
  return others.length === 0 ? (first ?? '') : `${first} and ${others.length} more with the same rules`;
}
