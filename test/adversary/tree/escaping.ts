/** Ends trees whose processes try to leave them. */
import { type Attacker, attack } from './attackers.js';

/** The ways to end a tree, of escapes.mjs. */
export const ENDS = ['killTree', 'killTree, SIGTERM', 'the end of the child', 'kill', 'abort', 'dispose'];

/** A tree that is left in one way and ended in another. */
export interface Case {
  readonly name: string;
  readonly end: string;
}

/** What was left by a tree after `treeEnded`. */
interface Left {
  /** The errno by which the user or the kernel denied the escape itself. */
  readonly cannot: string | null;
  /** Why `treeEnded` was rejected. */
  readonly rejected: string | null;
  /** Whether a process of the tree had not ended. */
  readonly held: boolean;
  /** How many children the starting process had, zombies included. */
  readonly children: number;
  readonly tree: unknown;
}

/** The escapes that need a capability, a user namespace, or a program. */
export const RARE = /namespace|unshare|another user|set-user-ID/;

/**
 * Ends these trees one after another.
 *
 * @returns What is left of each, and what is right, by the way in which it was left.
 */
export function endTrees(attacker: Attacker, cases: readonly Case[], hungMs?: number) {
  const results = attack<readonly Left[]>('escapes.mjs', attacker, { cases }, 'beside', hungMs) ?? [];
  const right = { cannot: null, rejected: null, held: false, children: 0, tree: { by: 'guardian' } };
  return (name: string) => {
    const ofName = cases.flatMap((each, i) => (each.name === name ? [{ end: each.end, left: results[i] }] : []));
    return {
      found: ofName,
      right: ofName.map(({ end, left }) => ({
        end,
        left: RARE.test(name) ? { ...right, cannot: left?.cannot } : right,
      })),
    };
  };
}
