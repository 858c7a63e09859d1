/** Validates a document: its keys, then each field by the schema, then combinations of fields. */
import { own, type Path } from '../../util/own-data.js';
import { foldKey, isObject, type JsonObject } from '../json/value.js';
import { type CheckPlace, checkFields } from './check-fields.js';
import { checkBetweenFields, checkBetweenRuleFields, checkNames } from './cross-field-checks.js';
import type { Diagnostic, Diagnostics } from './diagnostics.js';
import * as table from './fields.js';
import { type Reading, readKnownFields } from './known-fields.js';
import { HEAD, type Head, toDocument, toRule } from './normalize.js';
import type { ProfileFormat } from './options.js';
import type { CheckedDocument, Rule } from './types.js';

export interface Checked {
  /** Where the profile is in the input: `linux.seccomp` of a config.json, else the whole. */
  readonly place: Path;
  readonly format: ProfileFormat;
  /** Errors and warnings. */
  readonly found: readonly Diagnostic[];
  /** Undefined if there are errors, or for a document for which runtimes filter nothing. */
  readonly document: CheckedDocument | undefined;
}

/**
 * Checks a profile, or the `linux.seccomp` of a whole config.json of the OCI runtime specification.
 *
 * @param input - The parsed document, in which no object names a field twice.
 * @param options - The format, or undefined to recognize it by the fields; and the collector of problems.
 */
export function checkDocument(
  input: unknown,
  { format: wanted, diagnostics }: { readonly format: ProfileFormat | undefined; readonly diagnostics: Diagnostics },
): Checked {
  const linux = memberOf(input, 'linux');
  const isConfig = (wanted ?? 'oci') === 'oci' && (memberOf(input, 'ociVersion') ?? linux) !== undefined;
  const seccomp = isConfig ? (memberOf(linux, 'seccomp') ?? {}) : (input ?? {});
  const path = isConfig ? ['linux', 'seccomp'] : [];
  const format = wanted ?? (isConfig ? 'oci' : formatOf(seccomp));
  const mistaken =
    (diagnostics.mode === 'strict' ? checkSandbox(input) : undefined) ??
    checkAround(input, isConfig ? linux : undefined);
  if (mistaken !== undefined) return { place: path, format, found: [mistaken], document: undefined };
  const document = checkProfile(seccomp, path, { format, diagnostics });
  return { place: path, format, found: diagnostics.all(), document: diagnostics.hasErrors ? undefined : document };
}

/** Keys that only sandbox files have, and such that all profiles have. */
const OF_SANDBOXES = ['extends', 'profile', 'isolate', 'paths', 'network', 'limits', 'rlimits', 'env', 'timeout'];
const OF_PROFILES = ['defaultAction', 'syscalls', 'linux', 'ociVersion'];

/** Refuses a sandbox file, which would be read as a profile without a default action. */
function checkSandbox(input: unknown): Diagnostic | undefined {
  const key = OF_SANDBOXES.find((each) => memberOf(input, each) !== undefined);
  if (key === undefined || OF_PROFILES.some((each) => memberOf(input, each) !== undefined)) return undefined;
  const remedy = 'load it by loadSandbox, or run it by seccomp run -s';
  return {
    path: [],
    severity: 'error',
    message: `this is a sandbox and no profile, as it has the key ${key}: ${remedy}`,
  };
}

/** Refuses a document that contains a profile, but would filter nothing if it were read as the profile. */
function checkAround(input: unknown, linux: unknown): Diagnostic | undefined {
  if (linux !== undefined && !isObject(linux))
    return { path: ['linux'], message: 'must be an object', severity: 'error' };
  if (typeof memberOf(input, 'kind') !== 'string' || !isObject(memberOf(input, 'spec'))) return undefined;
  const message = 'this is a Kubernetes manifest: pass the value of spec as the document';
  return { path: ['spec'], message, severity: 'error' };
}

