/** The results of bench/filter.ts as an SVG chart: for each measure and profile, how many times ours the others take. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FILTERS, type FilterName, MEASURES, type Results } from './filter-results.js';

const NAMES: Readonly<Record<FilterName, string>> = {
  ours: 'this package',
  default: 'libseccomp, default',
  tree: 'libseccomp, CTL_OPTIMIZE=2',
};

/** Medians, with quartiles. draw-chart.mjs draws them: the library's types want a browser's. */
export function chart({ profiles: all, machine }: Results): string {
  const profiles = all.filter(({ isShown }) => isShown);
  const points = MEASURES.flatMap(({ name: measure, of }) =>
    profiles.flatMap((profile) => {
      const ours = of(profile, 'ours')?.median ?? 0;
      return FILTERS.flatMap((filter) => {
        const value = of(profile, filter);
        if (ours <= 0 || value === undefined || value.median <= 0) return [];
        // Noise can be negative, and has no place on a logarithmic scale then.
        const [x, low, high] = [value.median, value.low, value.high].map((each) => Math.max(each / ours, 0.01));
        return [{ measure, profile: short(profile.name), filter: NAMES[filter], x, low, high }];
      });
    }),
  );
  const input = JSON.stringify({
    title: `Filters of ${profiles.length} profiles, on ${machine}`,
    measures: MEASURES.map(({ name }) => name),
    profiles: profiles.map(({ name }) => short(name)),
    filters: FILTERS.map((filter) => NAMES[filter]),
    points,
  });
  const drawing = fileURLToPath(new URL('draw-chart.mjs', import.meta.url));
  return execFileSync(process.execPath, [drawing], { input, encoding: 'utf8' });
}

/** The corpus names its files OWNER__REPOSITORY__…: the first two are enough here. */
function short(name: string): string {
  const label = name.split('__').slice(0, 2).join('/');
  return label.length <= 34 ? label : `${label.slice(0, 33)}…`;
}
