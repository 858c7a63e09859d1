export function timeOf(path: string): number | undefined;
export function reasonForDist(): string | undefined;
export function changeSince(time: number, paths: readonly string[]): string | undefined;
