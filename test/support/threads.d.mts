export function threadsNamed(name: string): number;
