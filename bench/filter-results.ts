/** What bench/filter.ts finds out, as bench/results/filter.json keeps it. */
import type { Kind } from './filter-profiles.js';
import type { Steps } from './filter-steps.js';
import type { Spread } from './measure.js';

export const FILTERS = ['ours', 'default', 'tree'] as const;
export type FilterName = (typeof FILTERS)[number];

export interface Measured {
  readonly instructions: number;
  readonly steps: Steps;
  /** Microseconds to put it on. */
  readonly attach: Spread;
  /** Nanoseconds that it adds to each call of the profile. */
  readonly calls: readonly Spread[];
  /** Instructions that it runs in each of them; an always-allowed call runs none once the filter is on. */
  readonly callSteps: readonly number[];
  /** Milliseconds from a profile that is read to a program, ours proven; in a process that has done it before. */
  readonly compile: Spread;
  /** The same, the first time in a process. */
  readonly fresh?: Spread;
  /** Both without the program that comes with the package, where one does. */
  readonly scratch?: { readonly compile: Spread; readonly fresh: Spread };
}

export interface ProfileResults {
  readonly name: string;
  readonly isShown: boolean;
  readonly abis: readonly string[];
  readonly calls: readonly { readonly kind: Kind; readonly call: string }[];
  readonly filters: Readonly<Record<FilterName, Measured>>;
}

export interface Results {
  readonly machine: string;
  readonly rounds: number;
  /** How many rounds those profiles had that are not shown. */
  readonly otherRounds: number;
  readonly profiles: readonly ProfileResults[];
}

/** One number to compare three filters by: the smaller, the better. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** An exact number is a spread without width; undefined where the profile has no such call. */
  readonly of: (profile: ProfileResults, filter: FilterName) => Spread | undefined;
}

export const MEASURES: readonly Measure[] = [
  { name: 'instructions', unit: '', of: ({ filters }, filter) => sharp(filters[filter].instructions) },
  { name: 'attach', unit: 'µs', of: ({ filters }, filter) => filters[filter].attach },
  call('allowed', 'allowed call'),
  call('checked', 'argument-checked call'),
  call('late', 'late allowed call'),
  call('denied', 'denied call'),
  { name: 'compile', unit: 'ms', of: ({ filters }, filter) => filters[filter].compile },
];

/** The first call of a kind. */
function call(kind: Kind, name: string): Measure {
  const of: Measure['of'] = ({ calls, filters }, filter) =>
    filters[filter].calls[calls.findIndex((each) => each.kind === kind)];
  return { name, unit: 'ns', of };
}

/** An exact number, as a spread. */
export function sharp(value: number): Spread {
  return { median: value, low: value, high: value };
}
