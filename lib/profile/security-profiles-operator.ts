/** Writes a profile as a manifest of Kubernetes' Security Profiles Operator. */

import { EPERM } from '../syscalls/errno.js';
import { quoted } from '../util/foreign-text.js';
import type { Argument, Rule } from './document/types.js';
import { fail } from './fail.js';
import type { Profile } from './profile.js';

export interface Manifest {
  /** YAML. */
  readonly text: string;
  /** Differences between the manifest and the profile, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes a `SeccompProfile` in YAML. Comments become YAML comments. A rule that allows a call and compares an argument
 * with a number above 2⁶³ − 1 becomes one that allows the call with any arguments, with a note.
 *
 * Source: SeccompProfileSpec in api/seccompprofile/v1beta1 of kubernetes-sigs/security-profiles-operator.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for a name that Kubernetes refuses, and for anything else that a
 * SeccompProfile cannot express.
 */
export function toOperatorManifest({ document }: Profile, name: string): Manifest {
  checkManifestName(name);
  if (document.archMap) fail('a SeccompProfile has no archMap: use architectures');
  if ((document.defaultErrnoRet ?? EPERM) !== EPERM)
    fail('a SeccompProfile has no defaultErrnoRet: only EPERM is possible');
  const { defaultAction, architectures = [], flags = [], syscalls } = document;
  const wide = new Set(syscalls.filter(isWide).flatMap(({ names }) => names));
  const text = [
    'apiVersion: security-profiles-operator.x-k8s.io/v1beta1',
    'kind: SeccompProfile',
    'metadata:',
    `  name: ${quoted(name)}`,
    'spec:',
    `  defaultAction: ${defaultAction}`,
    ...list('  architectures', architectures),
    ...list('  flags', flags),
    '  syscalls:',
    ...withoutArguments(syscalls, wide).flatMap(ruleLines),
    '',
  ].join('\n');
  const notes = [...wide].map(
    (each) =>
      `${each} is allowed with any arguments: ` +
      'a comparison of its arguments has a number above 2⁶³ − 1, which Kubernetes does not store',
  );
  return { text, notes };
}

/**
 * Whether an allowing rule compares with a number above 2⁶³ − 1. The operator declares uint64, but Kubernetes keeps
 * int64.
 */
function isWide({ action, args }: Rule): boolean {
  return action === 'SCMP_ACT_ALLOW' && args.some(isBeyond);
}

function isBeyond({ value, valueTwo }: Argument): boolean {
  return [value, valueTwo ?? 0n].some((number) => number >= 1n << 63n);
}

/** Replaces the allowing rules with arguments for each of `names` by one rule without arguments. */
function withoutArguments(rules: readonly Rule[], names: ReadonlySet<string>): readonly Rule[] {
  const left = new Set(names);
  return rules.flatMap((rule) => {
    if (rule.args.length === 0 || rule.action !== 'SCMP_ACT_ALLOW') return [rule];
    const others = rule.names.filter((name) => !names.has(name));
    const allowed = rule.names.filter((name) => left.delete(name));
    return [
      ...(others.length === 0 ? [] : [{ ...rule, names: others }]),
      ...(allowed.length === 0 ? [] : [{ ...rule, names: allowed, args: [], comment: undefined }]),
    ];
  });
}

/** @throws {SeccompError} ERR_SECCOMP_OPTION for a name that Kubernetes refuses. */
export function checkManifestName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  fail(
    `${quoted(name)} is not a valid Kubernetes name: use lower-case letters, digits and - (RFC 1123); ` +
      'name another file with -o',
  );
}

function ruleLines(rule: Rule): readonly string[] {
  if (rule.includes ?? rule.excludes) fail('a SeccompProfile has no includes and excludes: resolve them first');
  return [
    ...(rule.comment === undefined ? [] : [`    # ${rule.comment.replaceAll(/[\r\n]+/g, ' ')}`]),
    `    - action: ${rule.action}`,
    ...(rule.errnoRet === undefined ? [] : [`      errnoRet: "${rule.errnoRet}"`]),
    ...list('      names', rule.names),
    ...(rule.args.length === 0 ? [] : ['      args:', ...rule.args.flatMap(argumentLines)]),
  ];
}

function argumentLines(argument: Argument): readonly string[] {
  const { index, value, valueTwo, op } = argument;
  if (isBeyond(argument)) fail(`a comparison of argument ${index} has 64 bits: Kubernetes stores 63`);
  return [
    `        - index: ${index}`,
    `          value: ${value}`,
    ...(valueTwo === undefined ? [] : [`          valueTwo: ${valueTwo}`]),
    `          op: ${op}`,
  ];
}

function list(key: string, items: readonly string[]): readonly string[] {
  const indent = ' '.repeat(key.search(/\S/) + 2);
  return items.length === 0 ? [] : [`${key}:`, ...items.map((item) => `${indent}- ${item}`)];
}
