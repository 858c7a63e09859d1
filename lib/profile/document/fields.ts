/** Which keys each format reads, and how: finds a document's fields as Go's encoding/json does, and tells of the others. */
import { emptyFields, type Path } from '../../util/own-data.js';
import { foldKey, isObject } from '../json/value.js';
import { type Diagnostics, hint, type ProblemKind, shown } from './diagnostics.js';
import type { ProfileFormat } from './options.js';

/** Far longer than a list of all names that can stand in it. */
export const LONGEST = 16_384;

/** How many comparisons a rule may have: no filter compares more often. */
export const MOST_ARGUMENTS = 4096;

type Kind = 'document' | 'archMap' | 'rule' | 'condition' | 'argument';

interface Field {
  /** What it holds, if objects: one, or an array of them. Rules are read one by one, after the rest. */
  readonly holds: Kind | undefined;
  /** How long an array may be. */
  readonly longest: number;
  /** What reads it, if not every format. */
  readonly formats: readonly ProfileFormat[] | undefined;
  /** What it means that a format does not read it; undefined: nothing, it is a comment. */
  readonly unread: readonly [kind: ProblemKind, message: string] | undefined;
}

/** A field of which only what is special is given. */
const FIELD: Field = { holds: undefined, longest: LONGEST, formats: undefined, unread: undefined };

const MOBY_AND_COMMON: readonly ProfileFormat[] = ['docker', 'podman'];

const CONDITION: Field = {
  ...FIELD,
  holds: 'condition',
  formats: MOBY_AND_COMMON,
  unread: ['widens', 'is not read: the rule counts on every host'],
};
const ERRNO_NAME: Field = {
  ...FIELD,
  formats: ['podman'],
  unread: ['notice', 'is not read: give the number as errnoRet or defaultErrnoRet'],
};

const FIELDS: Readonly<Record<Kind, Readonly<Record<string, Field>>>> = {
  document: {
    $schema: { ...FIELD, formats: [] },
    comment: { ...FIELD, formats: [] },
    defaultAction: FIELD,
    defaultErrnoRet: FIELD,
    defaultErrno: ERRNO_NAME,
    architectures: FIELD,
    archMap: {
      ...FIELD,
      holds: 'archMap',
      formats: MOBY_AND_COMMON,
      unread: ['notice', 'is not read: only the native ABI is decided; list the others as architectures'],
    },
    flags: FIELD,
    listenerPath: FIELD,
    listenerMetadata: FIELD,
    syscalls: { ...FIELD, longest: Number.POSITIVE_INFINITY },
  },
  archMap: { architecture: FIELD, subArchitectures: FIELD },
  rule: {
    names: FIELD,
    name: { ...FIELD, formats: MOBY_AND_COMMON, unread: ['drops', 'is not read: write names'] },
    action: FIELD,
    errnoRet: FIELD,
    errno: ERRNO_NAME,
    args: { ...FIELD, holds: 'argument', longest: MOST_ARGUMENTS },
    comment: { ...FIELD, formats: MOBY_AND_COMMON },
    includes: CONDITION,
    excludes: CONDITION,
  },
  condition: {
    caps: FIELD,
    arches: FIELD,
    minKernel: {
      ...FIELD,
      formats: ['docker'],
      unread: ['widens', 'is not read: the rule counts on every kernel'],
    },
  },
  argument: { index: FIELD, value: FIELD, valueTwo: FIELD, op: FIELD },
};

const byFoldedName = (kind: Kind): ReadonlyMap<string, string> =>
  new Map(Object.keys(FIELDS[kind]).map((name) => [foldKey(name), name]));

const BY_FOLDED_NAME: Readonly<Record<Kind, ReadonlyMap<string, string>>> = {
  document: byFoldedName('document'),
  archMap: byFoldedName('archMap'),
  rule: byFoldedName('rule'),
  condition: byFoldedName('condition'),
  argument: byFoldedName('argument'),
};

/** How a document is read, and where diagnostics on it go. */
export interface KeyReading {
  readonly format: ProfileFormat;
  readonly diagnostics: Diagnostics;
}

/** `input` with the fields that the format reads, under their own names. What is no object stays none, for the schema. */
export function readFields(input: unknown, reading: KeyReading, keys: Path, kind: Kind = 'document'): unknown {
  if (!isObject(input)) return noObject(input);
  const { format, diagnostics } = reading;
  const output = emptyFields();
  for (const key of Object.keys(input)) {
    const name = nameOf(key, kind);
    if (name !== key && diagnostics.accepts('mistake')) remarkOnKey([...keys, key], name, kind, diagnostics);
    if (name === undefined) continue;
    const field = FIELDS[kind][name] ?? FIELD;
    const value = input[key] ?? undefined;
    if (!isRead(field, value, format)) remarkOnUnread([...keys, key], field, value, diagnostics);
    else output[name] = typeof value === 'object' ? readValue(value, reading, [...keys, key], field) : value;
  }
  if (kind === 'argument' && diagnostics.mode === 'compat') addZeros(output, diagnostics, keys);
  return output;
}

/** To the schema an array would be an object, and so would a number that is kept as it was written. */
function noObject(input: unknown): unknown {
  return typeof input === 'object' && input !== null ? false : input;
}

/** The field that a key names. */
function nameOf(key: string, kind: Kind): string | undefined {
  return Object.hasOwn(FIELDS[kind], key) ? key : BY_FOLDED_NAME[kind].get(foldKey(key));
}

/** Remarks on a key that is not simply the name of a field. */
function remarkOnKey(keys: Path, name: string | undefined, kind: Kind, diagnostics: Diagnostics): void {
  const key = keys.at(-1);
  if (name === undefined)
    diagnostics.report(
      'mistake',
      keys,
      `unknown key ${shown(key)}${hint(diagnostics, key, () => Object.keys(FIELDS[kind]))}`,
    );
  else diagnostics.report('notice', keys, `${shown(key)} is read as ${name}: write it so`);
}

function remarkOnUnread(keys: Path, { unread }: Field, value: unknown, diagnostics: Diagnostics): void {
  if (unread === undefined || value === undefined) return;
  const [kind, message] = unread;
  const isEmpty = isObject(value) && Object.keys(value).length === 0; // A condition that asks for nothing.
  diagnostics.report(isEmpty ? 'notice' : kind, keys, message);
}

/** Whether the format reads a field. A comment is kept, whoever reads it. */
function isRead({ formats, unread }: Field, value: unknown, format: ProfileFormat): boolean {
  return formats === undefined || formats.includes(format) || (unread === undefined && typeof value === 'string');
}

function readValue(value: unknown, reading: KeyReading, keys: Path, field: Field): unknown {
  const { holds, longest } = field;
  if (holds === 'condition') return readFields(value, reading, keys, holds);
  if (!Array.isArray(value)) return value;
  if (value.length > longest) {
    const message = `${value.length} are far more than a filter can hold: leave some out`;
    reading.diagnostics.report('refused', keys, message);
    return undefined;
  }
  return holds === undefined ? value : value.map((item, i) => readFields(item, reading, [...keys, i], holds));
}

/** Go takes a number that is absent for 0. */
function addZeros(argument: Record<string, unknown>, diagnostics: Diagnostics, keys: Path): void {
  for (const name of ['index', 'value']) {
    if (argument[name] !== undefined && argument[name] !== null) continue;
    argument[name] = 0;
    diagnostics.report('notice', keys, `is missing: ${name}; it is read as 0`);
  }
}
