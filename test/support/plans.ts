/** The filters that functions of this package attach, without attaching them. */
import { type Filter, filterOf } from '../../lib/filter/filter.js';
import type { ProgramOptions, SupervisorOptions } from '../../lib/sandbox/options/types.js';
import { planFilters, type Target } from '../../lib/sandbox/plan/plan-filters.js';
import { type FilterSource, resolveSources } from '../../lib/sandbox/plan/resolve-sources.js';

export function plannedFilters(
  profile: FilterSource,
  options: ProgramOptions & SupervisorOptions = {},
  target: Target = 'child',
): readonly Filter[] {
  return planFilters(resolveSources(profile, options), options, target).filters.map(filterOf);
}
