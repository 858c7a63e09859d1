/**
 * Fast path for valid rules. Accepts the common shapes; returns null for everything else, which the slower schema then
 * validates and diagnoses.
 */
import { syscallNames } from '../../syscalls/table.js';
import { recordFor } from '../../util/own-data.js';
import { isObject, type JsonObject } from '../json/value.js';
import { hasUnreadValue } from './cross-field-checks.js';
import {
  type Field,
  type FieldTable,
  KERNEL_VERSION,
  type Kind,
  type List,
  type Role,
  RULE,
  type Struct,
} from './fields.js';
import { isReadBy } from './known-fields.js';
import type { ProfileFormat } from './options.js';
import type { CheckedFields, Rule } from './types.js';

/**
 * Converts a value to its form in a checked document. Returns null if the schema has to validate the value, as it has
 * to for null itself.
 */
type Reader = (input: unknown, format: ProfileFormat) => unknown;

const ruleOf = objectReader(RULE);

/** Returns the checked rule if there is nothing to report about it, else null. */
export function fastRule(input: unknown, format: ProfileFormat): Rule | null {
  const rule = ruleOf(input, format);
  return rule === null || rule.args.some(hasUnreadValue) ? null : rule;
}

/** Reads objects that have no other keys than their fields. */
function objectReader<Of extends FieldTable>({
  kept,
}: Struct<Of>): (input: unknown, format: ProfileFormat) => CheckedFields<Of> | null {
  const members = kept.map(([name, field]) => [name, fieldReader(field)] as const);
  const names: ReadonlySet<string> = new Set(kept.map(([name]) => name));
  return (input, format) => {
    if (!hasOnly(input, names)) return null;
    const output = recordFor(members);
    for (const [name, read] of members) {
      const value = read(input[name], format);
      if (value === null) return null;
      output[name] = value;
    }
    return output as CheckedFields<Of>; // Each field has what its reader returned.
  };
}

/** Reads a field, which may be absent. */
function fieldReader(field: Field): Reader {
  const { kind, role } = field;
  const read = readerOf(kind);
  return (input, format) => {
    if (input === undefined) return whenAbsent(role);
    if (role === 'older' || !isReadBy(format, field, input)) return null;
    const value = read(input, format);
    return role === 'expected' && Array.isArray(value) && value.length === 0 ? null : value;
  };
}

function whenAbsent(role: Role): undefined | null | readonly never[] {
  if (role === 'list') return [];
  return role === 'required' || role === 'expected' ? null : undefined;
}

function hasOnly(input: unknown, names: ReadonlySet<string>): input is JsonObject {
  if (!isObject(input)) return false;
  for (const key of Object.keys(input)) if (!names.has(key)) return false;
  return true;
}

function readerOf(kind: Kind): Reader {
  switch (kind.type) {
    case 'text':
      return (input) => (typeof input === 'string' ? input : null);
    case 'syscall':
      return (input) => (typeof input === 'string' && syscallNames().has(input) ? input : null);
    case 'kernel-version':
      return (input) => (typeof input === 'string' && input !== '' && KERNEL_VERSION.test(input) ? input : null);
    case 'unsigned':
      return (input) => (isUnsigned(input) && input <= kind.maximum ? input : null);
    case 'uint64':
      return uint64;
    case 'return-data':
      return () => null; // Its range depends on the action.
    case 'name': {
      const known: ReadonlySet<unknown> = new Set(kind.names);
      return (input) => (known.has(input) ? input : null);
    }
    case 'list':
      return listReader(kind);
    case 'struct':
      return objectReader(kind);
  }
}

function isUnsigned(input: unknown): input is number {
  return typeof input === 'number' && Number.isSafeInteger(input) && input >= 0;
}

function uint64(input: unknown): bigint | null {
  if (typeof input === 'bigint') return BigInt.asUintN(64, input) === input ? input : null;
  return isUnsigned(input) ? BigInt(input) : null;
}

function listReader({ of, longest }: List): Reader {
  if (of.type === 'syscall') return namesReader(longest);
  const read = readerOf(of);
  return (input, format) => {
    if (!Array.isArray(input) || input.length > longest) return null;
    const output: unknown[] = [];
    for (const item of input) {
      const value = read(item, format);
      if (value === null || value === undefined) return null;
      output.push(value);
    }
    return output;
  };
}

/** Reads a list of syscall names, which most values of a profile are. A plain loop is faster than listReader. */
function namesReader(longest: number): Reader {
  return (input) => {
    if (!Array.isArray(input) || input.length > longest) return null;
    const names = syscallNames();
    const output: string[] = [];
    for (const item of input) {
      if (typeof item !== 'string' || !names.has(item)) return null;
      output.push(item);
    }
    return output;
  };
}
