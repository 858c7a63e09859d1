/** The table against the running kernel: tracefs lists the C types of every syscall that it has. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { NEWEST_KERNEL } from '../../lib/syscalls/generated/numbers.js';
import { argumentsOf, entryPoint, syscallsOf } from '../../lib/syscalls/table.js';
import { compareKernelVersions, parseKernelVersion } from '../../lib/util/kernel-version.js';
import { describeUnless } from '../support/describe-unless.js';

/** The C types of each kernel function that a syscall enters; undefined where this process can't mount tracefs. */
function readTracefs(): ReadonlyMap<string, readonly string[]> | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'tracefs-'));
  try {
    execFileSync('mount', ['-t', 'tracefs', 'tracefs', directory], { stdio: 'ignore' });
  } catch {
    rmdirSync(directory);
    return undefined;
  }
  try {
    const events = `${directory}/events/syscalls`;
    const calls = readdirSync(events).filter((event) => event.startsWith('sys_enter_'));
    return new Map(
      calls.map((event) => {
        const [, fields = ''] = readFileSync(`${events}/${event}/format`, 'utf8').split('__syscall_nr;');
        const types = [...fields.matchAll(/field:(.*[ *])\w+;/g)].map(([, type = '']) => type.trim());
        return [event.slice('sys_enter_'.length), types];
      }),
    );
  } catch {
    return undefined; // no CONFIG_FTRACE_SYSCALLS
  } finally {
    execFileSync('umount', [directory]);
    rmdirSync(directory);
  }
}

/** Bits of a C type on x86_64, as sizeof() has them: written anew, not taken from the code under test. */
function sizeOf(type: string): number {
  if (type.includes('*') || /\b(long|size_t|__u64|loff_t|off_t|aio_context_t|cap_user_\w+_t)$/.test(type)) return 64;
  return type === 'umode_t' ? 16 : 32;
}

/** Calls that have more arguments on newer kernels. */
const LENGTHENED: ReadonlySet<string> = new Set(['bpf']);

const traced = process.arch === 'x64' ? readTracefs() : undefined;
const obstacle = traced === undefined ? 'needs x86_64, root and CONFIG_FTRACE_SYSCALLS' : undefined;

describeUnless(obstacle, 'the running kernel', () => {
  const calls = traced ?? new Map<string, readonly string[]>();
  const ours = [...syscallsOf('x86_64').keys()].map((name) => [name, entryPoint('x86_64', name) ?? ''] as const);

  test('has hundreds of calls', () => {
    expect(calls.size).toBeGreaterThan(300);
  });

  test('has no call that the table lacks', ({ skip }) => {
    const isNewer = compareKernelVersions(parseKernelVersion(release()), parseKernelVersion(NEWEST_KERNEL)) > 0;
    skip(isNewer, `the table ends with Linux ${NEWEST_KERNEL}, and this is ${release()}`);
    const known = new Set(ours.map(([, entry]) => entry));
    const unknown = [...calls.keys()].filter((entry) => !known.has(entry));
    expect(unknown, 'add them to scripts/generate/newer-syscalls.json').toEqual([]);
  });

  test.each(ours.filter(([, entry]) => calls.has(entry)))(
    '%s, function %s, reads what the table says',
    (name, entry) => {
      const theirs = (calls.get(entry) ?? []).map((type) => `${type}: ${sizeOf(type)} bits`);
      const widths = (argumentsOf('x86_64', name) ?? [])
        .slice(0, LENGTHENED.has(name) ? theirs.length : undefined)
        .map(({ type, width }) => `${type}: ${width} bits`);
      const bits = (text: string) => text.replace(/^.*: /, '');
      expect(widths.map(bits), `table ${widths.join(', ')}; kernel ${theirs.join(', ')}`).toEqual(theirs.map(bits));
    },
  );
});
