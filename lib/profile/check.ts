/** From a document as it is written to a checked one: its keys, the schema, then what only shows between fields. */
import * as v from 'valibot';
import { toDocument, toRule } from './checked.js';
import type { CheckedDocument, Finding, Rule } from './document.js';
import { fold, isFields, readFields } from './keys.js';
import type { ProfileFormat, ProfileMode } from './options.js';
import { type Remark, toFinding } from './remark.js';
import { betweenFields, inRule, ofNames } from './remarks.js';
import { profileSchema } from './schema.js';

/** What checking comes to: a document unless there are errors, or unless it asks for no filter at all. */
export interface Checked {
  readonly format: ProfileFormat;
  readonly findings: readonly Finding[];
  readonly document?: CheckedDocument;
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
  const isConfig = (wanted ?? 'oci') === 'oci' && (field(input, 'ociVersion') ?? field(input, 'linux')) !== undefined;
  const seccomp = isConfig ? (field(field(input, 'linux'), 'seccomp') ?? {}) : (input ?? {});
  const keys = isConfig ? ['linux', 'seccomp'] : [];
  const format = wanted ?? (isConfig ? 'oci' : formatOf(seccomp));
  const remarks = [...found];
  const read = readFields(seccomp, { format, mode, remarks }, keys);
  const document = isDisabled(read) ? disabled(keys, remarks) : checkFields(read, keys, remarks);
  const findings = remarks.map((remark) => toFinding(remark, mode, actionAt(read, remark.keys.slice(keys.length))));
  const hasErrors = findings.some(({ severity }) => severity === 'error');
  return { format, findings, ...(document === undefined || hasErrors ? {} : { document }) };
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
function isDisabled(read: unknown): boolean {
  if (!isFields(read)) return false;
  const { defaultAction, syscalls } = read;
  const hasRules = Array.isArray(syscalls) ? syscalls.length > 0 : (syscalls ?? undefined) !== undefined;
  return (defaultAction ?? '') === '' && !hasRules;
}

function disabled(keys: Remark['keys'], remarks: Remark[]): undefined {
  const message =
    'is missing: defaultAction; without it and without rules nothing is filtered: if that is meant, say unconfined';
  remarks.push({ keys: [...keys, 'defaultAction'], weight: 'mistake', message });
}

/** The action of the rule at these keys, if they lead into one. */
function actionAt(read: unknown, [first, index]: Remark['keys']): unknown {
  if (typeof first !== 'string' || typeof index !== 'number' || fold(first) !== 'syscalls') return undefined;
  const rules = field(read, 'syscalls');
  return Array.isArray(rules) ? field(rules[index], 'action') : undefined;
}

/** Checks all fields; remarks on as much as can be read, though some of it may be wrong. */
function checkFields(read: unknown, keys: Remark['keys'], remarks: Remark[]): CheckedDocument | undefined {
  const schema = profileSchema();
  const head = v.safeParse(schema.head, read);
  for (const issue of head.issues ?? []) remarks.push(remarkOf(issue, keys));
  if (head.typed) betweenFields(head.output, keys, remarks);
  const rules = field(read, 'syscalls');
  const checked: Rule[] = [];
  for (const [i, item] of (Array.isArray(rules) ? rules : []).entries()) {
    const path = [...keys, 'syscalls', i];
    if (isFields(item)) ofNames(item, path, remarks);
    const rule = v.safeParse(schema.rule, item);
    for (const issue of rule.issues ?? []) remarks.push(remarkOf(issue, path));
    if (!rule.typed) continue;
    inRule(rule.output, path, remarks);
    checked.push(toRule(rule.output, path, remarks));
  }
  return head.typed ? toDocument(head.output, checked, keys, remarks) : undefined;
}

/** Runtimes only compare capabilities and architectures, so a wrong one is no error to them. */
function remarkOf({ kind, type, path, message }: v.BaseIssue<unknown>, keys: Remark['keys']): Remark {
  const inside = (path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  return {
    keys: [...keys, ...inside],
    weight: kind === 'validation' && type === 'values' ? 'mistake' : 'refused',
    message,
  };
}
