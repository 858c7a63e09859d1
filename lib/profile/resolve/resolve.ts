/**
 * Resolves a profile for a host, which gives a policy: rules that do not apply to the host are dropped, names become
 * numbers, and comparisons become conditions.
 */

import type { ProfileIssue } from '../../errors.js';
import type { Action, Policy } from '../../policy/policy.js';
import { type AbiName, abiOf } from '../../syscalls/abi.js';
import { EPERM } from '../../syscalls/errno.js';
import type { Path } from '../../util/own-data.js';
import { type Diagnostic, Diagnostics } from '../document/diagnostics.js';
import { ARCHITECTURES } from '../document/fields.js';
import type { ProfileFormat } from '../document/options.js';
import { type ActionName, comparesArgumentTwice } from '../document/types.js';
import type { Profile } from '../profile.js';
import { resolveAbi } from './abi-policy.js';
import { absentDenials } from './absent-denials.js';
import { evadedDenials } from './evaded-denials.js';
import { type Host, ruleApplies } from './host-match.js';
import { reportUnnamed } from './newer-syscalls.js';
import { hasDefaultAction, RuleConflicts } from './rule-conflicts.js';
import { NO_CONDITIONS, type ResolveContext, type ResolvedRule } from './rule-precedence.js';

export type { Host } from './host-match.js';

/**
 * Returns the policy of a profile on a host: for each ABI, the decisions on each syscall number.
 * @throws {ProfileError} if the profile has errors that only show on this host.
 */
export function resolve(profile: Profile, host: Host): Policy {
  const { policy, diagnostics } = resolveWithDiagnostics(profile, host);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw profile.error(diagnostics);
  return policy;
}

/** Returns the errors and warnings that exist only on this host. */
export function issuesOn(profile: Profile, host: Host): readonly ProfileIssue[] {
  const { policy, diagnostics } = resolveWithDiagnostics(profile, host);
  const notices = [...evadedDenials(policy, profile.mode), ...absentDenials(profile, policy, host)];
  return profile.issues([...diagnostics, ...notices]);
}

/** Resolves a profile even if it has errors. The policy must only be used if no diagnostic is an error. */
export function resolveWithDiagnostics(
  profile: Profile,
  host: Host,
): { readonly policy: Policy; readonly diagnostics: readonly Diagnostic[] } {
  if (profile.isUnconfined) return { policy: unconfinedOn(host), diagnostics: [] };
  const { document, mode, options } = profile;
  const diagnostics = new Diagnostics(mode);
  const defaultAction = actionOf(document.defaultAction, document.defaultErrnoRet, ['defaultErrnoRet'], diagnostics);
  const rules: ResolvedRule[] = [];
  for (const [index, rule] of document.syscalls.entries()) {
    if (!ruleApplies(rule, host)) continue;
    const action = actionOf(rule.action, rule.errnoRet, ['syscalls', index, 'errnoRet'], diagnostics);
    rules.push({ rule, index, action, always: [{ conditions: NO_CONDITIONS, action, rule: index }] });
  }
  const context: ResolveContext = { mode, options, defaultAction, diagnostics };
  reportOnRules(rules, context);
  if (rules.length > 0) reportUnnamed(host, context);
  const conflicts = new RuleConflicts(context);
  const names = abisOf(profile, host, diagnostics);
  const resolved = isTooLarge(rules, names.length, diagnostics) ? [] : rules;
  const abis = names.map((name) => resolveAbi(abiOf(name), resolved, context, conflicts));
  return {
    policy: { abis, defaultAction, foreignAction: { kind: options.foreignAction } },
    diagnostics: diagnostics.all(),
  };
}

/** The policy that allows every call. */
function unconfinedOn(host: Host): Policy {
  const abis = [...new Set([host.abi, ...(host.abis ?? [])])];
  const policies = abis.map((name) => ({ abi: abiOf(name), syscalls: new Map<number, never>() }));
  return { abis: policies, defaultAction: ALLOW, foreignAction: ALLOW };
}

