/** Resource limits of the programs we start: setrlimit(2). */
import { SeccompError } from '../errors.js';
import { suggest } from '../profile/suggest.js';
import { copyFields, type Refuse } from '../util/own-data.js';

/** RLIMIT_* by name, in the order of their numbers. Source: asm-generic/resource.h; Node runs on no CPU that differs. */
const RESOURCES = [
  'cpu',
  'fsize',
  'data',
  'stack',
  'core',
  'rss',
  'nproc',
  'nofile',
  'memlock',
  'as',
  'locks',
  'sigpending',
  'msgqueue',
  'nice',
  'rtprio',
  'rttime',
] as const;

export type ResourceName = (typeof RESOURCES)[number];

/** In the unit of the resource: bytes, seconds, microseconds (`rttime`) or a count. */
export type LimitValue = number | 'unlimited';

/** Soft and hard limit; one value is both. Units and meaning: getrlimit(2). */
export type ResourceLimits = Readonly<
  Partial<Record<ResourceName, LimitValue | { readonly soft: LimitValue; readonly hard: LimitValue }>>
>;

const NO_LIMIT = 2n ** 64n - 1n;

/** What the addon takes: flat triples of resource, soft and hard limit. */
export function limitTriples(limits: ResourceLimits | undefined): readonly (number | bigint)[] {
  if (limits === undefined) return [];
  if (typeof limits !== 'object' || limits === null) throw invalid('', 'an object such as { nofile: 64 }', limits);
  return Object.entries(copyFields(limits, refuse)).flatMap(([name, limit]) => {
    const resource = (RESOURCES as readonly string[]).indexOf(name);
    if (resource < 0) {
      const message = `options.rlimits: unknown resource ${JSON.stringify(name)}${suggest(name, RESOURCES)}`;
      throw new SeccompError('ERR_SECCOMP_OPTION', message);
    }
    const { soft, hard } = bounds(limit, name);
    const values = [limitValue(soft, name), limitValue(hard, name)] as const;
    if (values[0] > values[1]) throw invalid(`.${name}`, 'a soft limit that is not above the hard one', soft);
    return [resource, ...values];
  });
}

/** Both limits of a resource. */
function bounds(limit: unknown, name: string): { readonly soft: unknown; readonly hard: unknown } {
  if (typeof limit !== 'object' || limit === null) return { soft: limit, hard: limit };
  const { soft, hard, ...others } = copyFields(limit, (path, problem) => refuse([name, ...path], problem));
  for (const key of Object.keys(others)) refuse([name, key], 'is unknown: a limit has soft and hard');
  return { soft, hard };
}

const refuse: Refuse = (path, problem) => {
  throw new SeccompError('ERR_SECCOMP_OPTION', `${['options.rlimits', ...path].join('.')}: ${problem}`);
};

function limitValue(value: unknown, name: string): bigint {
  if (value === 'unlimited') return NO_LIMIT;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw invalid(`.${name}`, 'a whole number, "unlimited", or { soft, hard } of them', value);
}

function invalid(where: string, expected: string, value: unknown): SeccompError {
  const received = typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new SeccompError('ERR_SECCOMP_OPTION', `options.rlimits${where}: must be ${expected}, not ${received}`);
}
