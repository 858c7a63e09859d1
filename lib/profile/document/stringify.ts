/** Writes a document as Docker's JSON, with every number exact. */
import type {
  Argument,
  ArgumentDocument,
  CheckedDocument,
  ConditionDocument,
  Conditions,
  ProfileDocument,
  Rule,
  RuleDocument,
} from './types.js';

/** Returns the JSON text of a document. */
export function documentText(document: CheckedDocument): string {
  return `${textOf(toProfileDocument(document), '\n')}\n`;
}

/** Returns the text of a value. `newline` is a newline with the indentation of the value around it. */
function textOf(value: unknown, newline: string): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const inner = `${newline}  `;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const items = entries.map(([key, item]) => `${isArray ? '' : `${JSON.stringify(key)}: `}${textOf(item, inner)}`);
  const [open, close] = isArray ? '[]' : '{}';
  const isOneLine = entries.every(([, item]) => typeof item !== 'object');
  if (!isOneLine) return `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`;
  const space = isArray || items.length === 0 ? '' : ' ';
  return `${open}${space}${items.join(', ')}${space}${close}`;
}

/** Returns a document in the form that people write. Numbers above 2⁵³ − 1 are bigints. */
export function toProfileDocument({ syscalls, ...head }: CheckedDocument): ProfileDocument {
  return { ...head, syscalls: syscalls.map(toRuleDocument) };
}

function toRuleDocument({ args, includes, excludes, ...rule }: Rule): RuleDocument {
  return {
    ...rule,
    args: args.length === 0 ? undefined : args.map(toArgumentDocument),
    includes: includes && toConditionDocument(includes),
    excludes: excludes && toConditionDocument(excludes),
  };
}

function toArgumentDocument({ index, value, valueTwo, op }: Argument): ArgumentDocument {
  return { index, value: toNumber(value), valueTwo: valueTwo === undefined ? undefined : toNumber(valueTwo), op };
}

/** Docker reads an empty version as 0.0, and refuses `0.0`. */
function toConditionDocument({ minKernel, ...conditions }: Conditions): ConditionDocument {
  return { ...conditions, minKernel: minKernel === '0.0' ? '' : minKernel };
}

/** A number, or a bigint where a number would not be exact. */
export function toNumber(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
