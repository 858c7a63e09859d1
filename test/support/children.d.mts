export function children(): readonly number[];
