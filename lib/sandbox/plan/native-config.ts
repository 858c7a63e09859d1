/** The native supervisor's configuration: how it answers notifications, and what it reads of the calls. */
import { capturesOf, distinguishing, MAX_CAPTURE } from '../../decode/captures.js';
import { BPF, encodeInstructions } from '../../filter/bpf/instruction.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { thisHost } from '../../host.js';
import { addon, type Supervision } from '../../native.js';
import { actionBase } from '../../policy/action.js';
import { type AbiName, abiOf } from '../../syscalls/abi.js';
import { argumentWidth, syscallsOf } from '../../syscalls/table.js';

/**
 * Answers notifications as `filter` decides the calls, and counts the calls that it denies.
 *
 * @param passesAll - Whether the child's filter notifies of calls that have a handler, and of no others.
 */
export function supervisionOf({ bytes, policy }: CompiledFilter, passesAll: boolean): Supervision {
  const abis = policy.abis.map(({ abi }) => abi.name);
  return addon().supervision({ answers: bytes, countsAll: false, passesAll, ...callTables(abis) });
}

/** Allows and counts every call. */
export function observation(abis: readonly AbiName[]): Supervision {
  const allow = { code: BPF.ret, jt: 0, jf: 0, k: actionBase('allow') };
  const answers = encodeInstructions([allow], abiOf(abis[0] ?? 'x86_64').endian);
  return addon().supervision({ answers, countsAll: true, passesAll: false, ...callTables(abis) });
}

/**
 * Forwards every notification to JavaScript, for an agent. Counts no calls. JavaScript's thread must not receive them
 * itself: the runtime that sent the listener may receive from it too, and if it takes a notification first, a receive
 * here would block the event loop.
 */
export function forwarding(): Supervision {
  const notify = { code: BPF.ret, jt: 0, jf: 0, k: actionBase('notify') };
  const none = new Uint32Array();
  const answers = encodeInstructions([notify], abiOf(thisHost().abi).endian);
  return addon().supervision({ answers, countsAll: false, passesAll: false, distinguishing: none, captures: none });
}

/** The tables of SupervisionOptions that depend on the ABIs alone. */
interface CallTables {
  readonly distinguishing: Uint32Array;
  readonly captures: Uint32Array;
}

const knownTables = new Map<string, CallTables>();

function callTables(abis: readonly AbiName[]): CallTables {
  const key = abis.join();
  const made = knownTables.get(key) ?? makeCallTables(abis);
  knownTables.set(key, made);
  return made;
}

/** Marks a capture whose size is in no argument: arguments have the indices 0 to 5. */
const NO_ARGUMENT = 6;

function makeCallTables(abis: readonly AbiName[]): CallTables {
  const kinds: number[] = [];
  const captures: number[] = [];
  for (const abi of abis) {
    const { audit } = abiOf(abi);
    for (const [name, number] of syscallsOf(abi)) {
      for (const argument of distinguishing(abi, name))
        kinds.push(audit, number, argument, argumentWidth(abi, name, argument));
      for (const { argument, kind, length } of capturesOf(abi, name)) {
        const [most, sizeArgument] =
          typeof length === 'number' ? [length, NO_ARGUMENT] : [MAX_CAPTURE, length.argument];
        captures.push(audit, number, argument, kind === 'string' ? 1 : 0, most, sizeArgument);
      }
    }
  }
  return { distinguishing: Uint32Array.from(kinds), captures: Uint32Array.from(captures) };
}
