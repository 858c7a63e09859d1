/** The document of a profile as Docker's JSON has it. */
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
