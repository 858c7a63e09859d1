/** The results of bench/filter.ts, as bench/results/filter.json stores them. */
import type { Kind } from './filter-profiles.js';
import type { Steps } from './filter-steps.js';
import type { Spread } from './measure.js';

export const FILTERS = ['ours', 'default', 'tree'] as const;
export type FilterName = (typeof FILTERS)[number];

export interface Measured {
  readonly instructions: number;
  readonly steps: Steps;
  /** Microseconds to attach the filter. */
  readonly attach: Spread;
  /** Nanoseconds that the filter adds to each of the profile's calls. */
  readonly calls: readonly Spread[];
  /** Instructions that the filter runs for each of them. The kernel runs none for a call that is always allowed. */
  readonly callSteps: readonly number[];
  /** Milliseconds from the parsed profile to the program (ours proven), in a process that has done this before. */
  readonly compile: Spread;
  /** The same, for the first time in a process. */
  readonly fresh?: Spread;
  /** Both times without the precompiled program, for a profile that has one. */
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
  /** The number of rounds of the profiles without a row of their own. */
  readonly otherRounds: number;
  readonly profiles: readonly ProfileResults[];
}

/** A number by which the three filters are compared. Less is better. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** An exact number is a spread without width; undefined if the profile has no such call. */
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
