import type { Steps } from '../filter-steps.js';

/** What a filter costs. */
export interface Costs extends Steps {
  readonly instructions: number;
  /** Milliseconds to compile it, without the proof. */
  readonly compile: number;
}
