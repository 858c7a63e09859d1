/** The option `limits`: what a child and all that it starts may use together. */
import { refuseIn } from '../errors.js';
import { shownName } from '../util/foreign-text.js';
import { argumentError } from '../util/node-error.js';
import { invalidAmount } from '../util/option-errors.js';
import { copyFields, own, withoutUndefined } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import { BYTE_SIZE_FORMS, type ByteSize, byteSize, showByteSize } from './byte-size.js';
import { DELEGATE, MOVE } from './cgroup.js';

/**
 * What a program and all that it starts may use together. See docs/limits.md.
 *
 * @example
 * import { run } from 'seccomp';
 *
 * const { stdout, enforcement } = await run('echo', ['within limits'], 'docker-default', {
 *   limits: { memory: '512M', processes: 64, cpu: 1.5 },
 *   paths: { read: ['@system'] },
 *   bestEffort: true,
 * });
 * console.log(stdout, enforcement.limits); // within limits, or why they can't be enforced here
 */
export interface Limits {
  /**
   * Memory in bytes, with the cache of files that are read and written. All processes are killed where more is needed. No
   * swap is used. At least `1M`. Default: not limited.
   */
  readonly memory?: ByteSize | undefined;
  /** Number of processes and threads. At the limit, fork(2) fails with EAGAIN. Default: not limited. */
  readonly processes?: number | undefined;
  /** Number of CPUs of which the time may be used, such as 1.5; at least 0.01. The rest has to wait. Default: not limited. */
  readonly cpu?: number | undefined;
  /**
   * Whether the kernel enforces the limits, in a cgroup of the program's own. With false, which needs no cgroup, a guardian adds
   * up every 100 ms what the processes use, and kills them all when a limit is passed: at `memory` the resident memory of each,
   * at `cpu` as soon as they have used more than 10 seconds of so many CPUs within 10 seconds. With `'preferred'`, the guardian
   * does so only where no cgroup can enforce them all. Both imply `descendants: 'kill'`. Default true.
   */
  readonly exact?: boolean | 'preferred' | undefined;
}

/** The dimensions of the option. */
export type LimitName = 'memory' | 'processes' | 'cpu';

/** The controller of cgroup v2 that enforces each limit. */
export const CONTROLLERS: Readonly<Record<LimitName, string>> = { memory: 'memory', processes: 'pids', cpu: 'cpu' };

const NAMES: readonly string[] = ['memory', 'processes', 'cpu', 'exact'] satisfies readonly (keyof Limits)[];

/** The smallest memory: less starts no program, and is probably a number of megabytes. */
const LEAST_MEMORY = 1n << 20n;
/** The most memory, 2⁶³ − 1 bytes: more is no limit to the kernel. */
const MOST_MEMORY = (1n << 63n) - 1n;
/** The most processes: PIDS_MAX of Linux, kernel/cgroup/pids.c, means no limit. */
const MOST_PROCESSES = 4_194_304;
/** The kernel's least quota is 1 ms of a period of 100 ms. */
const LEAST_CPU = 0.01;
/** The most CPUs that Linux supports on any architecture. */
const MOST_CPU = 8_192;

/** How limits are given. Errors name places and remedies in its terms. */
export interface LimitsForm {
  /** What has them: `options.limits`. */
  readonly name: string;
  /** The place of a limit: `options.limits.memory`. */
  readonly place: (limit: string) => string;
  /** How to make room for the cgroups of children, if this process is in the way: `directory` is that of its cgroup. */
  readonly move: (directory: string) => string;
  /** How this process is started in a delegated cgroup. */
  readonly delegate: string;
  /** The list of paths that may be written. */
  readonly writes: string;
  /** How the program is kept from changing the files beneath this directory. */
  readonly keep: (directory: string) => string;
  /** What to do where no cgroup can enforce them. Another remedy follows or precedes. */
  readonly sample: string;
  /** What to do where they can't be enforced. */
  readonly without: string;
}

