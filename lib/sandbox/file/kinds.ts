/**
 * The kinds of values in a sandbox file: each reads a value of the parsed document, and has the JSON Schema that editors
 * use. What a value means is checked later, as that of an option.
 */

import type { JsonSchema } from '../../profile/document/schema.js';
import { isObject, JsonNumber, shown } from '../../profile/json/value.js';
import { quoted } from '../../util/foreign-text.js';
import { emptyFields, type Path } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import type { Problems } from './problems.js';

export interface Kind<Value> {
  readonly json: JsonSchema;
  /** Returns a copy of the value; undefined if it can't be used, which has been reported. */
  read(value: unknown, path: Path, problems: Problems): Value | undefined;
}

/** The type of the values of a kind. */
export type ValueOf<Given> = Given extends Kind<infer Value> ? Value : never;

const WITHOUT_QUOTES = 'write it without quotes';

/** What to do about a value of another type; undefined if nothing is known. */
type Remedy = (value: unknown) => string | undefined;

/** @param expected - Completes "must be …". */
function refuse(problems: Problems, path: Path, expected: string, value: unknown, remedy?: Remedy): undefined {
  const advice = value === null ? 'leave it out' : remedy?.(value);
  const received = Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : shown(value);
  return problems.error(path, `must be ${expected}, not ${received}${advice === undefined ? '' : `: ${advice}`}`);
}

/** A text of at least so many characters. */
export function text(expected: string, remedy?: Remedy, least: 0 | 1 = 1): Kind<string> {
  return {
    json: { type: 'string', ...(least > 0 && { minLength: least }) },
    read(value, path, problems) {
      if (typeof value !== 'string') return refuse(problems, path, expected, value, remedy);
      if (value.length < least) return problems.error(path, `is empty: give ${expected}`);
      return value.includes('\0')
        ? problems.error(path, 'has a null byte, which no text may have here: remove it')
        : value;
    },
  };
}

/** A number, or a text that is no number in quotes. */
export function numberOrText(expected: string, json: JsonSchema): Kind<number | bigint | string> {
  const all = oneOf({ number: number(expected, json), string: text(expected) }, expected);
  return {
    ...all,
    read(value, path, problems) {
      const isNumber = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value);
      return isNumber ? refuse(problems, path, expected, value, () => WITHOUT_QUOTES) : all.read(value, path, problems);
    },
  };
}

export const FLAG: Kind<boolean> = {
  json: { type: 'boolean' },
  read(value, path, problems) {
    if (typeof value === 'boolean') return value;
    return refuse(problems, path, 'true or false', value, quotedFlag);
  },
};

/** What to do about a flag in quotes. */
export const quotedFlag: Remedy = (value) => (value === 'true' || value === 'false' ? WITHOUT_QUOTES : undefined);

/** One of several texts. */
export function choice<const Known extends string>(
  known: readonly Known[],
  remedy?: Remedy,
  expected = known.map((each) => quoted(each)).join(' or '),
): Kind<Known> {
  return {
    json: { type: 'string', enum: known },
    read(value, path, problems) {
      const found = known.find((each) => each === value);
      if (found !== undefined) return found;
      const meant = typeof value === 'string' ? suggest(value, known) : '';
      return refuse(problems, path, `${expected}${meant}`, value, remedy);
    },
  };
}

/** A number. Whether it is in its range is checked later. */
export function number(expected: string, json: JsonSchema, remedy?: Remedy): Kind<number | bigint> {
  return {
    json,
    read(value, path, problems) {
      if (value instanceof JsonNumber) {
        const read = Number(value.literal);
        const isExact = Number.isFinite(read) && (read !== 0 || /^-?0*(\.0*)?(e|$)/i.test(value.literal));
        return isExact ? read : problems.error(path, `${shown(value)} is no number that can be used: give ${expected}`);
      }
      if (typeof value === 'number' || typeof value === 'bigint') return value;
      const isNumber = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value);
      return refuse(problems, path, expected, value, (given) => (isNumber ? WITHOUT_QUOTES : remedy?.(given)));
    },
  };
}

