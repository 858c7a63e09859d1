/**
 * Merges repeated keys of an object as Go's encoding/json does: it decodes their values one after the other into the
 * same field, and refuses the document if one of them has the wrong type.
 */
import { emptyFields, type Path } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import type { Entries } from '../json/parser.js';
import { foldKey, isObject, shown } from '../json/value.js';
import { type Diagnostics, MOST_DIAGNOSTICS, type ProblemKind } from './diagnostics.js';
import { DOCUMENT, type FieldTable, KERNEL_VERSION, type Kind, type Struct } from './fields.js';

/** Reports a repeated key, or a problem with a value that another one replaces. */
type Report = (kind: ProblemKind, path: Path, message: string) => void;

/** The context of decoding one document. */
interface Decoding {
  /** All entries of the objects that repeat a key. */
  readonly entries: Entries;
  readonly report: Report;
}

/** The context of decoding one value. */
interface Place extends Decoding {
  readonly path: Path;
  /** Whether a later value replaces this one, so that the schema does not see it. */
  readonly isReplaced: boolean;
}

/**
 * Decodes `json` into a field that has the value `before`, or undefined if it has none. Returns the field's new value.
 */
type Decoder = (before: unknown, json: unknown, place: Place) => unknown;

/** The repeated keys of a document, and the collector of problems with them. */
export interface Repeats {
  readonly entries: Entries;
  /** Paths of keys that an object repeats exactly. Keys may also differ in case. */
  readonly repeats: readonly Path[];
  readonly diagnostics: Diagnostics;
}

/**
 * Merges the values of repeated keys, whatever their case, in a profile or in a whole config.json. In the result, no
 * object names a field twice.
 */
export function mergeRepeatedKeys(document: unknown, { entries, repeats, diagnostics }: Repeats): unknown {
  if (entries.size === 0 && isExact(document, DOCUMENT)) return document;
  const problems = new Map<string, Parameters<Report>>();
  const report: Report = (kind, path, message) => {
    if (problems.size <= MOST_DIAGNOSTICS) problems.set(structuralKey([...path, kind]), [kind, path, message]);
  };
  for (const path of repeats) report('mistake', path, `the key ${shown(path.at(-1))} is repeated`);
  const merged = toJson(CONFIG(undefined, document, { entries, report, path: [], isReplaced: false }));
  for (const problem of problems.values()) diagnostics.report(...problem);
  return merged;
}

/**
 * Fast path: whether every key that Go decodes into a field has exactly its name, so that no two of them name one field.
 * False for a config.json, whose profile is inside.
 */
