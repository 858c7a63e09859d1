/** Gives a document that is valid for the schema its one form. */

import type { Path } from '../../util/own-data.js';
import type { Diagnostics } from './diagnostics.js';
import { returned } from './return-data.js';
import type { ValidHead, ValidRule } from './schema.js';
import type { CheckedDocument, Conditions, Rule } from './types.js';

/** A document of these parts. */
export function toDocument(
  head: ValidHead,
  syscalls: readonly Rule[],
  keys: Path,
  diagnostics: Diagnostics,
): CheckedDocument {
  const { defaultAction: action, defaultErrnoRet, defaultErrno, archMap } = head;
  return {
    comment: head.comment ?? undefined,
    defaultAction: action,
    defaultErrnoRet: returned(
      {
        action,
        number: { key: 'defaultErrnoRet', value: defaultErrnoRet },
        name: { key: 'defaultErrno', value: defaultErrno },
      },
      keys,
      diagnostics,
    ),
    architectures: head.architectures ?? undefined,
    archMap: archMap?.map(({ architecture, subArchitectures }) => ({
      architecture,
      subArchitectures: subArchitectures ?? [],
    })),
    flags: head.flags ?? undefined,
    listenerPath: head.listenerPath ?? undefined,
    listenerMetadata: head.listenerMetadata ?? undefined,
    syscalls,
  };
}

/** A rule, its `name` as one of `names`. */
export function toRule(rule: ValidRule, keys: Path, diagnostics: Diagnostics): Rule {
  const { names, name, action, errnoRet, errno, args, comment, includes, excludes } = rule;
  const isDouble = name && names?.length;
  return {
    names: name && !isDouble ? [name] : (names ?? []),
    name: isDouble ? name : undefined,
    action,
    errnoRet: returned(
      { action, number: { key: 'errnoRet', value: errnoRet }, name: { key: 'errno', value: errno } },
      keys,
      diagnostics,
    ),
    args: (args ?? []).map(({ index, value, valueTwo, op }) => ({
      index: Number(index),
      value: BigInt(value),
      valueTwo: valueTwo === null || valueTwo === undefined ? undefined : BigInt(valueTwo),
      op,
    })),
    comment: comment ?? undefined,
    includes: includes ? toConditions(includes) : undefined,
    excludes: excludes ? toConditions(excludes) : undefined,
  };
}

function toConditions({ caps, arches, minKernel }: NonNullable<ValidRule['includes']>): Conditions {
  return {
    caps: caps ?? undefined,
    arches: arches ?? undefined,
    minKernel: minKernel === '' ? '0.0' : (minKernel ?? undefined),
  };
}
