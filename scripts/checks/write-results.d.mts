export interface TestResults {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly test: string; readonly message: string }[];
}

export function writeResults(results: TestResults): void;
