/** The native supervisor's configuration: how it answers notifications, and what it reads of the calls. */
import { capturesOf, directoriesOf, distinguishing, MAX_CAPTURE } from '../../decode/captures.js';
import { BPF, encodeInstructions } from '../../filter/bpf/instruction.js';
import type { CompiledFilter } from '../../filter/filter.js';
import { thisHost } from '../../host.js';
import { openFlags, PATH_CALLS } from '../../landlock/denials/path-calls.js';
import { addon, type Supervision } from '../../native.js';
import { actionBase } from '../../policy/action.js';
import { type AbiName, abiOf } from '../../syscalls/abi.js';
import { argumentWidth, syscallNumber, syscallsOf } from '../../syscalls/table.js';
import { remember } from '../../util/memo.js';

/**
 * Answers notifications as `filter` decides the calls, and counts the calls that it denies.
 *
 * @param passesAll - Whether the child's filter notifies of calls that have a handler, and of no others.
 * @param reportsPaths - Whether calls are counted by the files that they name, also if they are allowed.
 */
export function supervisionOf(
  { bytes, policy }: CompiledFilter,
  { passesAll, reportsPaths }: { readonly passesAll: boolean; readonly reportsPaths: boolean },
): Supervision {
  const abis = policy.abis.map(({ abi }) => abi.name);
  const paths = reportsPaths ? pathTable(abis) : NO_WORDS;
  return addon().supervision({ answers: bytes, countsAll: false, passesAll, ...callTables(abis, true), paths });
}

const NO_WORDS = new Uint32Array();

/** The calls that are counted by the files that they name. */
function pathTable(abis: readonly AbiName[]): Uint32Array {
  const words: number[] = [];
  for (const abi of abis) {
    const { audit } = abiOf(abi);
    const { creating, ignored } = openFlags(abi);
    for (const [name, each] of PATH_CALLS) {
      const number = syscallNumber(abi, name);
      if (number === undefined) continue;
      const opens = each.openFlags !== undefined || each.openHow !== undefined;
      const bits = each.distinguishing.reduce((all, argument) => all | (1 << argument), 0);
      for (const { argument, directory = NO_ARGUMENT, addressSize = NO_ARGUMENT, creates } of each.paths) {
        const flags = [each.openFlags ?? NO_ARGUMENT, each.openHow ?? NO_ARGUMENT];
        const creatingFlags = { never: 0, always: 0xffff_ffff, 'by O_CREAT': creating }[creates];
        words.push(audit, number, argument, directory, addressSize, bits, ...flags, creatingFlags, opens ? ignored : 0);
      }
    }
  }
  return Uint32Array.from(words);
}

/**
 * Allows and counts every call.
 *
 * @param findsFiles - Whether calls are counted by the files that they name, too.
 */
export function observation(abis: readonly AbiName[], findsFiles: boolean): Supervision {
  const answers = always('allow', abis[0] ?? 'x86_64');
  const paths = findsFiles ? pathTable(abis) : NO_WORDS;
  return addon().supervision({ answers, countsAll: true, passesAll: false, ...callTables(abis, false), paths });
}

/**
 * Forwards every notification to JavaScript, for an agent. Counts no calls. JavaScript's thread must not receive them
 * itself: the runtime that sent the listener may receive from it too, and if it takes a notification first, a receive
 * here would block the event loop.
 */
export function forwarding(): Supervision {
  const answers = always('notify', thisHost().abi);
  const tables = { distinguishing: NO_WORDS, captures: NO_WORDS, paths: NO_WORDS };
  return addon().supervision({ answers, countsAll: false, passesAll: false, ...tables });
}

/** A program that gives every call the same action. */
const always = (kind: 'allow' | 'notify', abi: AbiName) =>
  encodeInstructions([{ code: BPF.ret, jt: 0, jf: 0, k: actionBase(kind) }], abiOf(abi).endian);

/** The tables of SupervisionOptions that depend on the ABIs alone. */
const knownTables = new Map<string, ReturnType<typeof makeCallTables>>();

/** @param byText - Whether kinds differ by the texts to which arguments point, and by the directories of paths. */
function callTables(abis: readonly AbiName[], byText: boolean) {
  return remember(knownTables, `${byText} ${abis.join()}`, () => makeCallTables(abis, byText));
}

const distinguishingByText = (abi: AbiName, name: string) => [
  ...distinguishing(abi, name),
  ...directoriesOf(abi, name),
];

/** Marks a capture whose size is in no argument: arguments have the indices 0 to 5. */
const NO_ARGUMENT = 6;

function makeCallTables(abis: readonly AbiName[], byText: boolean) {
  const argumentsOfKind = byText ? distinguishingByText : distinguishing;
  const kinds: number[] = [];
  const captures: number[] = [];
  for (const abi of abis) {
    const { audit } = abiOf(abi);
    for (const [name, number] of syscallsOf(abi)) {
      for (const argument of argumentsOfKind(abi, name))
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
