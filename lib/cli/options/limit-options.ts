/** The options for how long a program may run, and how much it may use. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { shellWord } from '../../addon/shell-word.js';
import type { SpawnOptions } from '../../index.js';
import { CheckedLimits, type LimitsForm, readTreeLimits } from '../../process-tree/limits.js';
import { shownName } from '../../util/foreign-text.js';
import { givenFlags } from './repeated-options.js';

export interface LimitFlags {
  readonly timeout?: string;
  readonly memory?: string;
  readonly processes?: string;
  readonly cpu?: string;
  readonly sampled?: true;
}

/** Adds the options to a command. */
export function withLimitOptions(command: Command): Command {
  return command
    .option(
      '--timeout <time>',
      'end COMMAND after this time, with SIGTERM, and with SIGKILL 5 s later: seconds, or 500ms, 90s, 5m, 2h',
    )
    .option(
      '--memory <size>',
      'kill COMMAND and its descendants when together they use more: a size such as 512M; needs cgroup v2 or --sampled',
    )
    .option('--processes <number>', 'limit their number of processes and threads; needs cgroup v2 or --sampled')
    .option('--cpu <number>', 'limit the number of CPUs that they use, such as 1.5; needs cgroup v2 or --sampled')
    .option(
      '--sampled',
      'where no cgroup can enforce these limits, check every 100 ms, and kill COMMAND and its descendants if they exceed one',
    );
}

/** The flags that were given of those that need a cgroup. */
export function givenTreeLimits({ memory, processes, cpu }: LimitFlags): readonly string[] {
  return givenFlags({ memory, processes, cpu });
}

/**
 * Returns the library's options.
 *
 * @param isLimited - Whether a sandbox has limits, so that `--sampled` has an effect without another flag.
 */
export function limitOptions(flags: LimitFlags, isLimited = false): Pick<SpawnOptions, 'timeout' | 'limits'> {
  const { timeout, memory, processes, cpu, sampled } = flags;
  const time = timeout === undefined ? {} : { timeout: milliseconds(timeout) };
  const given = givenTreeLimits(flags);
  if (given.length === 0) {
    if (sampled && isLimited) return { ...time, limits: new CheckedLimits({ exact: 'preferred' }, asFlags(given)) };
    if (sampled) throw new Error('--sampled has no effect without --memory, --processes or --cpu: leave it out');
    return time;
  }
  const exact = sampled && ('preferred' as const);
  const limits = { memory: sizeOf(memory), processes: numberOf(processes), cpu: numberOf(cpu), exact };
  return { ...time, limits: readTreeLimits(limits, asFlags(given)) };
}

/** Limits that are given by flags. */
function asFlags(given: readonly string[]): LimitsForm {
  return {
    name: given.join(' and '),
    place: (limit) => `--${limit}`,
    move: (directory) => `first move this shell into a subgroup: ${moveIn(directory)}`,
    delegate:
      'give it a delegated cgroup: systemd-run --user --pipe --wait -p Delegate=yes -p DelegateSubgroup=main seccomp run …',
    writes: '--write',
    keep: (directory) => `give --read, --write or --execute that grant no writing in ${shownName(directory)}`,
    sample: 'give --sampled, which enforces them without a cgroup',
    without: '--best-effort starts COMMAND without',
  };
}

function moveIn(directory: string): string {
  const [subgroup, members] = [join(directory, 'main'), join(directory, 'main', 'cgroup.procs')].map(shellWord);
  return `mkdir ${subgroup} && echo $$ >${members}`;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest time that a timer of Node can wait. */
const LONGEST = 2 ** 31 - 1;

function milliseconds(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|[smhd])?$/.exec(text) ?? [];
  const time = Math.round(Number(number) * (UNITS[unit] ?? 0));
  if (time > 0 && time <= LONGEST) return time;
  throw new Error(
    `--timeout: must be a time from 1ms to 24d, such as 1.5 (seconds), 500ms, 90s, 5m or 2h, not "${text}"`,
  );
}

/** A text that is no size is left as it is, and refused by the library. */
function sizeOf(text: string | undefined): bigint | string | undefined {
  return text !== undefined && /^0*\d{1,18}$/.test(text) ? BigInt(text) : text;
}

function numberOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
