/** The number that an action returns: the errno of SCMP_ACT_ERRNO, the message of SCMP_ACT_TRACE. */
import { errnos } from '../../syscalls/errno.js';
import type { Path } from '../../util/own-data.js';
import { type Diagnostics, hint, type ProblemKind, shown } from './diagnostics.js';
import type { ActionName } from './types.js';

/** What a document says about one action: its number, and in Podman's format its errno by name, under these keys. */
export interface Written {
  readonly action: ActionName;
  readonly number: { readonly key: string; readonly value: number | bigint | null | undefined };
  readonly name: { readonly key: string; readonly value: string | null | undefined };
}

/** libseccomp takes errnos below its MAX_ERRNO, 4095; a tracer's message has 16 bits. */
const LARGEST: ReadonlyMap<ActionName, number> = new Map([
  ['SCMP_ACT_ERRNO', 4094],
  ['SCMP_ACT_TRACE', 65_535],
]);

/** The number as a runtime uses it; `undefined` leaves the default, EPERM. `keys` lead to what holds the action. */
export function returned({ action, number, name }: Written, keys: Path, diagnostics: Diagnostics): number | undefined {
  const named = name.value ? byName(name.value, [...keys, name.key], diagnostics) : undefined;
  const given = named ?? number.value ?? undefined;
  if (given === undefined) return undefined;
  const path = [...keys, named === undefined ? number.key : name.key];
  const report = (kind: ProblemKind, message: string) => diagnostics.report(kind, path, message);
  if (named !== undefined && typeof number.value === 'number' && number.value !== named) {
    report('notice', `${shown(name.value)} counts, not ${number.key} ${number.value}: keep one of them`);
  }
  const largest = LARGEST.get(action);
  if (largest === undefined) {
    report('mistake', `${action} returns no errno: leave it out`);
    return undefined;
  }
  // runc keeps 16 bits of the number.
  const kept = Number(BigInt.asUintN(16, BigInt(given)));
  if (kept > largest) report('refused', `${given} is out of range: it is 0 to ${largest}`);
  else if (given > largest) report('mistake', `${given} is out of range: it is 0 to ${largest}; runtimes read ${kept}`);
  if (kept === 0 && action === 'SCMP_ACT_ERRNO') {
    report('notice', 'errno 0 tells the program that the call has succeeded, though it is not made');
  }
  return kept;
}

/** The number of an errno by name or in decimal, as containers/common reads it. */
function byName(name: string, keys: Path, diagnostics: Diagnostics): number | undefined {
  if (/^\d+$/.test(name) && Number(name) < 2 ** 32) return Number(name);
  const number = errnos().get(name);
  if (number === undefined) {
    const message = `unknown errno ${shown(name)}${hint(diagnostics, name, () => [...errnos().keys()])}`;
    diagnostics.report('refused', keys, message);
  }
  return number;
}
