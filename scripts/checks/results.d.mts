import type { Check } from './table.d.mts';

export function isExpired(check: Pick<Check, 'days'>, date: string, now?: number): boolean;
export function isValid(check: Check): boolean;
export function testsToRepeat(check: Check): readonly string[] | undefined;
export function commitOfCheckout(): string | undefined;
export function keepResult(
  check: Check,
  commit: string | undefined,
  result: {
    readonly passed: number;
    readonly skipped: number;
    readonly failures: readonly string[];
    readonly minutes: number;
    readonly cpu: number;
  },
  repeated?: readonly string[],
): void;
