/** Completes checked fields: the return data of an action, which two fields have, and the older form of `names`. */
import { errnos } from '../../syscalls/errno.js';
import type { Path } from '../../util/own-data.js';
import { type JsonObject, shown } from '../json/value.js';
import type { CheckPlace } from './check-fields.js';
import { type Diagnostics, hint, type ProblemKind } from './diagnostics.js';
import { DOCUMENT, type Struct, struct } from './fields.js';
import type { ActionName, CheckedDocument, CheckedFields, Rule } from './types.js';

const { syscalls: _, ...headFields } = DOCUMENT.fields;

type HeadFields = Omit<(typeof DOCUMENT)['fields'], 'syscalls'>;

/** The fields of a document without its rules. */
export const HEAD: Struct<HeadFields> = struct(headFields);

/** A checked document without its rules. */
export type Head = CheckedFields<HeadFields>;

/**
 * Returns the document of a checked head and checked rules. Reports a return value that the default action cannot have.
 *
 * @param written - The head as it is written.
 */
export function toDocument(
  head: Head,
  written: JsonObject,
  syscalls: readonly Rule[],
  place: CheckPlace,
): CheckedDocument {
  const keys = { number: 'defaultErrnoRet', name: 'defaultErrno' };
  return { ...head, defaultErrnoRet: returnData(head.defaultAction, written, keys, place), syscalls };
}

/** Returns the rule of checked fields. Reports a return value that its action cannot have. */
export function toRule(rule: Rule, written: JsonObject, place: CheckPlace): Rule {
  const { names, name, action } = rule;
  const isDouble = name && names.length > 0;
  return {
    ...rule,
    names: name && !isDouble ? [name] : names,
    name: isDouble ? name : undefined,
    errnoRet: returnData(action, written, { number: 'errnoRet', name: 'errno' }, place),
  };
}

/** The largest SECCOMP_RET_DATA: libseccomp takes errnos below its MAX_ERRNO, 4095; a tracer's message has 16 bits. */
const LARGEST: ReadonlyMap<ActionName, number> = new Map([
  ['SCMP_ACT_ERRNO', 4094],
  ['SCMP_ACT_TRACE', 65_535],
]);

/**
 * Returns SECCOMP_RET_DATA as runtimes compute it; undefined for the default, EPERM.
 *
 * @param keys - The fields for the return data of an action: a number and, for Podman, an errno by name.
 */
function returnData(
  action: ActionName,
  written: JsonObject,
  keys: { readonly number: string; readonly name: string },
  { path, diagnostics }: CheckPlace,
): number | undefined {
  const { [keys.number]: number, [keys.name]: name } = written;
  const named =
    typeof name === 'string' && name !== '' ? errnoByName(name, [...path, keys.name], diagnostics) : undefined;
  const given = named ?? number;
  if (typeof given !== 'number' && typeof given !== 'bigint') return undefined;
  const at = [...path, named === undefined ? keys.number : keys.name];
  const report = (kind: ProblemKind, message: string) => diagnostics.report(kind, at, message);
  if (named !== undefined && typeof number === 'number' && number !== named)
    report('notice', `${shown(name)} takes precedence over ${keys.number} ${number}: keep one of them`);
  const largest = LARGEST.get(action);
  if (largest === undefined) {
    report('mistake', `${action} returns no errno: leave it out`);
    return undefined;
  }
  // runc keeps 16 bits of the number.
  const kept = Number(BigInt.asUintN(16, BigInt(given)));
  if (kept > largest) report('refused', `${given} is out of range: it must be from 0 to ${largest}`);
  else if (given > largest)
    report('mistake', `${given} is out of range: it must be from 0 to ${largest}; runtimes read ${kept}`);
  if (kept === 0 && action === 'SCMP_ACT_ERRNO')
    report('notice', 'errno 0 makes the call appear to succeed, although it is not executed');
  return kept;
}

/** Returns the errno that a name or decimal digits mean. Source: containers/common. */
function errnoByName(name: string, path: Path, diagnostics: Diagnostics): number | undefined {
  if (/^\d+$/.test(name) && Number(name) < 2 ** 32) return Number(name);
  const number = errnos().get(name);
  if (number === undefined) {
    const suggestion = hint(diagnostics, name, () => [...errnos().keys()]);
    diagnostics.report('refused', path, `unknown errno ${shown(name)}${suggestion}`);
  }
  return number;
}
