/** What a recording can't show, as far as what it shows tells. */

import type { ObservedCall } from '../decode/observed-call.js';
import { denialOf } from '../policy/isolation-denials.js';
import { constantOn } from '../syscalls/constants.js';
import { syscallNumber } from '../syscalls/table.js';

/** Remarks on a recording, each a sentence. `others` is how many calls there was no room for. */
export function caveats(calls: readonly ObservedCall[], others: number): readonly string[] {
  const nameless = calls.filter(({ abi, syscall }) => syscallNumber(abi, syscall) === undefined);
  return [
    ...(others > 0
      ? [`${others} calls were of more kinds than are kept apart: the profile may lack some of them`]
      : []),
    ...new Set(nameless.map(({ abi, syscall }) => `${syscall} of ${abi} has no name here, so no profile can allow it`)),
    ...(calls.some(({ syscall }) => syscall === 'io_uring_setup') ? [IO_URING] : []),
    ...(calls.some(attachesFilter) ? [OWN_FILTER] : []),
    ...new Set(calls.flatMap(isolationNote)),
  ];
}

const IO_URING =
  'io_uring was set up: what a program asks for through it is no syscall, so it is not in the recording, and no seccomp ' +
  'filter will see it; without io_uring (sysctl kernel.io_uring_disabled, or a profile that denies it) programs make syscalls';

const OWN_FILTER =
  'the program put on a seccomp filter of its own: calls that this one denied are not in the recording';

function attachesFilter({ abi, syscall, args: [first = 0n, second = 0n] }: ObservedCall): boolean {
  const is = (name: string, value: bigint) => BigInt(constantOn(abi, name) ?? -1) === BigInt.asUintN(32, value);
  if (syscall === 'seccomp') return is('SECCOMP_SET_MODE_FILTER', first);
  return syscall === 'prctl' && is('PR_SET_SECCOMP', first) && is('SECCOMP_MODE_FILTER', second);
}

/** Whatever a profile says of them. */
function isolationNote({ abi, syscall, args }: ObservedCall): readonly string[] {
  const reason = denialOf(abi, syscall, args, { isolated: true, supervised: false });
  return reason === undefined ? [] : [`${reason.why}; under the profile the program needs isolate: false`];
}
