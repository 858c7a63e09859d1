/** The option `env`: the variables of a program. */
import * as types from 'node:util/types';
import { refuseIn } from '../../errors.js';
import { invalidType, invalidValue, refusal } from '../../util/option-errors.js';
import { copyList, emptyFields, type Fields, isObjectPrototype } from '../../util/own-data.js';

/** Variables by name. Those that are undefined are left out. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The value of a variable that stands for the program's private directory, which has no name before it is made. It can't
 * be mistaken for a text.
 */
export const PRIVATE_DIRECTORY = Object.freeze({ toString: () => '@tmp' });

/** Options after their checks: the names in `env` have been replaced by the variables. */
export type WithVariables<Options> = Omit<Options, 'env'> & { readonly env?: Variables | undefined };

/** The variable that Node passes on to a child, unless the environment of the child has a property of this name. */
export const COVERAGE = 'NODE_V8_COVERAGE';

/** Maximum length of a list of names. */
const MOST_NAMES = 4096;

/**
 * Returns the variables. They are the enumerable properties of an object, the inherited ones too, as in Node; but not
 * those of Object.prototype. They may be getters, each of which is called once. Null means that the option is absent.
 */
export function readEnvironment(value: unknown, name: string): Fields | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'object') throw invalidType(name, 'of type object', value);
  if (Array.isArray(value)) return variablesOfThisProcess(copyList(value, MOST_NAMES, refusal(name)), name);
  const noVariables = () => invalidType(name, 'an object of strings by name, or an array of names', value);
  if (BUILTINS.some((is) => is(value))) throw noVariables();
  const variables = emptyFields();
  const hidden = new Set<string>();
  let owner: object | null = value;
  for (let depth = 0; owner !== null && !isObjectPrototype(owner); depth++) {
    if (depth > LONGEST_PROTOTYPE_CHAIN)
      refuseIn(name)([], 'has an endless prototype chain: pass a copy, { ...object }');
    if (BUILTIN_PROTOTYPES.includes(owner)) throw noVariables();
    for (const variable of Object.getOwnPropertyNames(owner)) {
      const property = Object.getOwnPropertyDescriptor(owner, variable);
      if (hidden.has(variable) || property === undefined) continue;
      hidden.add(variable);
      if (property.enumerable) variables[variable] = Reflect.get(value, variable);
    }
    owner = Object.getPrototypeOf(owner);
  }
  return variables;
}

/** Returns the variables of this process that have these names. */
function variablesOfThisProcess(names: readonly unknown[], option: string): Fields {
  const variables = emptyFields();
  // Undefined unless it is named: otherwise Node, and environment() in native-request.ts, would pass it on.
  variables[COVERAGE] = undefined;
  for (const [i, name] of names.entries()) {
    const variable = readName(name, `${option}[${i}]`);
    if (Object.hasOwn(process.env, variable)) variables[variable] = process.env[variable];
    else refuseSeveral(variable, `${option}[${i}]`);
  }
  return variables;
}

/**
 * Refuses what may be meant as several variables, if none has this name. A variable that is merely absent is no error.
 */
function refuseSeveral(name: string, place: string): void {
  if (/[*?,$\s]/.test(name))
    throw invalidValue(place, name, 'must be the name of one variable: names are literal, so give each as an element');
}

function readName(name: unknown, place: string): string {
  if (typeof name !== 'string') throw invalidType(place, 'of type string', name);
  const [variable = '', value] = name.split('=', 2);
  if (value === undefined && variable !== '' && !variable.includes('\0')) return variable;
  // Without the value, which may be a secret.
  const shown = value === undefined ? name : `${variable}=…`;
  const reason = 'must be the name of a variable, without "=" and null bytes; to set variables, give an object';
  throw invalidValue(place, shown, reason);
}

const LONGEST_PROTOTYPE_CHAIN = 100;

/** Recognize objects of built-in classes whose content is not in properties by name: none of it would be taken. */
const BUILTINS = [
  types.isMap,
  types.isSet,
  types.isWeakMap,
  types.isWeakSet,
  types.isDate,
  types.isRegExp,
  types.isPromise,
  types.isBoxedPrimitive,
  types.isAnyArrayBuffer,
  ArrayBuffer.isView,
];
const BUILTIN_PROTOTYPES: readonly object[] = [WeakRef.prototype, URL.prototype, URLSearchParams.prototype];