/** The most comparisons of a profile: four times as many as a filter can have instructions. */
const MOST_COMPARISONS = 16_384;

/**
 * The most names in rules, counted for each ABI: as many as are resolved within a second. Real profiles have thousands.
 */
const MOST_NAMES = 500_000;

/** Whether a profile is too large to be resolved. Reports it if so. */
function isTooLarge(rules: readonly ResolvedRule[], abis: number, diagnostics: Diagnostics): boolean {
  let names = 0;
  let comparisons = 0;
  for (const { rule } of rules) {
    names += rule.names.length * abis;
    comparisons += rule.names.length * rule.args.length * abis;
  }
  const refuse = (count: number, what: string, most: number) => {
    const message = () => `${count} ${what} on ${abis} ABIs exceed the limit of ${most}: write fewer rules`;
    diagnostics.reportOnce('refused', ['syscalls'], what, message);
  };
  if (names > MOST_NAMES) refuse(names, 'names', MOST_NAMES);
  if (comparisons > MOST_COMPARISONS) refuse(comparisons, 'comparisons of arguments', MOST_COMPARISONS);
  return names > MOST_NAMES || comparisons > MOST_COMPARISONS;
}

/** The ABIs to cover: the native one, then those that the host lists, or else those that the profile lists. */
function abisOf({ document, format }: Profile, host: Host, diagnostics: Diagnostics): readonly AbiName[] {
  const { architectures } = document;
  const archMap = format === 'oci' ? null : document.archMap; // The runtime specification has none.
  if (host.abis !== undefined) return [...new Set([host.abi, ...host.abis])];
  const entry = (archMap ?? []).findIndex(({ architecture }) => ARCHITECTURES.get(architecture) === host.abi);
  const subs = (entry < 0 ? undefined : archMap?.[entry]?.subArchitectures) ?? [];
  const isRead = readsArchMap(host.abi, format);
  if (subs.length > 0 && !isRead) {
    const message = () =>
      `${RUNTIMES[format]} ignores this entry on ${host.abi}, and the filter covers that ABI alone: use architectures instead`;
    diagnostics.reportOnce('notice', ['archMap', entry], 'unread', message);
  }
  const listed = [
    ...(architectures ?? []).map((name, i) => ({ name, keys: ['architectures', i] })),
    ...(isRead ? subs : []).map((name, i) => ({ name, keys: ['archMap', entry, 'subArchitectures', i] })),
  ];
  const added = listed.flatMap(({ name, keys }) => {
    const abi = ARCHITECTURES.get(name);
    if (abi !== undefined && abiOf(abi).endian !== abiOf(host.abi).endian) {
      const message = () =>
        `${name} has a different byte order from the native ABI, ${host.abi}: runtimes refuse a profile for both`;
      diagnostics.reportOnce('refused', keys, 'endian', message);
    }
    if (abi !== undefined && format !== 'podman' && UNKNOWN_TO_RUNC.has(abi)) {
      diagnostics.reportOnce(
        'refused',
        keys,
        'runc',
        () => `runc does not know ${name}, and refuses the profile: remove it`,
      );
    }
    return abi ?? [];
  });
  return [...new Set([host.abi, ...added])];
}

/** Listed in the runtime specification, but unknown to runc. crun, Podman's runtime, leaves names to libseccomp. */
const UNKNOWN_TO_RUNC: ReadonlySet<AbiName> = new Set(['parisc', 'parisc64', 'm68k', 'sh', 'sheb']);

/** The program that reads an archMap, by the format of the document. */
const RUNTIMES = { docker: 'Docker', podman: 'Podman', oci: 'an OCI runtime' } as const;

/**
 * Native ABIs for which moby ignores archMap, as its tables lack them: goToNative, nativeToSeccomp of moby/profiles.
 */
const NOT_IN_MOBY: ReadonlySet<AbiName> = new Set(['loongarch64', 'mipsel']);

