export function until(condition: () => boolean): Promise<void>;
