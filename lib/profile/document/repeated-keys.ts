/**
 * Keys that stand twice in an object, as Go's encoding/json reads them: it decodes each value in turn into what the values
 * before it have left, and refuses the document if any of them is of the wrong type.
 */
import { emptyFields, type Path } from '../../util/own-data.js';
import { structuralKey } from '../../util/structural-key.js';
import type { Entries } from '../json/parser.js';
import { foldKey, isObject } from '../json/value.js';
import { type Diagnostics, MOST_DIAGNOSTICS, type ProblemKind, shown } from './diagnostics.js';
import { DOCUMENT, type Fields, KERNEL_VERSION, type Kind } from './fields.js';

/** Reports a repeated key, or a problem with a value that another one replaces. */
type Report = (kind: ProblemKind, path: Path, message: string) => void;

/** What is the same wherever a value is decoded. */
interface Decoding {
  /** The entries of the objects in which a key stands twice. */
  readonly entries: Entries;
  readonly report: Report;
}

/** Where a value is decoded. */
interface Place extends Decoding {
  readonly path: Path;
  /** Whether another value follows for the same field, so that the schema does not see this one. */
  readonly isReplaced: boolean;
}

/** Decodes `json` into the field that has the value `before`, undefined if none, and returns the field's new value. */
type Decoder = (before: unknown, json: unknown, place: Place) => unknown;

/** The repeated keys of a document, and where problems with them are reported. */
export interface Repeats {
  readonly entries: Entries;
  /** Paths of keys that an object repeats exactly. Keys may also differ in case. */
  readonly repeats: readonly Path[];
  readonly diagnostics: Diagnostics;
}

/**
 * Merges the values of repeated keys, whatever their case, in a profile or in a whole config.json. In the result, no object
 * names a field twice.
 */
export function mergeRepeatedKeys(document: unknown, { entries, repeats, diagnostics }: Repeats): unknown {
  const problems = new Map<string, Parameters<Report>>();
  const report: Report = (kind, path, message) => {
    if (problems.size <= MOST_DIAGNOSTICS) problems.set(structuralKey([...path, kind]), [kind, path, message]);
  };
  for (const path of repeats) report('mistake', path, `the key ${shown(path.at(-1))} stands here twice`);
  const merged = toJson(CONFIG(undefined, document, { entries, report, path: [], isReplaced: false }));
  for (const problem of problems.values()) diagnostics.report(...problem);
  return merged;
}

/** Fields of an object while it is decoded, by the name of the field, or by the key where it names none. */
class Struct {
  readonly fields = new Map<string, { readonly key: string; readonly value: unknown }>();
}

/**
 * A list while it is decoded. Go keeps the elements beyond a shorter list that follows, and decodes into them again if a
 * longer one follows that.
 */
class List {
  readonly elements: unknown[] = [];
  length = 0;
}

/** The value as JSON has it. */
function toJson(value: unknown): unknown {
  if (value instanceof List) return value.elements.slice(0, value.length).map(toJson);
  if (!(value instanceof Struct)) return value;
  const fields = emptyFields();
  for (const { key, value: field } of value.fields.values()) fields[key] = toJson(field);
  return fields;
}

/** A value of the wrong type. The schema tells, unless it does not see the value. */
function wrong(before: unknown, json: unknown, { path, isReplaced, report }: Place, wanted: string): unknown {
  if (!isReplaced) return json;
  const message = `${shown(json)} must be ${wanted}, although the key stands here twice: runtimes refuse the document`;
  report('refused', path, message);
  return before;
}

/** A value of a type that `null` leaves as it was. */
function scalar(wanted: string, accepts: (json: unknown) => boolean): Decoder {
  return (before, json, place) => {
    if (json === null && before !== undefined) return before;
    return json === null || accepts(json) ? json : wrong(before, json, place, wanted);
  };
}

/** A pointer: `null` resets it. */
const pointer =
  (to: Decoder): Decoder =>
  (before, json, place) =>
    json === null ? null : to(before ?? undefined, json, place);

const list =
  (of: Decoder): Decoder =>
  (before, json, place) => {
    if (json === null) return null;
    if (!Array.isArray(json)) return wrong(before, json, place, 'an array');
    // Go makes an empty list anew, without the elements that there were.
    const made = before instanceof List && json.length > 0 ? before : new List();
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
    const made = before instanceof Struct ? before : new Struct();
    const entries = place.entries.get(json) ?? Object.entries(json);
    const nameOf = (key: string) => (Object.hasOwn(decoders, key) ? key : (names.get(foldKey(key)) ?? key));
    const last = new Map(entries.map(([key], i) => [nameOf(key), i]));
    const seen = new Map<string, string>();
    entries.forEach(([key, item], i) => {
      const name = nameOf(key);
      const path = [...place.path, key];
      if ((seen.get(name) ?? key) !== key) place.report('mistake', path, `the key ${name} stands here twice`);
      seen.set(name, key);
      const known = made.fields.get(name);
      const isReplaced = place.isReplaced || last.get(name) !== i;
      const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
      const value = decode === undefined ? item : decode(known?.value, item, { ...place, path, isReplaced });
      made.fields.delete(name); // The order is that of the last ones.
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
  'an unsigned whole number of 64 bits',
  (json) => (typeof json === 'number' || typeof json === 'bigint') && BigInt.asUintN(64, BigInt(json)) === BigInt(json),
);

/** moby's KernelVersion, which an empty string leaves as it was. */
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
function decodersOf(fields: Fields): Readonly<Record<string, Decoder>> {
  const read = Object.entries(fields).filter(([, { formats }]) => formats === undefined || formats.length > 0);
  return Object.fromEntries(read.map(([name, { kind }]) => [name, decoderOf(kind)]));
}

const SECCOMP = decodersOf(DOCUMENT.fields);

/** A profile, or a config.json with one inside. */
const CONFIG = pointer(struct({ ...SECCOMP, linux: pointer(struct({ seccomp: pointer(struct(SECCOMP)) })) }));
