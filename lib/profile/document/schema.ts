/** What is valid in a document whose keys are known: types, names out of lists, ranges. The JSON Schema is made from it. */
import { ABIS } from '../../syscalls/abi.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import type { Path } from '../../util/own-data.js';
import { isObject, type JsonObject } from '../json/value.js';
import { type Diagnostics, hint, type ProblemKind, shown } from './diagnostics.js';
import {
  ACTIONS,
  ARCHITECTURES,
  type ArchMapEntry,
  type ArgumentDocument,
  type ConditionDocument,
  FLAGS,
  OPERATORS,
  type ProfileDocument,
  type RuleDocument,
} from './types.js';

/** A JSON Schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A kind of value. A validation library would do, but for two things: the documents that are checked have no prototype,
 * and nothing that is on `Object.prototype` may change what is found in them.
 */
export interface Schema<Value> {
  readonly json: JsonSchema;
  /** Reports what is wrong with a value, at `path`; false: it is not of this kind. */
  accepts(value: unknown, path: Path, diagnostics: Diagnostics): value is Value;
}

/** A document without its rules, and a rule: as written, with nulls for what is absent. */
export type ValidHead = Omit<ProfileDocument, 'syscalls'>;
export type ValidRule = Omit<RuleDocument, 'names'> & {
  readonly names?: readonly string[] | null | undefined;
  readonly name?: string | null | undefined;
};

function refuse(diagnostics: Diagnostics, path: Path, message: string, kind: ProblemKind = 'refused'): false {
  diagnostics.report(kind, path, message);
  return false;
}

/** A string that `isValid` accepts, if it is given; `message` says what is wrong with another. */
function text(wanted = 'must be a string', pattern?: RegExp, message = (input: string) => input): Schema<string> {
  return {
    json: pattern === undefined ? { type: 'string' } : { type: 'string', pattern: pattern.source },
    accepts(value, path, diagnostics): value is string {
      if (typeof value !== 'string') return refuse(diagnostics, path, wanted);
      if (pattern !== undefined && !pattern.test(value)) refuse(diagnostics, path, message(value));
      return true;
    },
  };
}

/** An unsigned whole number up to `maximum`; `what` says what it is. Exact above 2⁵³ if it is a bigint. */
function unsigned(maximum: number | bigint, what: string): Schema<number | bigint> {
  return {
    json: { type: 'integer', minimum: 0, maximum: Number(maximum) },
    accepts(value, path, diagnostics): value is number | bigint {
      const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
      if (!isWhole || value < 0) {
        const isInexact = Number.isInteger(value) && Number(value) > Number.MAX_SAFE_INTEGER;
        const problem = isInexact
          ? 'is more than a number holds exactly: give a bigint'
          : `must be an unsigned whole number: ${what}`;
        return refuse(diagnostics, path, `${shown(value)} ${problem}`);
      }
      if (value > maximum) refuse(diagnostics, path, `${value} is out of range: ${what} is 0 to ${maximum}`);
      return true;
    },
  };
}

/** A string out of `names`; `what` says what they are. */
function oneOf<const Name extends string>(what: string, names: readonly Name[]): Schema<Name> {
  const known: ReadonlySet<unknown> = new Set(names);
  return {
    json: { enum: names, type: 'string' },
    accepts(value, path, diagnostics): value is Name {
      if (known.has(value)) return true;
      if (typeof value === 'object' && value !== null) return refuse(diagnostics, path, 'must be a string');
      return refuse(diagnostics, path, `unknown ${what} ${shown(value)}${hint(diagnostics, value, () => names)}`);
    },
  };
}

/** The same for names that runtimes only compare: a wrong one is no error to them. */
function comparedWith(what: string, names: readonly string[]): Schema<string> {
  const known: ReadonlySet<string> = new Set(names);
  return {
    json: { type: 'string', enum: names },
    accepts(value, path, diagnostics): value is string {
      if (typeof value !== 'string') return refuse(diagnostics, path, 'must be a string');
      if (!diagnostics.accepts('mistake') || known.has(value)) return true;
      refuse(diagnostics, path, `unknown ${what} ${shown(value)}${hint(diagnostics, value, () => names)}`, 'mistake');
      return true;
    },
  };
}

/** An array; `of` says of what. */
function list<Item>(item: Schema<Item>, of: string): Schema<readonly Item[]> {
  return {
    json: { type: 'array', items: item.json },
    accepts(value, path, diagnostics): value is readonly Item[] {
      if (!Array.isArray(value)) return refuse(diagnostics, path, `must be an array of ${of}`);
      let isValid = true;
      for (let i = 0; i < value.length && !diagnostics.full; i++) {
        if (!item.accepts(value[i], [...path, i], diagnostics)) isValid = false;
      }
      return isValid && !diagnostics.full;
    },
  };
}

