/** A profile as the manifest of the Security Profiles Operator, for Kubernetes. */
import { SeccompError } from '../errors.js';
import type { Argument, Rule } from '../profile/document.js';
import type { Profile } from '../profile/profile.js';

/**
 * Writes a `SeccompProfile` in YAML. What the operator's form has not is refused, but for comments, which stay as YAML's.
 * Source: SeccompProfileSpec in api/seccompprofile/v1beta1 of kubernetes-sigs/security-profiles-operator.
 */
export function toOperatorManifest({ document }: Profile, name: string): string {
  checkManifestName(name);
  if (document.archMap) fail('archMap has no place in a SeccompProfile: use architectures');
  if ((document.defaultErrnoRet ?? EPERM) !== EPERM)
    fail('a SeccompProfile has no defaultErrnoRet: only EPERM is possible');
  const { defaultAction, architectures = [], flags = [], syscalls } = document;
  return [
    'apiVersion: security-profiles-operator.x-k8s.io/v1beta1',
    'kind: SeccompProfile',
    'metadata:',
    `  name: ${JSON.stringify(name)}`,
    'spec:',
    `  defaultAction: ${defaultAction}`,
    ...list('  architectures', architectures),
    ...list('  flags', flags),
    '  syscalls:',
    ...syscalls.flatMap(ruleLines),
    '',
  ].join('\n');
}

/** @throws SeccompError ERR_SECCOMP_OPTION for a name that Kubernetes does not take. */
export function checkManifestName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return;
  fail(
    `${JSON.stringify(name)} is no name for Kubernetes: lower-case letters, digits and - (RFC 1123): name another file with -o`,
  );
}

const EPERM = 1;

function ruleLines(rule: Rule): readonly string[] {
  if (rule.includes ?? rule.excludes)
    fail('includes and excludes have no place in a SeccompProfile: resolve them first');
  return [
    ...(rule.comment === undefined ? [] : [`    # ${rule.comment.replaceAll(/[\r\n]+/g, ' ')}`]),
    `    - action: ${rule.action}`,
    ...(rule.errnoRet === undefined ? [] : [`      errnoRet: "${rule.errnoRet}"`]),
    ...list('      names', rule.names),
    ...(rule.args.length === 0 ? [] : ['      args:', ...rule.args.flatMap(argumentLines)]),
  ];
}

/** The operator's numbers are uint64, but Kubernetes keeps integers as int64. */
function argumentLines({ index, value, valueTwo, op }: Argument): readonly string[] {
  for (const number of [value, valueTwo ?? 0n]) {
    if (number >= 1n << 63n) fail(`${number} in a comparison has 64 bits: Kubernetes keeps 63`);
  }
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

function fail(message: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}
