export function children(parent?: number | 'self'): readonly number[];
export function childrenSince(before: readonly number[]): readonly number[];