interface Entry {
  readonly schema: Schema<unknown>;
  readonly isRequired: boolean;
}

const required = (schema: Schema<unknown>): Entry => ({ schema, isRequired: true });

/** Of a field that may be absent, undefined or null. */
const optional = (schema: Schema<unknown>): Entry => ({ schema, isRequired: false });

/** An object with these fields. Unknown keys are found when the keys are read. */
function object<Value>(entries: Readonly<Record<string, Entry>>): Schema<Value & JsonObject> {
  const list = Object.entries(entries).map(([name, { schema, isRequired }]) => ({ name, schema, isRequired }));
  const properties = list.map(({ name, schema: { json }, isRequired }) => [
    name,
    isRequired ? json : { anyOf: [json, { type: 'null' }] },
  ]);
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(properties),
      required: list.filter(({ isRequired }) => isRequired).map(({ name }) => name),
      additionalProperties: false,
    },
    accepts(value, path, diagnostics): value is Value & JsonObject {
      if (!isObject(value)) return refuse(diagnostics, path, 'must be an object');
      let isValid = true;
      for (const { name, schema, isRequired } of list) {
        const field = Object.hasOwn(value, name) ? value[name] : undefined;
        if (!isRequired && (field === undefined || field === null)) continue;
        if (isRequired && !Object.hasOwn(value, name))
          isValid = refuse(diagnostics, [...path, name], `is missing: ${name}`);
        else if (!schema.accepts(field, [...path, name], diagnostics)) isValid = false;
      }
      return isValid;
    },
  };
}

/** moby's KernelVersion: two numbers of 8 bits, not both 0, or nothing. */
export const KERNEL_VERSION =
  /^(?!0+\.0+$)(?:0*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.0*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?$/;

const DOCKER_ARCHITECTURES = [...ABIS.values()].map(({ docker }) => docker);

const architecture = oneOf('architecture', [...ARCHITECTURES.keys()]);
const architectures = list(architecture, 'architectures');
const errnoRet = unsigned(2n ** 64n - 1n, 'an errno');
const value64 = unsigned(2n ** 64n - 1n, 'a 64-bit value');

const condition = object<ConditionDocument>({
  caps: optional(list(comparedWith('capability', CAPABILITIES), 'capabilities')),
  arches: optional(list(comparedWith('architecture', DOCKER_ARCHITECTURES), 'architectures')),
  minKernel: optional(
    text(
      'must be a string such as "4.8"',
      KERNEL_VERSION,
      (input) => `${shown(input)} is not a kernel version such as "4.8"`,
    ),
  ),
});

const argument = object<ArgumentDocument>({
  index: required(unsigned(5, 'an argument index')),
  value: required(value64),
  valueTwo: optional(value64),
  op: required(oneOf('operator', OPERATORS)),
});

/** A rule. */
export const RULE = object<ValidRule>({
  names: optional(list(text(), 'strings')),
  name: optional(text()),
  action: required(oneOf('action', ACTIONS)),
  errnoRet: optional(errnoRet),
  errno: optional(text()),
  args: optional(list(argument, 'argument comparisons')),
  comment: optional(text()),
  includes: optional(condition),
  excludes: optional(condition),
});

const HEAD_FIELDS: Readonly<Record<string, Entry>> = {
  $schema: optional(text()),
  comment: optional(text()),
  defaultAction: required(oneOf('action', ACTIONS)),
  defaultErrnoRet: optional(errnoRet),
  defaultErrno: optional(text()),
  architectures: optional(architectures),
  archMap: optional(
    list(
      object<ArchMapEntry>({ architecture: required(architecture), subArchitectures: optional(architectures) }),
      '{ architecture, subArchitectures }',
    ),
  ),
  flags: optional(list(oneOf('flag', FLAGS), 'flags')),
  listenerPath: optional(text()),
  listenerMetadata: optional(text()),
};

const anything: Schema<unknown> = { json: {}, accepts: (_value): _value is unknown => true };

/** A document but for its rules, of which only the list is looked at. */
export const HEAD = object<ValidHead>({ ...HEAD_FIELDS, syscalls: optional(list(anything, 'rules')) });

/** A whole document, for the JSON Schema. */
export const DOCUMENT = object<ProfileDocument>({ ...HEAD_FIELDS, syscalls: optional(list(RULE, 'rules')) });
