/**
 * probe(): asks the running kernel what it answers to calls under a profile, in a sacrificial process. Nothing is carried
 * out, allowed or not: below the profile's filter lies one that denies all calls by an errno that the profile does not use.
 * The kernel takes the strictest answer, and of two errnos that of the filter that came last. So an errno of the profile's is
 * never taken for the call's own, and the other one says that the profile lets the call through.
 */
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { intersect } from '../policy/algebra.js';
import { readOptions } from '../sandbox/options/options.js';
import { type FilterSource, type HostOptions, loadSources, policiesOf } from '../sandbox/plan/plan-filters.js';
import type { AbiName } from '../syscalls/abi.js';
import { namedCalls, type ProbeAnswer, type ProbeCall } from './calls.js';
import { ALLOWED, ask } from './kernel.js';

/**
 * Asks the kernel about `calls` under `profile`: one answer for each, in their order. Blocks until all are there.
 * @throws ProfileError, SeccompError as spawn does; ERR_SECCOMP_OPTION for a call that there is not, ERR_SECCOMP_UNSUPPORTED
 * for one that can't be asked about here.
 */
export function probe(
  profile: FilterSource,
  calls: ProbeCall | readonly ProbeCall[],
  options: HostOptions = {},
): readonly ProbeAnswer[] {
  const given = readOptions<HostOptions>(options, ['capabilities', 'abis']);
  const { abi: native } = thisHost();
  const asked = namedCalls(calls, native);
  for (const { abi } of asked) refuseOtherCpu(abi, native);
  const [first, ...others] = policiesOf(loadSources(profile), given);
  const outcomes = first === undefined ? [] : ask(others.reduce(intersect, first), asked, native);
  return asked.map(({ text, abi, number, args }, i) => {
    return { call: text, abi, number, args, ...(outcomes[i] ?? ALLOWED) };
  });
}

function refuseOtherCpu(abi: AbiName, native: AbiName): void {
  if (abi === native || (native === 'x86_64' && (abi === 'x86' || abi === 'x32'))) return;
  const message = `a process of ${native} can’t make calls of ${abi}: ask on a machine of that CPU, or use evaluate()`;
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}