/** A list. An element that can't be used is a hole in the result, so that the others keep their places. */
export function listOf<Value>(
  of: Kind<Value>,
  expected: string,
  most: number,
  remedy?: Remedy,
): Kind<(Value | undefined)[]> {
  return {
    json: { type: 'array', items: of.json, maxItems: most },
    read(value, path, problems) {
      if (!Array.isArray(value)) return refuse(problems, path, expected, value, remedy);
      if (value.length > most) return problems.error(path, `has ${value.length} elements: give at most ${most}`);
      return value.map((each, i) => of.read(each, [...path, i], problems));
    },
  };
}

/** A field of an object, and what editors say about it. */
export interface Field<Value> {
  readonly kind: Kind<Value>;
  readonly about: string;
  readonly isRequired?: true;
}

type Fields = Readonly<Record<string, Field<unknown>>>;

type ObjectOf<Given extends Fields> = { -readonly [Name in keyof Given]?: ValueOf<Given[Name]['kind']> | undefined };

/** What to do about an unknown key; undefined if nothing better is known than the names of the fields. */
export type KeyRemedy = (key: string) => string | undefined;

/** An object with these fields and no others. */
export function objectOf<Given extends Fields>(
  fields: Given,
  expected: string,
  ofKey?: KeyRemedy,
  ofValue?: Remedy,
): Kind<ObjectOf<Given>> {
  const names = Object.keys(fields);
  const required = names.filter((name) => Object.hasOwn(fields[name] ?? {}, 'isRequired'));
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(fields).map(([name, { kind, about }]) => [name, { description: about, ...kind.json }]),
      ),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: false,
    },
    read(value, path, problems) {
      if (!isObject(value)) return refuse(problems, path, expected, value, ofValue);
      const read = emptyFields();
      for (const key of Object.keys(value)) {
        if (value[key] === undefined) continue; // In an object that a program gives.
        const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
        if (field === undefined) problems.error([...path, key], unknownKey(key, names, ofKey));
        else read[key] = field.kind.read(value[key], [...path, key], problems);
      }
      for (const name of required)
        if (!Object.hasOwn(value, name)) problems.error(path, `is missing ${quoted(name)}: add it`);
      return read as ObjectOf<Given>;
    },
  };
}

function unknownKey(key: string, names: readonly string[], ofKey: KeyRemedy | undefined): string {
  const remedy = ofKey?.(key) ?? (suggest(key, names) || `the keys are ${names.join(', ')}`);
  return `is an unknown key${remedy.startsWith(' ') ? '' : ': '}${remedy}`;
}

/** An object with keys of the user's own, all of one kind. */
export function mapOf<Value>(of: Kind<Value>, expected: string): Kind<Record<string, Value | undefined>> {
  return {
    json: { type: 'object', additionalProperties: of.json },
    read(value, path, problems) {
      if (!isObject(value)) return refuse(problems, path, expected, value);
      const read = emptyFields();
      for (const key of Object.keys(value)) read[key] = of.read(value[key], [...path, key], problems);
      return read as Record<string, Value | undefined>;
    },
  };
}

/** A type of JSON by which one of several kinds is told. */
type Type = 'string' | 'number' | 'boolean' | 'list' | 'object';

function typeOf(value: unknown): Type | undefined {
  if (Array.isArray(value)) return 'list';
  if (value instanceof JsonNumber || typeof value === 'bigint') return 'number';
  if (isObject(value)) return 'object';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : undefined;
}

/** One of several kinds, which have different types. */
export function oneOf<Given extends Partial<Record<Type, Kind<unknown>>>>(
  kinds: Given,
  expected: string,
  remedy?: Remedy,
): Kind<ValueOf<Given[keyof Given]>> {
  const all = Object.values(kinds) as readonly Kind<unknown>[];
  return {
    json: { anyOf: all.map(({ json }) => json) },
    read(value, path, problems) {
      const type = typeOf(value);
      const kind = type === undefined || !Object.hasOwn(kinds, type) ? undefined : kinds[type];
      if (kind === undefined) return refuse(problems, path, expected, value, remedy);
      return kind.read(value, path, problems) as ValueOf<Given[keyof Given]> | undefined;
    },
  };
}
