/** Rules that are right at first sight: most are, and the schema, which can say what is wrong, takes far longer for them. */
import { ABIS } from '../../syscalls/abi.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import { syscallNames } from '../../syscalls/table.js';
import { isObject, type JsonObject } from '../json/value.js';
import { LONGEST, MOST_ARGUMENTS } from './fields.js';
import type { ProfileFormat } from './options.js';
import { KERNEL_VERSION } from './schema.js';
import { ACTIONS, type ActionName, type Argument, type Conditions, OPERATORS, type Rule } from './types.js';

const RULE: ReadonlySet<string> = new Set(['names', 'action', 'args', 'comment', 'includes', 'excludes']);
const ARGUMENT: ReadonlySet<string> = new Set(['index', 'value', 'valueTwo', 'op']);
const CONDITION: ReadonlySet<string> = new Set(['caps', 'arches', 'minKernel']);

const ACTION: ReadonlyMap<unknown, ActionName> = new Map(ACTIONS.map((name) => [name, name]));
const OPERATOR: ReadonlyMap<unknown, Argument['op']> = new Map(OPERATORS.map((name) => [name, name]));
const CAPABILITY: ReadonlySet<string> = new Set(CAPABILITIES);
const DOCKER: ReadonlySet<string> = new Set([...ABIS.values()].map(({ docker }) => docker));

/** What a field holds; undefined if it is not there, null if the schema has to look at it. */
type Plain<Value> = Value | undefined | null;

/** The rule, if there is nothing to be said about it; null: the schema has to look. */
export function plainRule(input: unknown, format: ProfileFormat): Rule | null {
  if (!hasOnly(input, RULE)) return null;
  const names = plainNames(input['names'], syscallNames());
  const action = ACTION.get(input['action']);
  const args = plainArguments(input['args']);
  const comment = plainText(input['comment']);
  const includes = plainConditions(input['includes'], format);
  const excludes = plainConditions(input['excludes'], format);
  if (!names?.length || action === undefined || args === null) return null;
  if (comment === null || includes === null || excludes === null) return null;
  return { names, name: undefined, action, errnoRet: undefined, args: args ?? [], comment, includes, excludes };
}

/** Whether it is an object of no other fields. */
function hasOnly(input: unknown, names: ReadonlySet<string>): input is JsonObject {
  if (!isObject(input)) return false;
  for (const key of Object.keys(input)) if (!names.has(key)) return false;
  return true;
}

function plainText(input: unknown): Plain<string> {
  return input === undefined || typeof input === 'string' ? input : null;
}

/** Known names, and nothing else. */
function plainNames(input: unknown, known: ReadonlySet<string>): Plain<readonly string[]> {
  if (input === undefined) return undefined;
  if (!Array.isArray(input) || input.length > LONGEST) return null;
  const names: string[] = [];
  for (const name of input) {
    if (typeof name !== 'string' || !known.has(name)) return null;
    names.push(name);
  }
  return names;
}

function plainArguments(input: unknown): Plain<readonly Argument[]> {
  if (input === undefined) return undefined;
  if (!Array.isArray(input) || input.length > MOST_ARGUMENTS) return null;
  const args: Argument[] = [];
  for (const item of input) {
    const argument = plainArgument(item);
    if (argument === null) return null;
    args.push(argument);
  }
  return args;
}

function plainArgument(input: unknown): Argument | null {
  if (!hasOnly(input, ARGUMENT)) return null;
  const { index } = input;
  const op = OPERATOR.get(input['op']);
  const value = plainValue(input['value']);
  const valueTwo = plainValue(input['valueTwo']);
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index > 5 || op === undefined) return null;
  if (typeof value !== 'bigint' || valueTwo === null || (valueTwo && op !== 'SCMP_CMP_MASKED_EQ')) return null;
  return { index, value, valueTwo, op };
}

function plainValue(input: unknown): Plain<bigint> {
  if (input === undefined) return undefined;
  if (typeof input === 'bigint') return BigInt.asUintN(64, input) === input ? input : null;
  return typeof input === 'number' && Number.isSafeInteger(input) && input >= 0 ? BigInt(input) : null;
}

/** Runtimes of OCI read none, and Podman no kernel version. */
function plainConditions(input: unknown, format: ProfileFormat): Plain<Conditions> {
  if (input === undefined) return undefined;
  if (format === 'oci' || !hasOnly(input, CONDITION)) return null;
  const caps = plainNames(input['caps'], CAPABILITY);
  const arches = plainNames(input['arches'], DOCKER);
  const minKernel = plainText(input['minKernel']);
  if (caps === null || arches === null || minKernel === null) return null;
  if (minKernel !== undefined && (format !== 'docker' || !minKernel || !KERNEL_VERSION.test(minKernel))) return null;
  return { caps, arches, minKernel };
}
