/** The chart of bench/filter.ts: for each measure and profile, the ratio of the other filters' medians to ours. */
import { drawChart, type Point } from './chart-svg.js';
import { FILTERS, type FilterName, MEASURES, type Results } from './filter-results.js';

const NAMES: Readonly<Record<FilterName, string>> = {
  ours: 'this package',
  default: 'libseccomp, default',
  tree: 'libseccomp, CTL_OPTIMIZE=2',
};

/** Returns the chart as SVG. Its dots are medians, its lines reach from the lower to the upper quartile. */
export function chart({ profiles: all, machine }: Results): string {
  const profiles = all.filter(({ isShown }) => isShown);
  return drawChart({
    title: `Filters of ${profiles.length} profiles, on ${machine}`,
    subtitle:
      'Times the median of this package, on a logarithmic scale; less is better. Dots are medians, lines quartiles.',
    measures: MEASURES.map(({ name }) => name),
    profiles: profiles.map(({ name }) => short(name)),
    filters: FILTERS.map((filter) => NAMES[filter]),
    points: profiles.flatMap(pointsOf),
  });
}

function pointsOf(profile: Results['profiles'][number]): readonly Point[] {
  return MEASURES.flatMap(({ name: measure, of }) => {
    const ours = of(profile, 'ours')?.median ?? 0;
    return FILTERS.flatMap((filter) => {
      const value = of(profile, filter);
      if (ours <= 0 || value === undefined || value.median <= 0) return [];
      // Noise can make a time negative, and a logarithmic scale needs more than 0.
      const ratio = (time: number) => Math.max(time / ours, 0.01);
      const { median, low, high } = value;
      return {
        measure,
        profile: short(profile.name),
        filter: NAMES[filter],
        x: ratio(median),
        low: ratio(low),
        high: ratio(high),
      };
    });
  });
}

/** Shortens a name. A file of the corpus is named OWNER__REPOSITORY__…, of which the first two parts suffice. */
function short(name: string): string {
  const label = name.split('__').slice(0, 2).join('/');
  return label.length <= 34 ? label : `${label.slice(0, 33)}…`;
}
