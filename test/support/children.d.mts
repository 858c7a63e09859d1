export function children(parent?: number | 'self'): readonly number[];
