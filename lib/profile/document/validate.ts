/** From a document as it is written to a checked one: its keys, the schema, then what only shows between fields. */

import { own, type Path } from '../../util/own-data.js';
import { foldKey, isObject, type JsonObject } from '../json/value.js';
import { betweenFields, inRule, ofNames } from './cross-field-checks.js';
import type { Diagnostic, Diagnostics } from './diagnostics.js';
import { plainRule } from './fast-path.js';
import { type KeyReading, readFields } from './fields.js';
import { toDocument, toRule } from './normalize.js';
import type { ProfileFormat } from './options.js';
import { HEAD, RULE } from './schema.js';
import { ACTIONS, type CheckedDocument, type Rule } from './types.js';

/** What checking comes to: a document unless there are errors, or unless it asks for no filter at all. */
export interface Checked {
  readonly format: ProfileFormat;
  /** Errors and warnings. */
  readonly found: readonly Diagnostic[];
  readonly document: CheckedDocument | undefined;
}

/** How a document is to be read. */
export interface Reading {
  readonly format: ProfileFormat | undefined;
  readonly diagnostics: Diagnostics;
}

/**
 * Checks a document, or the `linux.seccomp` of a whole config.json of the OCI runtime specification.
 */
export function checkDocument(input: unknown, { format: wanted, diagnostics }: Reading): Checked {
  const linux = field(input, 'linux');
  const isConfig = (wanted ?? 'oci') === 'oci' && (field(input, 'ociVersion') ?? linux) !== undefined;
  const seccomp = isConfig ? (field(linux, 'seccomp') ?? {}) : (input ?? {});
  const keys = isConfig ? ['linux', 'seccomp'] : [];
  const format = wanted ?? (isConfig ? 'oci' : formatOf(seccomp));
  const mistaken = aroundProfile(input, isConfig ? linux : undefined);
  if (mistaken !== undefined) return { format, found: [mistaken], document: undefined };
  const document = read(seccomp, { format, diagnostics }, keys);
  return { format, found: diagnostics.all(), document: diagnostics.hasErrors ? undefined : document };
}

/** What is wrong around a profile: looked for in there, it would be one that filters nothing. */
function aroundProfile(input: unknown, linux: unknown): Diagnostic | undefined {
  if (linux !== undefined && !isObject(linux))
    return { path: ['linux'], message: 'must be an object', severity: 'error' };
  if (typeof field(input, 'kind') !== 'string' || !isObject(field(input, 'spec'))) return undefined;
  const message = 'this is a manifest of Kubernetes: give what it has here as a document of its own';
  return { path: ['spec'], message, severity: 'error' };
}

function read(input: unknown, reading: KeyReading, keys: Path): CheckedDocument | undefined {
  const head = readFields(input, reading, keys);
  if (!isDisabled(head)) return checkFields(head, reading, keys);
  // What is wrong with the rest makes it a document that runtimes refuse, in place of one for which they filter nothing.
  HEAD.accepts(own({ ...head, defaultAction: ACTIONS[0] }), keys, reading.diagnostics);
  return disabled(keys, reading.diagnostics);
}

/** The field of an object, as Go would find it. */
function field(input: unknown, name: string): unknown {
  if (!isObject(input)) return undefined;
  const folded = foldKey(name);
  const key = Object.keys(input).findLast((other) => other.length === name.length && foldKey(other) === folded);
  return key === undefined ? undefined : (input[key] ?? undefined);
}

/** Errnos by name are Podman's alone; what else is not in the OCI format is Docker's too. */
function formatOf(input: unknown): ProfileFormat {
  const rules = field(input, 'syscalls');
  const named = Array.isArray(rules) && rules.some((rule) => typeof field(rule, 'errno') === 'string');
  return named || typeof field(input, 'defaultErrno') === 'string' ? 'podman' : 'docker';
}

/** Neither a default action nor rules. Source: to `setupSeccomp` of moby/profiles and to runc this is no profile. */
function isDisabled(read: unknown): read is JsonObject {
  if (!isObject(read)) return false;
  const { defaultAction, syscalls } = read;
  const hasRules = Array.isArray(syscalls) ? syscalls.length > 0 : (syscalls ?? undefined) !== undefined;
  return (defaultAction ?? '') === '' && !hasRules;
}

function disabled(keys: Path, diagnostics: Diagnostics): undefined {
  const message =
    'is missing: defaultAction; without it and without rules nothing is filtered: if that is meant, say unconfined';
  diagnostics.report('mistake', [...keys, 'defaultAction'], message);
}

/** Checks all fields; reports as much as can be read, though some of it may be wrong. */
function checkFields(read: unknown, reading: KeyReading, keys: Path): CheckedDocument | undefined {
  const { diagnostics } = reading;
  const isValid = HEAD.accepts(read, keys, diagnostics);
  if (isValid) betweenFields(read, keys, diagnostics);
  const rules = isObject(read) ? read['syscalls'] : undefined;
  const checked: Rule[] = [];
  for (const [i, item] of (Array.isArray(rules) ? rules : []).entries()) {
    if (diagnostics.full) break;
    const rule = plainRule(item, reading.format) ?? checkRule(item, reading, [...keys, 'syscalls', i]);
    if (rule !== undefined) checked.push(rule);
  }
  return isValid ? toDocument(read, checked, keys, diagnostics) : undefined;
}

/** Checks a rule by the schema, and reports what is wrong with it; undefined if it is none. */
export function checkRule(input: unknown, reading: KeyReading, keys: Path): Rule | undefined {
  const diagnostics = reading.diagnostics.forRule(field(input, 'action'));
  const fields = readFields(input, { ...reading, diagnostics }, keys, 'rule');
  if (isObject(fields)) ofNames(fields, keys, { ...reading, diagnostics });
  if (!RULE.accepts(fields, keys, diagnostics)) return undefined;
  inRule(fields, keys, diagnostics);
  return toRule(fields, keys, diagnostics);
}
