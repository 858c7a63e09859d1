/** Normalizes a valid document: one name for each field, lists in place of absent ones, exact types of numbers. */
import { errnos } from '../../syscalls/errno.js';
import { type Path, recordFor } from '../../util/own-data.js';
import { isObject, type JsonObject, shown } from '../json/value.js';
import { type Diagnostics, hint, type ProblemKind } from './diagnostics.js';
import { DOCUMENT, type FieldTable, type Kind, RULE, type Struct, struct } from './fields.js';
import type { ActionName, CheckedDocument, CheckedFields, Rule, ValidHead, ValidRule } from './types.js';

const { syscalls: _, ...headFields } = DOCUMENT.fields;
const HEAD = struct(headFields);

/**
 * Returns the document of a valid head and checked rules. Reports a return value that the default action cannot have.
 */
export function toDocument(
  head: ValidHead & JsonObject,
  syscalls: readonly Rule[],
  path: Path,
  diagnostics: Diagnostics,
): CheckedDocument {
  const { defaultAction: action, defaultErrnoRet, defaultErrno } = head;
  const written = {
    action,
    number: { key: 'defaultErrnoRet', value: defaultErrnoRet },
    name: { key: 'defaultErrno', value: defaultErrno },
  };
  return {
    ...checkedFields(HEAD, head),
    defaultErrnoRet: returnData(written, path, diagnostics),
    syscalls,
  };
}

/** Returns the checked rule of a valid one. Reports a return value that its action cannot have. */
export function toRule(rule: ValidRule & JsonObject, path: Path, diagnostics: Diagnostics): Rule {
  const { names, name, action, errnoRet, errno } = rule;
  const isDouble = name && names?.length;
  const written = { action, number: { key: 'errnoRet', value: errnoRet }, name: { key: 'errno', value: errno } };
  return {
    ...checkedFields(RULE, rule),
    names: name && !isDouble ? [name] : (names ?? []),
    name: isDouble ? name : undefined,
    errnoRet: returnData(written, path, diagnostics),
  };
}

/** Returns the checked fields of an object, without its return data, which comes from two fields: see returnData. */
function checkedFields<Of extends FieldTable>({ kept }: Struct<Of>, valid: JsonObject): CheckedFields<Of> {
  const output = recordFor(kept);
  for (const [name, { kind, role }] of kept) {
    const value = Object.hasOwn(valid, name) ? (valid[name] ?? undefined) : undefined;
    if (value !== undefined) output[name] = checkedValue(kind, value);
    else output[name] = role === 'list' || role === 'expected' ? [] : undefined;
  }
  return output as CheckedFields<Of>; // The schema has validated each value.
}

function checkedValue(kind: Kind, value: unknown): unknown {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  switch (kind.type) {
    case 'kernel-version':
      return value === '' ? '0.0' : value;
    case 'unsigned':
      return isNumber ? Number(value) : value;
    case 'uint64':
      return isNumber ? BigInt(value) : value;
    case 'return-data':
      return undefined;
    case 'list':
      return Array.isArray(value) && !isText(kind.of) ? value.map((item) => checkedValue(kind.of, item)) : value;
    case 'struct':
      return isObject(value) ? checkedFields(kind, value) : value;
    default:
      return value;
  }
}

/** Whether values of a kind are strings that stay as they are. */
function isText({ type }: Kind): boolean {
  return type === 'text' || type === 'syscall' || type === 'name';
}

/** The fields that a document has for the return data of an action: a number and, for Podman, an errno by name. */
interface WrittenReturnData {
  readonly action: ActionName;
  readonly number: { readonly key: string; readonly value: number | bigint | null | undefined };
  readonly name: { readonly key: string; readonly value: string | null | undefined };
}

/** The largest SECCOMP_RET_DATA: libseccomp takes errnos below its MAX_ERRNO, 4095; a tracer's message has 16 bits. */
const LARGEST: ReadonlyMap<ActionName, number> = new Map([
  ['SCMP_ACT_ERRNO', 4094],
  ['SCMP_ACT_TRACE', 65_535],
]);

/**
 * Returns SECCOMP_RET_DATA as runtimes compute it; undefined for the default, EPERM. `path` is the path of the rule or
 * document that has the action.
 */
function returnData(
  { action, number, name }: WrittenReturnData,
  path: Path,
  diagnostics: Diagnostics,
): number | undefined {
  const named = name.value ? errnoByName(name.value, [...path, name.key], diagnostics) : undefined;
  const given = named ?? number.value ?? undefined;
  if (given === undefined) return undefined;
  const at = [...path, named === undefined ? number.key : name.key];
  const report = (kind: ProblemKind, message: string) => diagnostics.report(kind, at, message);
  if (named !== undefined && typeof number.value === 'number' && number.value !== named)
    report('notice', `${shown(name.value)} takes precedence over ${number.key} ${number.value}: keep one of them`);
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
