/**
 * The calls that Docker's documentation lists as blocked by its default profile, each made in the kernel: under
 * docker-default it fails with EPERM, and without a profile in another way. Docker allows some of them by now, as their
 * rows say. If a call is denied without our profile too, by the kernel or by a container engine's filter, only the
 * result of our own filter is checked, and the test is then skipped with that reason. Source:
 * https://docs.docker.com/engine/security/seccomp/
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { groupsOf, namesOf, refusalsOf } from '../../lib/profile/builtin/definition.js';
import { DOCKER_DEFAULT } from '../../lib/profile/builtin/docker-default.js';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { readCalls } from '../../lib/testing/calls.js';
import { probe } from '../../lib/testing/probe.js';
import { ROWS, type Row } from '../support/blocked-calls.js';
import { outerDecisions, registersOf } from '../support/outer-filters.js';
import { type Answer, ask, callTo } from '../support/probe.js';

const EPERM = 'errno EPERM';

const native = thisHost().abi;

interface Answers {
  readonly without: Answer | undefined;
  readonly under: Answer | undefined;
  /** The result of docker-default alone, and that of the filters that were attached before. */
  readonly ours: string;
  readonly outside: number | string | undefined;
}

describe.each([...new Set<AbiName>([native, 'x86'])])('the calls that Docker lists, on %s', (abi) => {
  let answers: ReadonlyMap<Row, Answers> = new Map();
  let unable: string | undefined;

  beforeAll(async () => {
    unable = await whyUnable(abi);
    if (unable === undefined) answers = await askAll(abi);
  });

  for (const row of ROWS) {
    if (isAbsent(row, abi)) {
      test(title(row, abi), () => {
        expect(syscallNumber(abi, row.name)).toBeUndefined();
      });
      continue;
    }
    test(title(row, abi), ({ skip }) => {
      skip(unable !== undefined, unable);
      const { without, under, ours, outside } = answers.get(row) ?? {};
      if (without === undefined) throw new Error('the probe has no answer for this call');
      expect(ours, `${row.name} by our filter alone`).toBe(row.now === 'allowed' ? 'allowed' : (row.now ?? 'EPERM'));
      const expected = row.now === 'allowed' ? without : `errno ${row.now ?? 'EPERM'}`;
      const untold = without === EPERM || (row.now !== 'allowed' && without === expected);
      skip(untold, `our filter denies it, and ${whoElse(outside)} too: ${without} without the profile`);
      // A call that succeeds would have an effect on the machine, which is a mistake in the row.
      expect(without, 'without the profile').toMatch(row.harmless ? /./ : /^errno /);
      expect(under, `${row.name} answers ${under} under docker-default, ${without} without`).toBe(expected);
    });
  }
});

/** Names what denied a call that our filter did not deny. */
function whoElse(outside: number | string | undefined): string {
  return outside === 'allowed'
    ? 'the kernel, which checks for a capability first,'
    : 'a filter that was attached before';
}

/** The reason why no call of this ABI can be made on this machine. Undefined if calls can be made. */
async function whyUnable(abi: AbiName): Promise<string | undefined> {
  if (abi === native) return undefined;
  if (native !== 'x86_64') return `a CPU of ${native} has no ${abi} calls`;
  const [answer = ''] = await ask('unconfined', [callTo(abi, 'getpid')]);
  return answer.startsWith('ok ') ? undefined : `this kernel runs no ${abi} calls (getpid: ${answer})`;
}

async function askAll(abi: AbiName): Promise<ReadonlyMap<Row, Answers>> {
  const rows = ROWS.filter((row) => !isAbsent(row, abi));
  const calls = rows.map(({ name, args = [] }) => callTo(abi, name, ...args));
  const without = await ask('unconfined', calls);
  const under = await ask('docker-default', calls);
  const numbered = calls.map(({ number, args = [] }) => ({ number: Number(number), args, abi }));
  const ours = probe('docker-default', numbered).map(({ outcome, errno }) => errno ?? outcome);
  const outside = outerDecisions(registersOf(readCalls(numbered, native)));
  return new Map(
    rows.map((row, i) => [row, { without: without[i], under: under[i], ours: ours[i] ?? '', outside: outside[i] }]),
  );
}

/** On x86, the row says whether the call has a number. Newer architectures lack the calls that were obsolete before. */
function isAbsent({ name, absent }: Row, abi: AbiName): boolean {
  if (abi === 'x86_64' || abi === 'x86') return absent?.includes(abi) ?? false;
  return syscallNumber(abi, name) === undefined;
}

/** The title of a row's test: the expected result, and the profile's reason for it. */
function title(row: Row, abi: AbiName): string {
  const { name, label, now } = row;
  const call = label === undefined ? name : `${name} (${label})`;
  if (isAbsent(row, abi)) return `${call} has no number on ${abi}`;
  const reasons = now === undefined ? refusalsOf(DOCKER_DEFAULT) : groupsOf(DOCKER_DEFAULT);
  const why = reasons.find((reason) => namesOf(reason).includes(name))?.why;
  return `${call} ${now === 'allowed' ? 'is allowed by now' : `fails with ${now ?? 'EPERM'}`}: ${why}`;
}