function isExact(value: unknown, { fields, byFoldedKey }: Struct): boolean {
  if (!isObject(value)) return true;
  for (const key of Object.keys(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const folded = field === undefined ? foldKey(key) : '';
    if (byFoldedKey.has(folded) || folded === 'linux') return false;
    if (field !== undefined && !isExactValue(value[key], field.kind)) return false;
  }
  return true;
}

function isExactValue(value: unknown, kind: Kind): boolean {
  if (kind.type === 'struct') return isExact(value, kind);
  if (kind.type !== 'list' || kind.of.type !== 'struct' || !Array.isArray(value)) return true;
  const { of } = kind;
  return value.every((element) => isExact(element, of));
}

/** An object that is being decoded: values by the name of their field, or by their key if no field has that name. */
class PartialObject {
  readonly fields = new Map<string, { readonly key: string; readonly value: unknown }>();
}

/**
 * A list that is being decoded. When a shorter list is decoded into it, Go keeps the elements beyond its end, and
 * decodes into them if a longer list follows.
 */
class PartialList {
  readonly elements: unknown[] = [];
  length = 0;
}

/** Returns a decoded value as plain objects and arrays. */
function toJson(value: unknown): unknown {
  if (value instanceof PartialList) return value.elements.slice(0, value.length).map(toJson);
  if (!(value instanceof PartialObject)) return value;
  const fields = emptyFields();
  for (const { key, value: field } of value.fields.values()) fields[key] = toJson(field);
  return fields;
}

/** Handles a value of the wrong type. The schema reports it, unless another value replaces it. */
function wrong(before: unknown, json: unknown, { path, isReplaced, report }: Place, wanted: string): unknown {
  if (!isReplaced) return json;
  const message = `${shown(json)} must be ${wanted}, even though the key is repeated: runtimes refuse the document`;
  report('refused', path, message);
  return before;
}

/** Decodes a scalar. Null leaves the value as it was. */
function scalar(wanted: string, accepts: (json: unknown) => boolean): Decoder {
  return (before, json, place) => {
    if (json === null && before !== undefined) return before;
    return json === null || accepts(json) ? json : wrong(before, json, place, wanted);
  };
}

/** Decodes a Go pointer. Null resets it. */
const pointer =
  (to: Decoder): Decoder =>
  (before, json, place) =>
    json === null ? null : to(before ?? undefined, json, place);

const list =
  (of: Decoder): Decoder =>
  (before, json, place) => {
    if (json === null) return null;
    if (!Array.isArray(json)) return wrong(before, json, place, 'an array');
    // For an empty list, Go makes a new one and forgets the elements of the old one.
    const made = before instanceof PartialList && json.length > 0 ? before : new PartialList();
    json.forEach((item, i) => {
      const element = i < made.elements.length ? made.elements[i] : undefined;
      made.elements[i] = of(element, item, { ...place, path: [...place.path, i] });
    });
    made.length = json.length;
    return made;
  };

function struct(decoders: Readonly<Record<string, Decoder>>): Decoder {
  const names = new Map(Object.keys(decoders).map((name) => [foldKey(name), name]));
  return (before, json, place) => {
    if (!isObject(json)) return wrong(before, json, place, 'an object');
    const made = before instanceof PartialObject ? before : new PartialObject();
    const entries = place.entries.get(json) ?? Object.entries(json);
    const nameOf = (key: string) => (Object.hasOwn(decoders, key) ? key : (names.get(foldKey(key)) ?? key));
    const last = new Map(entries.map(([key], i) => [nameOf(key), i]));
    const seen = new Map<string, string>();
    entries.forEach(([key, item], i) => {
      const name = nameOf(key);
      const path = [...place.path, key];
      if ((seen.get(name) ?? key) !== key) place.report('mistake', path, `the key ${name} is repeated`);
      seen.set(name, key);
      const known = made.fields.get(name);
      const isReplaced = place.isReplaced || last.get(name) !== i;
      const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
      const value = decode === undefined ? item : decode(known?.value, item, { ...place, path, isReplaced });
      made.fields.delete(name); // So that the field takes the place of its last key.
      made.fields.set(name, { key, value });
    });
    return made;
  };
}

const text = scalar('a string', (json) => typeof json === 'string');

const listOfTexts = list(text);

/** A list of strings. Unless the key is repeated, it is left as it is, for the schema. */
const texts: Decoder = (before, json, place) =>
  before === undefined && !place.isReplaced ? json : listOfTexts(before, json, place);

const unsigned = scalar(
  'an unsigned integer of 64 bits',
  (json) => (typeof json === 'number' || typeof json === 'bigint') && BigInt.asUintN(64, BigInt(json)) === BigInt(json),
);

/** Decodes a KernelVersion of moby/profiles. An empty string leaves it as it was. */
const version: Decoder = (before, json, place) => {
  if (json === '' && typeof before === 'string') return before;
  if (typeof json === 'string' && KERNEL_VERSION.test(json)) return json;
  return wrong(before, json, place, 'a kernel version such as "4.8"');
};

/** Decodes a kind of value by its type in moby/profiles and containers/common. */
function decoderOf(kind: Kind): Decoder {
  switch (kind.type) {
    case 'text':
    case 'syscall':
    case 'name':
      return text;
    case 'kernel-version':
      return pointer(version);
    case 'unsigned':
    case 'uint64':
      return unsigned;
    case 'return-data':
      return pointer(unsigned);
    case 'list': {
      const item = decoderOf(kind.of);
      return item === text ? texts : list(item);
    }
    case 'struct':
      return pointer(struct(decodersOf(kind.fields)));
  }
}

/** Decoders of the fields that some runtime reads. */
function decodersOf(fields: FieldTable): Readonly<Record<string, Decoder>> {
  const read = Object.entries(fields).filter(([, { formats }]) => formats === undefined || formats.length > 0);
  return Object.fromEntries(read.map(([name, { kind }]) => [name, decoderOf(kind)]));
}

const SECCOMP = decodersOf(DOCUMENT.fields);

/** A profile, or a config.json with one inside. */
const CONFIG = pointer(struct({ ...SECCOMP, linux: pointer(struct({ seccomp: pointer(struct(SECCOMP)) })) }));
