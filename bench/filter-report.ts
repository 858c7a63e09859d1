/** Formats the results of bench/filter.ts for a terminal and for bench/README.md. */
import { FILTERS, type FilterName, MEASURES, type ProfileResults, type Results, sharp } from './filter-results.js';
import { digits, markdownTable, type Spread, show, table } from './measure.js';

const TITLES: Readonly<Record<FilterName, string>> = {
  ours: 'this package',
  default: 'libseccomp, default',
  tree: 'libseccomp, `CTL_OPTIMIZE=2`',
};

/** The complete results, for a terminal. */
export function text(results: Results): string {
  const head = ['profile', 'filter', ...MEASURES.map(title), 'first compile, ms', 'steps: attach', 'checked', 'denied'];
  const rows = shown(results).flatMap((profile) => FILTERS.map((filter) => [profile.name, ...row(profile, filter)]));
  return [intro(results), table([head, ...rows]), ...verdict(results)].join('\n\n');
}

/**
 * The results for the docs: all of the first profile's, the medians of the others, and the cases in which our filter is
 * not the fastest.
 */
export function markdown(results: Results): string {
  const profiles = shown(results);
  const [first] = profiles;
  if (first === undefined) throw new Error('nothing was measured');
  const full = MEASURES.map((measure) => [
    title(measure),
    ...FILTERS.map((filter) => cell(measure.of(first, filter), show)),
  ]);
  const ours = (name: string, value: Spread | undefined) => [name, cell(value, show), '–', '–'];
  const { fresh, scratch } = first.filters.ours;
  const compiled = [
    ours('first compile of a process, ms', fresh),
    ours('compile without the precompiled program, ms', scratch?.compile),
    ours('the same, first of a process, ms', scratch?.fresh),
  ];
  const all = profiles.map((each) => [
    `\`${each.name}\``,
    ...MEASURES.map(({ of }) => trio((filter) => of(each, filter))),
  ]);
  const counts = profiles.map((each) => [
    `\`${each.name}\``,
    ...STEPS.map((kind) => trio((filter) => steps(each, filter, kind))),
  ]);
  return [
    intro(results),
    `${first.name} on ${first.abis.join(', ')}, with ${callsOf(first)}:`,
    markdownTable([['', ...FILTERS.map((filter) => TITLES[filter])], ...full, ...compiled]),
    'Medians: this package · libseccomp’s default · libseccomp’s tree:',
    markdownTable([['', ...MEASURES.map(title)], ...all]),
    'Executed instructions: the sum that the kernel emulates at attach, and the means for calls:',
    markdownTable([['', 'attach', 'argument-checked call', 'denied call'], ...counts]),
    ...verdict(results),
  ].join('\n\n');
}

function shown({ profiles }: Results): readonly ProfileResults[] {
  return profiles.filter(({ isShown }) => isShown);
}

function intro({ machine, rounds, otherRounds }: Results): string {
  return `On ${machine}; ${rounds} rounds, ${otherRounds} for profiles that appear only in the last list; medians (quartiles).`;
}

function title({ name, unit }: { readonly name: string; readonly unit: string }): string {
  return unit === '' ? name : `${name}, ${unit}`;
}

function row(profile: ProfileResults, filter: FilterName): readonly string[] {
  return [
    filter,
    ...MEASURES.map(({ of }) => cell(of(profile, filter), show)),
    cell(profile.filters[filter].fresh, show),
    ...STEPS.map((kind) => cell(steps(profile, filter, kind), median)),
  ];
}

function trio(of: (filter: FilterName) => Spread | undefined): string {
  return FILTERS.map((filter) => cell(of(filter), median)).join(' · ');
}

function cell(value: Spread | undefined, write: (value: Spread) => string): string {
  if (value === undefined) return '–';
  return value.low === value.high ? median(value) : write(value);
}

function median({ median: value }: Spread): string {
  return Number.isInteger(value) ? String(value) : digits(value);
}

function callsOf({ calls }: ProfileResults): string {
  return calls.map(({ kind, call }) => `\`${call}\` (${kind})`).join(', ');
}

const STEPS = ['attach', 'checked', 'denied'] as const;

function steps({ filters }: ProfileResults, filter: FilterName, kind: (typeof STEPS)[number]): Spread | undefined {
  const count = filters[filter].steps[kind];
  return count === null ? undefined : sharp(count);
}

/** A row of the report: one measure of one profile, for the three filters. */
interface Contest {
  readonly profile: string;
  readonly measure: string;
  readonly of: (filter: FilterName) => Spread | undefined;
}

/** The cases in which our filter is slower than the better of libseccomp's two filters: a line for each measure. */
function verdict({ profiles }: Results): readonly string[] {
  const contests = profiles.flatMap(contestsOf);
  const lost = contests.filter((contest) => compare(contest, (ours, best) => ours.low > best.high));
  const close = contests.filter((contest) =>
    compare(contest, (ours, best) => ours.median > best.median && ours.low <= best.high),
  );
  const measures = [...new Set(lost.map(({ measure }) => measure))];
  return [
    `In ${lost.length} of ${contests.length} comparisons over ${profiles.length} profiles, this package took more than the better of libseccomp’s two, ` +
      `with quartiles that do not overlap; in ${close.length} more, its median is higher, but the quartiles overlap.`,
    ...measures.map((measure) => {
      const each = lost.filter((contest) => contest.measure === measure).map(showLoss);
      return `- ${measure} (this package, the better of libseccomp’s): ${each.join('; ')}.`;
    }),
  ];
}

function contestsOf(profile: ProfileResults): readonly Contest[] {
  const { name, calls, filters } = profile;
  const others = MEASURES.filter(({ unit }) => unit !== 'ns').map((measure) => ({
    profile: name,
    measure: title(measure),
    of: (filter: FilterName) => measure.of(profile, filter),
  }));
  const timed = calls.map(({ kind, call }, i) => ({
    profile: `${name} \`${call}\` (${FILTERS.map((filter) => filters[filter].callSteps[i]).join(' · ')} steps)`,
    measure: `${kind} call, ns`,
    of: (filter: FilterName) => filters[filter].calls[i],
  }));
  const counted = STEPS.map((kind) => ({
    profile: name,
    measure: `steps, ${kind}`,
    of: (filter: FilterName) => steps(profile, filter, kind),
  }));
  return [...others, ...timed, ...counted];
}

function compare(contest: Contest, is: (ours: Spread, best: Spread) => boolean): boolean {
  const both = pair(contest);
  return both !== undefined && is(...both);
}

/** The measurements of our filter, and of the better of libseccomp's two filters. */
function pair({ of }: Contest): readonly [Spread, Spread] | undefined {
  const [ours, one, two] = FILTERS.map(of);
  if (ours === undefined || one === undefined || two === undefined) return undefined;
  return [ours, one.median <= two.median ? one : two];
}

function showLoss(contest: Contest): string {
  const [ours, best] = pair(contest) ?? [];
  return `${contest.profile} ${cell(ours, median)}, ${cell(best, median)}`;
}