/** The only native ABIs for which Podman reads archMap: nativeToSeccomp of containers/common, pkg/seccomp. */
const IN_COMMON: ReadonlySet<AbiName> = new Set([
  'x86_64',
  'aarch64',
  'mips64',
  'mips64n32',
  'mipsel64',
  'mipsel64n32',
  's390x',
]);

function readsArchMap(native: AbiName, format: ProfileFormat): boolean {
  return format === 'podman' ? IN_COMMON.has(native) : !NOT_IN_MOBY.has(native);
}

function actionOf(name: ActionName, data: number | null | undefined, keys: Path, diagnostics: Diagnostics): Action {
  const simple = SIMPLE_ACTIONS.get(name);
  if (simple === undefined) {
    return name === 'SCMP_ACT_TRACE'
      ? { kind: 'trace', message: data ?? EPERM }
      : { kind: 'errno', errno: data ?? EPERM };
  }
  if (data !== undefined && data !== null) {
    diagnostics.reportOnce('mistake', keys, 'errno', () => `${name} returns no errno: leave it out`);
  }
  return simple;
}

/** An action without data. Policies share it. */
const simple = (kind: Exclude<Action['kind'], 'errno' | 'trace'>): Action => Object.freeze({ kind });

const ALLOW = simple('allow');

const SIMPLE_ACTIONS: ReadonlyMap<ActionName, Action> = new Map([
  ['SCMP_ACT_ALLOW', ALLOW],
  ['SCMP_ACT_KILL', simple('kill-thread')],
  ['SCMP_ACT_KILL_THREAD', simple('kill-thread')],
  ['SCMP_ACT_KILL_PROCESS', simple('kill-process')],
  ['SCMP_ACT_LOG', simple('log')],
  ['SCMP_ACT_NOTIFY', simple('notify')],
  ['SCMP_ACT_TRAP', simple('trap')],
]);

/** Reports problems that do not depend on the ABI. */
function reportOnRules(rules: readonly ResolvedRule[], context: ResolveContext): void {
  const { defaultAction, diagnostics } = context;
  if (defaultAction.kind === 'notify') {
    const message = () => 'SCMP_ACT_NOTIFY cannot be the default action: a runtime would have to answer its own calls';
    diagnostics.reportOnce('refused', ['defaultAction'], 'notify', message);
  }
  for (const source of rules) {
    const { rule, index, action } = source;
    if (rule.name !== undefined) {
      const message = () => 'cannot be combined with names: Podman refuses a rule with both if it applies to the host';
      diagnostics.reportOnce('refused', ['syscalls', index, 'name'], 'name', message);
    }
    if (action.kind === 'notify' && rule.names.includes('write')) {
      const message = () =>
        'SCMP_ACT_NOTIFY cannot be used for write: runtimes refuse it, as they need write to send the listener';
      diagnostics.reportOnce('refused', ['syscalls', index, 'names', rule.names.indexOf('write')], 'notify', message);
    }
    if (hasDefaultAction(source, context)) {
      const message = () => `${rule.action} is the default action: container runtimes drop this rule`;
      diagnostics.reportOnce('notice', ['syscalls', index, 'action'], 'default', message);
    }
    if (comparesArgumentTwice(rule)) reportRepeatedIndex(source, diagnostics);
  }
}

/** Reports a rule that compares an argument twice: runtimes make alternatives of it, though authors mean both. */
function reportRepeatedIndex({ rule, index }: ResolvedRule, diagnostics: Diagnostics): void {
  const indices = rule.args.map((each) => each.index);
  indices.forEach((each, i) => {
    if (indices.indexOf(each) === i) return;
    const message = () =>
      `argument ${each} is compared twice in one rule: to mean alternatives, write two rules (container runtimes turn ` +
      'each comparison of such a rule into a separate rule)';
    diagnostics.reportOnce('mistake', ['syscalls', index, 'args', i, 'index'], 'twice', message);
  });
}
