/** Writes a checked document as Docker's JSON, every number exactly. */
import type {
  Argument,
  ArgumentDocument,
  CheckedDocument,
  ConditionDocument,
  Conditions,
  ProfileDocument,
  Rule,
  RuleDocument,
} from './document.js';

/**
 * A profile as JSON text that means the same in the same format: parseProfile reads it back, and so do Docker, Podman and OCI
 * runtimes. Numbers above 2⁵³ are written in full, which JSON.stringify can't.
 */
export function stringify({ document }: { readonly document: CheckedDocument }): string {
  return `${textOf(toProfileDocument(document), '\n')}\n`;
}

/** The document as one would write it. Numbers above 2⁵³ are bigints. */
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

/** Docker takes an empty version for 0.0, and refuses `0.0`. */
function toConditionDocument({ minKernel, ...conditions }: Conditions): ConditionDocument {
  return { ...conditions, minKernel: minKernel === '0.0' ? '' : minKernel };
}

/** A value as a document has it: a number, or a bigint where a number would not be exact. */
export function toNumber(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** The JSON text of a value; `line` is what begins a line of what is around it. What holds only scalars is one line. */
function textOf(value: unknown, line: string): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const inner = `${line}  `;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const items = entries.map(([key, item]) => `${isArray ? '' : `${JSON.stringify(key)}: `}${textOf(item, inner)}`);
  const [open, close] = isArray ? '[]' : '{}';
  if (entries.every(([, item]) => typeof item !== 'object')) {
    return isArray || items.length === 0
      ? `${open}${items.join(', ')}${close}`
      : `${open} ${items.join(', ')} ${close}`;
  }
  return `${open}${inner}${items.join(`,${inner}`)}${line}${close}`;
}
