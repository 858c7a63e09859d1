/** The options for how long a program may run, and how much it may use. */
import type { Command } from 'commander';
import type { SpawnOptions } from '../../index.js';
import { BYTE_SIZE_FORMS, byteSize } from '../../process-tree/byte-size.js';

export interface LimitFlags {
  readonly timeout?: string;
  readonly memory?: string;
  readonly processes?: string;
  readonly cpu?: string;
}

/** Adds the options to a command. */
export function withLimitOptions(command: Command): Command {
  return command
    .option('--timeout <time>', 'end COMMAND and its descendants after this time: seconds, or 500ms, 90s, 5m, 2h')
    .option('--memory <size>', 'kill them where they need more memory together: a size such as 512M; needs cgroup v2')
    .option('--processes <number>', 'let them have at most so many processes and threads; needs cgroup v2')
    .option('--cpu <number>', 'let them use the time of so many CPUs, such as 1.5; needs cgroup v2');
}

/** The flags that were given. */
export function givenLimitFlags({ timeout, memory, processes, cpu }: LimitFlags): readonly string[] {
  return Object.entries({ timeout, memory, processes, cpu }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`],
  );
}

/** Returns the library's options. */
export function limitOptions({
  timeout,
  memory,
  processes,
  cpu,
}: LimitFlags): Pick<SpawnOptions, 'timeout' | 'limits'> {
  const given = { memory: sizeOf(memory), processes: numberOf('--processes', processes), cpu: numberOf('--cpu', cpu) };
  const limits = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...(timeout === undefined ? {} : { timeout: milliseconds(timeout) }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
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

function sizeOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const size = byteSize(/^\d+$/.test(text) ? BigInt(text) : text);
  if (size !== undefined) return size;
  throw new Error(`--memory: must be ${BYTE_SIZE_FORMS}, not "${text}"`);
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new Error(`${flag}: must be a number, not "${text}"`);
}
