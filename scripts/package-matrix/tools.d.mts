/** A tool: its packages, as `name@version`, and the version that is printed. */
export interface Tool {
  readonly packages: readonly string[];
  readonly version: string;
}

export const CPUS: readonly string[];
export function toolsFor(cpu: string): Readonly<Record<string, Tool>>;
export function lockNameOf(tool: Tool): string;
export function manifestOf(tool: Tool): { readonly dependencies: Readonly<Record<string, string>> };
export function isCached(name: string): boolean;
export function commandOf(name: string, command?: string): string;
