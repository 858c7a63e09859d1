/**
 * The schema of a document, made from the table of fields: validates types, names and ranges, and produces the JSON
 * Schema.
 *
 * No validation library is used, because properties of `Object.prototype` must not change the result: only own
 * properties are read.
 */
import type { Path } from '../../util/own-data.js';
import { isObject, type JsonObject, shown } from '../json/value.js';
import { type Diagnostics, hint, type ProblemKind } from './diagnostics.js';
import * as table from './fields.js';
import { type FieldTable, KERNEL_VERSION, type Kind } from './fields.js';
import type { ValidHead, ValidRule } from './types.js';

/** A JSON Schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema of a kind of value. */
export interface Schema<Value> {
  readonly json: JsonSchema;
  /** Reports what is wrong with a value. Returns false if the value cannot be used at all. */
  accepts(value: unknown, path: Path, diagnostics: Diagnostics): value is Value;
}

function refuse(diagnostics: Diagnostics, path: Path, message: string, kind: ProblemKind = 'refused'): false {
  diagnostics.report(kind, path, message);
  return false;
}

const TEXT: Schema<string> = {
  json: { type: 'string' },
  accepts(value, path, diagnostics): value is string {
    return typeof value === 'string' || refuse(diagnostics, path, 'must be a string');
  },
};

const VERSION: Schema<string> = {
  json: { type: 'string', pattern: KERNEL_VERSION.source },
  accepts(value, path, diagnostics): value is string {
    if (typeof value !== 'string') return refuse(diagnostics, path, 'must be a string such as "4.8"');
    if (!KERNEL_VERSION.test(value)) refuse(diagnostics, path, `${shown(value)} is not a kernel version such as "4.8"`);
    return true;
  },
};

const UINT64_MAX = 2n ** 64n - 1n;

/** `what` describes the number in messages. */
function unsigned(maximum: number | bigint, what: string): Schema<number | bigint> {
  return {
    json: { type: 'integer', minimum: 0, maximum: Number(maximum) },
    accepts(value, path, diagnostics): value is number | bigint {
      const isExact = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
      if (!isExact || value < 0) {
        const isTooLarge = Number.isInteger(value) && Number(value) > Number.MAX_SAFE_INTEGER;
        const problem = isTooLarge
          ? 'is too large for an exact number: use a bigint'
          : `must be an unsigned integer: ${what}`;
        return refuse(diagnostics, path, `${shown(value)} ${problem}`);
      }
      if (value > maximum) refuse(diagnostics, path, `${value} is out of range: ${what} is 0 to ${maximum}`);
      return true;
    },
  };
}

function nameOf({ what, names }: table.Name): Schema<string> {
  const known: ReadonlySet<unknown> = new Set(names);
  return {
    json: { enum: names, type: 'string' },
    accepts(value, path, diagnostics): value is string {
      if (known.has(value)) return true;
      if (typeof value === 'object' && value !== null) return refuse(diagnostics, path, 'must be a string');
      return refuse(diagnostics, path, `unknown ${what} ${shown(value)}${hint(diagnostics, value, () => names)}`);
    },
  };
}

/** A name that runtimes compare with those that they know. They accept an unknown one, which never matches. */
function comparedName({ what, names }: table.Name): Schema<string> {
  const known: ReadonlySet<string> = new Set(names);
  return {
    json: { type: 'string', enum: names },
    accepts(value, path, diagnostics): value is string {
      if (typeof value !== 'string') return refuse(diagnostics, path, 'must be a string');
      if (!diagnostics.accepts('mistake') || known.has(value)) return true;
      const suggestion = hint(diagnostics, value, () => names);
      refuse(diagnostics, path, `unknown ${what} ${shown(value)}${suggestion}`, 'mistake');
      return true;
    },
  };
}

function listOf({ of, what }: Pick<table.List, 'of' | 'what'>): Schema<readonly unknown[]> {
  const item = schemaOf(of);
  return {
    json: { type: 'array', items: item.json },
    accepts(value, path, diagnostics): value is readonly unknown[] {
      if (!Array.isArray(value)) return refuse(diagnostics, path, `must be an array of ${what}`);
      let isValid = true;
      for (let i = 0; i < value.length && !diagnostics.full; i++) {
        if (!item.accepts(value[i], [...path, i], diagnostics)) isValid = false;
      }
      return isValid && !diagnostics.full;
    },
  };
}

/**
 * The schema of an object with these fields. Unknown keys have been reported before. `others` replaces the schemas of
 * some fields. `Value` is the type that follows from the fields.
 */
function objectOf<Value>(
  fields: FieldTable,
  others: Readonly<Record<string, Schema<unknown>>> = {},
): Schema<Value & JsonObject> {
  const members = Object.entries(fields).map(([name, { kind, role }]) => {
    const schema = Object.hasOwn(others, name) ? others[name] : undefined;
    return { name, schema: schema ?? schemaOf(kind), isRequired: role === 'required' };
  });
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(
        members.map(({ name, schema: { json }, isRequired }) => [
          name,
          isRequired ? json : { anyOf: [json, { type: 'null' }] },
        ]),
      ),
      required: members.filter(({ isRequired }) => isRequired).map(({ name }) => name),
      additionalProperties: false,
    },
    accepts(value, path, diagnostics): value is Value & JsonObject {
      if (!isObject(value)) return refuse(diagnostics, path, 'must be an object');
      let isValid = true;
      for (const { name, schema, isRequired } of members) {
        const item = Object.hasOwn(value, name) ? value[name] : undefined;
        if (!isRequired && (item === undefined || item === null)) continue;
        if (isRequired && !Object.hasOwn(value, name))
          isValid = refuse(diagnostics, [...path, name], `is missing: ${name}`);
        else if (!schema.accepts(item, [...path, name], diagnostics)) isValid = false;
      }
      return isValid;
    },
  };
}

function schemaOf(kind: Kind): Schema<unknown> {
  switch (kind.type) {
    case 'text':
    case 'syscall':
      return TEXT;
    case 'kernel-version':
      return VERSION;
    case 'unsigned':
      return unsigned(kind.maximum, kind.what);
    case 'uint64':
    case 'return-data':
      return unsigned(UINT64_MAX, kind.what);
    case 'name':
      return kind.isOnlyCompared ? comparedName(kind) : nameOf(kind);
    case 'list':
      return listOf(kind);
    case 'struct':
      return objectOf(kind.fields);
  }
}

/** The schema of a rule. */
export const RULE_SCHEMA = objectOf<ValidRule>(table.RULE.fields);

const RULES: Schema<readonly unknown[]> = {
  json: {},
  accepts(value, path, diagnostics): value is readonly unknown[] {
    return Array.isArray(value) || refuse(diagnostics, path, 'must be an array of rules');
  },
};

/** The schema of a document whose rules are only checked to be an array. The rules are validated one by one. */
export const HEAD_SCHEMA = objectOf<ValidHead>(table.DOCUMENT.fields, { syscalls: RULES });

/** The JSON Schema of a whole document. */
export function jsonSchema(): JsonSchema {
  return schemaOf(table.DOCUMENT).json;
}
