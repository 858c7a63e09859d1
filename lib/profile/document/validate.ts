/** From a document as it is written to a checked one: its keys, the schema, then what only shows between fields. */

import { own } from '../../util/own-data.js';
import { betweenFields, inRule, ofNames } from './cross-field-checks.js';
import { Found, type Remark, TooManyErrors } from './diagnostics.js';
import { plainRule } from './fast-path.js';
import { type Fields, fold, isFields, type KeyReading, readFields } from './fields.js';
import { toDocument, toRule } from './normalize.js';
import type { ProfileFormat, ProfileMode } from './options.js';
import { HEAD, RULE } from './schema.js';
import { ACTIONS, type CheckedDocument, type Finding, type Rule } from './types.js';

/** What checking comes to: a document unless there are errors, or unless it asks for no filter at all. */
export interface Checked {
  readonly format: ProfileFormat;
  readonly findings: readonly Finding[];
  readonly document: CheckedDocument | undefined;
}

/** How a document is to be read. */
export interface Reading {
  readonly format?: ProfileFormat | undefined;
  readonly mode: ProfileMode;
}

/**
 * Checks a document, or the `linux.seccomp` of a whole config.json of the OCI runtime specification; `found` is what was
 * seen before.
 */
export function checkDocument(input: unknown, { format: wanted, mode }: Reading, found: readonly Remark[]): Checked {
  const linux = field(input, 'linux');
  const isConfig = (wanted ?? 'oci') === 'oci' && (field(input, 'ociVersion') ?? linux) !== undefined;
  const seccomp = isConfig ? (field(linux, 'seccomp') ?? {}) : (input ?? {});
  const keys = isConfig ? ['linux', 'seccomp'] : [];
  const format = wanted ?? (isConfig ? 'oci' : formatOf(seccomp));
  const mistaken = aroundProfile(input, isConfig ? linux : undefined);
  if (mistaken !== undefined) return { format, findings: [mistaken], document: undefined };
  const remarks = new Found(mode);
  const document = unlessTooMany(() => {
    for (const remark of found) remarks.push(remark);
    return read(seccomp, { format, mode, remarks }, keys);
  });
  const { findings } = remarks;
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  return { format, findings, document: hasErrors ? undefined : document };
}

/** What is wrong around a profile: looked for in there, it would be one that filters nothing. */
function aroundProfile(input: unknown, linux: unknown): Finding | undefined {
  if (linux !== undefined && !isFields(linux)) return { keys: ['linux'], message: 'must be an object' };
  if (typeof field(input, 'kind') !== 'string' || !isFields(field(input, 'spec'))) return undefined;
  const message = 'this is a manifest of Kubernetes: give what it has here as a document of its own';
  return { keys: ['spec'], message };
}

function read(input: unknown, reading: KeyReading, keys: Remark['keys']): CheckedDocument | undefined {
  const head = readFields(input, reading, keys);
  if (!isDisabled(head)) return checkFields(head, reading, keys);
  // What is wrong with the rest makes it a document that runtimes refuse, in place of one for which they filter nothing.
  HEAD.accepts(own({ ...head, defaultAction: ACTIONS[0] }), keys, reading.remarks);
  return disabled(keys, reading.remarks);
}

function unlessTooMany<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TooManyErrors) return undefined;
    throw error;
  }
}

/** The field of an object, as Go would find it. */
function field(input: unknown, name: string): unknown {
  if (!isFields(input)) return undefined;
  const folded = fold(name);
  const key = Object.keys(input).findLast((other) => other.length === name.length && fold(other) === folded);
  return key === undefined ? undefined : (input[key] ?? undefined);
}

/** Errnos by name are Podman's alone; what else is not in the OCI format is Docker's too. */
function formatOf(input: unknown): ProfileFormat {
  const rules = field(input, 'syscalls');
  const named = Array.isArray(rules) && rules.some((rule) => typeof field(rule, 'errno') === 'string');
  return named || typeof field(input, 'defaultErrno') === 'string' ? 'podman' : 'docker';
}

/** Neither a default action nor rules. Source: to `setupSeccomp` of moby/profiles and to runc this is no profile. */
function isDisabled(read: unknown): read is Fields {
  if (!isFields(read)) return false;
  const { defaultAction, syscalls } = read;
  const hasRules = Array.isArray(syscalls) ? syscalls.length > 0 : (syscalls ?? undefined) !== undefined;
  return (defaultAction ?? '') === '' && !hasRules;
}

function disabled(keys: Remark['keys'], remarks: Found): undefined {
  const message =
    'is missing: defaultAction; without it and without rules nothing is filtered: if that is meant, say unconfined';
  remarks.push({ keys: [...keys, 'defaultAction'], weight: 'mistake', message });
}

/** Checks all fields; remarks on as much as can be read, though some of it may be wrong. */
function checkFields(read: unknown, reading: KeyReading, keys: Remark['keys']): CheckedDocument | undefined {
  const { remarks } = reading;
  const isValid = HEAD.accepts(read, keys, remarks);
  if (isValid) betweenFields(read, keys, remarks);
  const rules = isFields(read) ? read['syscalls'] : undefined;
  const checked: Rule[] = [];
  (Array.isArray(rules) ? rules : []).forEach((item, i) => {
    const rule = plainRule(item, reading.format) ?? checkRule(item, reading, [...keys, 'syscalls', i]);
    if (rule !== undefined) checked.push(rule);
  });
  return isValid ? toDocument(read, checked, keys, remarks) : undefined;
}

/** Checks a rule by the schema, and remarks on it; undefined if it is none. */
export function checkRule(input: unknown, reading: KeyReading, keys: Remark['keys']): Rule | undefined {
  const { remarks } = reading;
  remarks.action = () => field(input, 'action');
  try {
    const fields = readFields(input, reading, keys, 'rule');
    if (isFields(fields)) ofNames(fields, keys, reading);
    if (!RULE.accepts(fields, keys, remarks)) return undefined;
    inRule(fields, keys, remarks);
    return toRule(fields, keys, remarks);
  } finally {
    remarks.action = () => undefined;
  }
}
