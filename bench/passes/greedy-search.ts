/** No greedy search: the conditions of a syscall's decisions are tested in order. */
export function searchGreedily(): undefined {}
