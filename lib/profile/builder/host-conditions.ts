/** Conditions on the host as sets of hosts, with their intersection and difference. */

import { compareKernelVersions, parseKernelVersion } from '../../util/kernel-version.js';
import type { ProfileFormat } from '../document/options.js';
import { ANYWHERE, type Conditions, type Rule } from '../document/types.js';

/** The conditions of a rule on the host. All of `includes` must hold, and none of `excludes`. */
export type HostCondition = Pick<Rule, 'includes' | 'excludes'>;

/**
 * Returns the conditions that a profile format supports. OCI documents have none, and Podman ignores kernel versions.
 */
export function supportedBy({ includes, excludes }: HostCondition, format: ProfileFormat): HostCondition {
  if (format === 'oci') return ANYWHERE;
  const of = (conditions: Conditions | undefined) =>
    tidy({
      caps: conditions?.caps ?? [],
      arches: conditions?.arches ?? [],
      minKernel: format === 'docker' ? conditions?.minKernel || undefined : undefined,
    });
  return { includes: of(includes), excludes: of(excludes) };
}

/** The hosts on which both conditions hold; undefined if there are none. */
export function and(a: HostCondition, b: HostCondition): HostCondition | undefined {
  const architectures = allowedBy(a.includes, b.includes);
  const unwanted = union(a.excludes?.arches, b.excludes?.arches);
  const caps = union(a.includes?.caps, b.includes?.caps);
  const without = union(a.excludes?.caps, b.excludes?.caps);
  const [from] = versions(a.includes, b.includes).toReversed();
  const [before] = versions(a.excludes, b.excludes);
  const left = architectures?.filter((name) => !unwanted.includes(name));
  if (left?.length === 0 || caps.some((name) => without.includes(name))) return undefined;
  if (from !== undefined && before !== undefined && compareVersions(from, before) >= 0) return undefined;
  return hostCondition(
    { caps, arches: left ?? [], minKernel: from },
    { caps: without, arches: left === undefined ? unwanted : [], minKernel: before },
  );
}

/**
 * The hosts on which `a` holds and `b` does not, as disjoint conditions; `a` itself if `b` holds on none of its
 * hosts.
 */
export function subtract(a: HostCondition, b: HostCondition): readonly HostCondition[] {
  const parts: HostCondition[] = [];
  let rest = a;
  for (const fact of factsOf(b)) {
    const part = and(rest, { includes: fact.excludes, excludes: fact.includes });
    if (part !== undefined) parts.push(part);
    const inside = and(rest, fact);
    if (inside === undefined) return [a];
    rest = inside;
  }
  return parts;
}

/** Returns the rule with another condition. */
export function withHostCondition(rule: Rule, { includes, excludes }: HostCondition): Rule {
  return { ...rule, includes, excludes };
}

/** Splits a condition into conditions with one fact each. It holds if all of them hold. */
function factsOf({ includes, excludes }: HostCondition): readonly HostCondition[] {
  return [
    ...singly(includes).map((fact) => ({ includes: fact, excludes: undefined })),
    // Several excluded architectures are one fact: its negation, one of these architectures, is a single condition too.
    ...singly(excludes).map((fact) => ({ includes: undefined, excludes: fact })),
  ];
}

function singly(conditions: Conditions | undefined): readonly Conditions[] {
  if (conditions === undefined) return [];
  const { caps, arches, minKernel } = conditions;
  return [
    ...(caps ?? []).map((name) => ({ caps: [name], arches: undefined, minKernel: undefined })),
    ...(arches?.length ? [{ caps: undefined, arches, minKernel: undefined }] : []),
    ...(minKernel ? [{ caps: undefined, arches: undefined, minKernel }] : []),
  ];
}

/** The architectures that both allow; undefined if both allow all. Docker reads an empty list as no condition. */
function allowedBy(a: HostCondition['includes'], b: HostCondition['includes']) {
  const [first, second] = [a?.arches, b?.arches].filter((list) => list !== undefined && list.length > 0);
  return second === undefined ? first : first?.filter((name) => second?.includes(name));
}

function union<Item>(a: readonly Item[] | undefined, b: readonly Item[] | undefined): Item[] {
  return [...new Set([...(a ?? []), ...(b ?? [])])];
}

function versions(a: HostCondition['includes'], b: HostCondition['includes']): readonly string[] {
  return [a?.minKernel, b?.minKernel].flatMap((version) => version || []).sort(compareVersions);
}

function compareVersions(a: string, b: string): number {
  return compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b));
}

function hostCondition(includes: Loose, excludes: Loose): HostCondition {
  return { includes: tidy(includes), excludes: tidy(excludes) };
}

interface Loose {
  readonly caps: NonNullable<Conditions['caps']>;
  readonly arches: NonNullable<Conditions['arches']>;
  readonly minKernel: string | undefined;
}

/** Drops empty lists; returns undefined if no condition is left. */
function tidy({ caps, arches, minKernel }: Loose): Conditions | undefined {
  if (caps.length === 0 && arches.length === 0 && minKernel === undefined) return undefined;
  return { caps: caps.length > 0 ? caps : undefined, arches: arches.length > 0 ? arches : undefined, minKernel };
}
