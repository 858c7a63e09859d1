/** probe(): tests what the running kernel does with calls under a profile. See kernel.ts for the method. */
import { SeccompError } from '../errors.js';
import { thisHost } from '../host.js';
import { optionsUnder, sandboxOf } from '../sandbox/file/apply.js';
import { readOptions } from '../sandbox/options/table.js';
import type { HostOptions, ProgramOptions } from '../sandbox/options/types.js';
import { policyOfChild } from '../sandbox/plan/child-policy.js';
import { HOST_OPTIONS, resolveSources, type StartSource } from '../sandbox/plan/resolve-sources.js';
import type { AbiName } from '../syscalls/abi.js';
import { forJson } from '../util/json.js';
import { own } from '../util/own-data.js';
import { type ProbeAnswer, type ProbeCall, readCalls } from './calls.js';
import { ALLOWED_OUTCOME, kernelOutcomes } from './kernel.js';

/** Options of `probe` and of the assertions about calls. */
export interface ProbeOptions extends HostOptions {
  /** As for `spawn`: with `'none'`, the calls that make sockets are denied too. Default: that of the sandbox. */
  readonly network?: ProgramOptions['network'];
  /** As for `spawn`: calls that change files and that Landlock does not check are denied too. Default: that of the sandbox. */
  readonly paths?: ProgramOptions['paths'];
}

/**
 * Tests what the running kernel does with calls under a profile. No call is carried out, not even an allowed one: the
 * calls are made in processes of their own, under a second filter that denies them all. Blocks until there is an answer
 * for every call.
 *
 * @param profile - As for `spawn`: a name, path, URL, JSON text, document, `Profile`, `Filter`, a list of these, or a
 * sandbox. Of a sandbox, the profile and what `network` and `paths` deny beside count.
 * @param calls - One call or a list of at most 2²⁰ calls; see {@link ProbeCall}.
 * @param options - `capabilities`, `abis`, `network` and `paths`, as for `spawn`.
 * @returns An answer for each call, in the order of `calls`; a group has one for each of its syscalls. As JSON, arguments are
 * decimal strings.
 * @throws {ProfileError} if the profile is not valid.
 * @throws {TypeError} for an unknown call.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an unknown option; ERR_SECCOMP_UNSUPPORTED for a call that
 * can't be made on this machine, such as one of another CPU, or a filter that this process can't attach.
 * @example
 * import { probe } from 'seccomp/testing';
 *
 * const answers = probe('docker-default', ['read', 'mount', { syscall: 'socket', args: [40] }]);
 * for (const { call, outcome, errno } of answers) console.log(call, errno ?? outcome);
 * // read allowed
 * // mount EPERM
 * // socket(40) EPERM
 */
export function probe(
  profile: StartSource,
  calls: ProbeCall | readonly ProbeCall[],
  options: ProbeOptions = {},
): readonly ProbeAnswer[] {
  const given = readOptions<ProbeOptions>('probe', options);
  const { abi: native } = thisHost();
  const named = readCalls(calls, native);
  for (const { abi } of named) refuseOtherCpu(abi, native);
  const sandbox = sandboxOf(profile);
  const under: ProgramOptions = sandbox === undefined ? given : optionsUnder(sandbox, own({ ...given }), undefined);
  const policy = policyOfChild(resolveSources(sandbox?.profile ?? profile, under, HOST_OPTIONS), under);
  const outcomes = policy === undefined ? [] : kernelOutcomes(policy, named, native);
  return named.map(({ text, abi, number, args }, i) => {
    return forJson({ call: text, abi, number, args, ...(outcomes[i] ?? ALLOWED_OUTCOME) });
  });
}

function refuseOtherCpu(abi: AbiName, native: AbiName): void {
  if (abi === native || (native === 'x86_64' && (abi === 'x86' || abi === 'x32'))) return;
  const message = `a process of ${native} can’t make calls of ${abi}: test on that CPU, or use evaluate()`;
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
}
