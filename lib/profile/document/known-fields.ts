/** Finds the known fields of a document's objects, as Go's encoding/json does, and reports the other keys. */
import { emptyFields, type Path } from '../../util/own-data.js';
import { foldKey, isObject, shown } from '../json/value.js';
import { type Diagnostics, hint } from './diagnostics.js';
import { type Field, LONGEST, RULE, type Struct } from './fields.js';
import type { ProfileFormat } from './options.js';

/** The format by which a document is read, and the collector of problems. */
export interface Reading {
  readonly format: ProfileFormat;
  readonly diagnostics: Diagnostics;
}

/**
 * Returns a copy of an object with the fields that the format reads, under their own names. Objects in it are copied
 * likewise, except for the rules of a document. Of other values, an array or a JsonNumber becomes `false`, and the rest
 * is returned as it is: no schema of an object accepts them.
 */
export function readKnownFields(input: unknown, struct: Struct, reading: Reading, path: Path): unknown {
  if (!isObject(input)) return typeof input === 'object' && input !== null ? false : input;
  const { format, diagnostics } = reading;
  const output = emptyFields();
  for (const key of Object.keys(input)) {
    const name = fieldName(key, struct);
    const field = name === undefined ? undefined : struct.fields[name];
    if (name !== key && diagnostics.accepts('mistake')) reportKey([...path, key], name, struct, diagnostics);
    if (name === undefined || field === undefined) continue;
    const value = input[key] ?? undefined;
    if (!isReadBy(format, field, value)) reportUnread([...path, key], field, value, diagnostics);
    else output[name] = readValue(value, field, reading, path, key);
  }
  if (diagnostics.mode === 'compat') addZeros(output, struct, diagnostics, path);
  return output;
}

/** Returns the name of the field that a key names, as Go compares keys; undefined for an unknown key. */
function fieldName(key: string, { fields, byFoldedKey }: Struct): string | undefined {
  return Object.hasOwn(fields, key) ? key : byFoldedKey.get(foldKey(key));
}

/** Reports a key that is not exactly the name of a field. */
function reportKey(path: Path, name: string | undefined, { fields }: Struct, diagnostics: Diagnostics): void {
  const key = path.at(-1);
  if (name !== undefined) diagnostics.report('notice', path, `${shown(key)} is read as ${name}: write ${name}`);
  else {
    const suggestion = hint(diagnostics, key, () => Object.keys(fields));
    diagnostics.report('mistake', path, `unknown key ${shown(key)}${suggestion}`);
  }
}

/** Whether a format reads a field. A comment is kept even if the format does not read it. */
function isReadBy(format: ProfileFormat, { formats, whenUnread }: Field, value: unknown): boolean {
  if (formats === undefined || formats.includes(format)) return true;
  return whenUnread === undefined && typeof value === 'string';
}

function reportUnread(path: Path, { whenUnread }: Field, value: unknown, diagnostics: Diagnostics): void {
  if (whenUnread === undefined || value === undefined) return;
  const [kind, message] = whenUnread;
  const isWithoutEffect = isObject(value) && Object.keys(value).length === 0;
  diagnostics.report(isWithoutEffect ? 'notice' : kind, path, message);
}

/** Reads the value of a field that `key` names, in the object at `parent`. */
function readValue(value: unknown, { kind }: Field, reading: Reading, parent: Path, key: string): unknown {
  if (typeof value !== 'object') return value;
  const path = [...parent, key];
  if (kind.type === 'struct') return readKnownFields(value, kind, reading, path);
  if (!Array.isArray(value)) return value;
  const longest = kind.type === 'list' ? kind.longest : LONGEST;
  if (value.length > longest) {
    const message = `has ${value.length} elements, far more than a filter can hold: the limit is ${longest}`;
    reading.diagnostics.report('refused', path, message);
    return undefined;
  }
  if (kind.type !== 'list' || kind.of.type !== 'struct' || kind.of === RULE) return value;
  const { of } = kind;
  return value.map((item, i) => readKnownFields(item, of, reading, [...path, i]));
}

/** Sets required numbers that are absent to 0, as Go does. */
function addZeros(output: Record<string, unknown>, { kept }: Struct, diagnostics: Diagnostics, path: Path): void {
  for (const [name, { kind, role }] of kept) {
    const isNumber = kind.type === 'unsigned' || kind.type === 'uint64';
    if (role !== 'required' || !isNumber || (output[name] ?? undefined) !== undefined) continue;
    output[name] = 0;
    diagnostics.report('notice', path, `is missing: ${name}; it is read as 0`);
  }
}