function checkProfile(input: unknown, path: Path, reading: Reading): CheckedDocument | undefined {
  const { diagnostics } = reading;
  const written = readKnownFields(input, table.DOCUMENT, reading, path);
  const place = { path: [...path], diagnostics };
  if (!isDisabled(written)) return checkParts(written, place, reading);
  // Runtimes refuse the document if another field is not valid. Otherwise they attach no filter.
  checkHead(own({ ...written, defaultAction: table.ACTIONS[0] }), place);
  const message =
    'is missing: defaultAction; a document without it and without rules filters nothing: ' +
    'if that is intended, use unconfined';
  diagnostics.report('mistake', [...path, 'defaultAction'], message);
  return undefined;
}

/** Returns the member of an object that Go would decode into a field of this name. */
function memberOf(input: unknown, name: string): unknown {
  if (!isObject(input)) return undefined;
  const folded = foldKey(name);
  const names = (key: string) => key === name || (key.length === name.length && foldKey(key) === folded);
  const key = Object.keys(input).findLast(names);
  return key === undefined ? undefined : (input[key] ?? undefined);
}

/**
 * Recognizes the format of a document. Only Podman has errnos by name. Every other field that the OCI format lacks is
 * also in Docker's.
 */
function formatOf(input: unknown): ProfileFormat {
  const rules = memberOf(input, 'syscalls');
  const hasErrnoName = Array.isArray(rules) && rules.some((rule) => typeof memberOf(rule, 'errno') === 'string');
  return hasErrnoName || typeof memberOf(input, 'defaultErrno') === 'string' ? 'podman' : 'docker';
}

/** Whether there is neither a default action nor a rule. Source: `setupSeccomp` of moby/profiles and runc. */
function isDisabled(head: unknown): head is JsonObject {
  if (!isObject(head)) return false;
  const { defaultAction, syscalls } = head;
  const hasRules = Array.isArray(syscalls) ? syscalls.length > 0 : (syscalls ?? undefined) !== undefined;
  return (defaultAction ?? '') === '' && !hasRules;
}

/** Checks the head, and the rules even if the head is not valid. */
function checkParts(written: unknown, place: CheckPlace, reading: Reading): CheckedDocument | undefined {
  const { path, diagnostics } = place;
  const head = checkHead(written, place);
  if (head !== undefined) checkBetweenFields(head, place);
  const rules = isObject(written) && Array.isArray(written['syscalls']) ? written['syscalls'] : [];
  const checked: Rule[] = [];
  for (const [i, item] of rules.entries()) {
    if (diagnostics.full) break;
    const rule = checkRule(item, [...path, 'syscalls', i], reading);
    if (rule !== undefined) checked.push(rule);
  }
  return head && isObject(written) ? toDocument(head, written, checked, place) : undefined;
}

/** Checks a document without its rules, which only have to be a list. */
function checkHead(written: unknown, place: CheckPlace): Head | undefined {
  const head = checkFields(HEAD, written, place);
  const rules = isObject(written) ? (written['syscalls'] ?? undefined) : undefined;
  if (rules === undefined || Array.isArray(rules)) return head;
  place.diagnostics.report('refused', [...place.path, 'syscalls'], 'must be an array of rules');
  return undefined;
}

/** Checks a rule. Returns undefined if it is not valid. */
export function checkRule(
  input: unknown,
  path: (string | number)[],
  { format, diagnostics }: Reading,
): Rule | undefined {
  const place = { path, diagnostics: diagnostics.forRule(memberOf(input, 'action')) };
  const reading = { format, diagnostics: place.diagnostics };
  const written = readKnownFields(input, table.RULE, reading, path);
  if (isObject(written)) checkNames(written, path, reading);
  const rule = checkFields(table.RULE, written, place);
  if (rule === undefined || !isObject(written)) return undefined;
  checkBetweenRuleFields(rule, place);
  return toRule(rule, written, place);
}