/** Limits that are given as the option. */
export const AS_OPTION: LimitsForm = {
  name: 'options.limits',
  place: (limit) => `options.limits.${limit}`,
  move: () => MOVE,
  delegate: DELEGATE,
  writes: 'options.paths.write',
  keep: (directory) =>
    `give paths that grant no writing in ${shownName(directory)}, or another uid that owns nothing there`,
  sample: "give exact: 'preferred', which lets a guardian enforce them",
  without: 'bestEffort: true starts the program without',
};

/** What each limit is set to. */
export interface LimitValues {
  readonly memory?: bigint | undefined;
  readonly processes?: number | undefined;
  readonly cpu?: number | undefined;
}

/** Checked and copied limits. */
export class CheckedLimits implements LimitValues {
  readonly memory?: bigint;
  readonly processes?: number;
  readonly cpu?: number;
  readonly exact?: Limits['exact'];
  /** How they were given. */
  readonly form: LimitsForm;

  constructor(values: LimitValues & Pick<Limits, 'exact'>, form: LimitsForm) {
    Object.assign(this, values);
    this.form = form;
    Object.freeze(this);
  }
}

/**
 * Checks limits, and returns a copy of them.
 *
 * @throws TypeError, RangeError as Node for an unknown limit, and for a value that is not valid, in the terms of `form`.
 */
export function readTreeLimits(value: unknown, form: LimitsForm = AS_OPTION): CheckedLimits {
  if (value instanceof CheckedLimits) return value;
  if (typeof value !== 'object' || value === null)
    throw invalidAmount(form.name, "an object such as { memory: '512M', processes: 64 }", value);
  const { memory, processes, cpu, exact, ...others } = copyFields(value, refuseIn(form.name));
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const all = `: the limits are ${NAMES.slice(0, 3).join(', ')}, and there is exact`;
    const hint = /time/i.test(unknown) ? ': time is limited by options.timeout' : suggest(unknown, NAMES) || all;
    throw argumentError('value', `${form.place(unknown)}: is unknown${hint}`);
  }
  const values = own({
    memory: readMemory(form.place('memory'), memory),
    processes: readNumber(form.place('processes'), processes, 1, MOST_PROCESSES, 'an integer'),
    cpu: readNumber(form.place('cpu'), cpu, LEAST_CPU, MOST_CPU, 'a number of CPUs'),
    exact: readExact(form.place('exact'), exact),
  });
  if (exact !== undefined && limitNames(values).length === 0)
    refuseIn(form.place('exact'))([], 'has no effect without memory, processes or cpu: leave it out');
  return new CheckedLimits(values, form);
}

/** The values of checked limits that are set. */
export function valuesOf(limits: CheckedLimits): LimitValues & Pick<Limits, 'exact'> {
  const { form: _form, ...values } = limits;
  return withoutUndefined(values);
}

/** The limits that are set. */
export function limitNames(limits: LimitValues): readonly LimitName[] {
  return (['memory', 'processes', 'cpu'] as const).filter((name) => limits[name] !== undefined);
}

function readMemory(place: string, value: unknown): bigint | undefined {
  if (value === undefined) return undefined;
  const bytes = byteSize(value);
  if (bytes === undefined || bytes > MOST_MEMORY) throw invalidAmount(place, BYTE_SIZE_FORMS, value);
  if (bytes >= LEAST_MEMORY) return bytes;
  const problem = `must be at least 1M, and this is ${showByteSize(bytes)}: no program starts in less`;
  return refuseIn(place)([], problem, 'range');
}

function readExact(place: string, value: unknown): Limits['exact'] {
  if (value === undefined || typeof value === 'boolean' || value === 'preferred') return value;
  throw invalidAmount(place, "true, false or 'preferred'", value, typeof value === 'string' ? 'value' : 'type');
}

function readNumber(place: string, value: unknown, least: number, most: number, kind: string): number | undefined {
  if (value === undefined) return undefined;
  const isWhole = kind !== 'an integer' || Number.isInteger(value);
  if (typeof value === 'number' && isWhole && value >= least && value <= most) return value;
  throw invalidAmount(place, `${kind} from ${least} to ${most.toLocaleString('en')}`, value);
}
