/** Resolves a profile for a host: names become numbers, conditions on the host are settled, and a policy remains. */
import { type ProfileIssue, SeccompError } from '../../errors.js';
import type { Action, Policy } from '../../policy/policy.js';
import { type AbiName, abiOf } from '../../syscalls/abi.js';
import type { Path } from '../../util/own-data.js';
import { type Diagnostic, Diagnostics } from '../document/diagnostics.js';
import type { ProfileFormat } from '../document/options.js';
import { type ActionName, ARCHITECTURES, comparesArgumentTwice } from '../document/types.js';
import { Profile } from '../profile.js';
import { resolveAbi } from './abi-policy.js';
import { type Host, readHost, ruleApplies } from './host-match.js';
import { hasDefaultAction, RuleConflicts } from './rule-conflicts.js';
import { NO_CONDITIONS, type ResolveContext, type ResolvedRule } from './rule-precedence.js';

export type { Host } from './host-match.js';

/**
 * Makes the policy of `profile` on `host`.
 * @throws ProfileError for what only shows on a host: rules that contradict each other, for example; SeccompError
 * ERR_SECCOMP_OPTION for what is no Profile or no host.
 */
export function resolve(profile: Profile, given: Host): Policy {
  if (!Profile.is(profile)) {
    const message = 'profile: must be a Profile, as loadProfile gives it (null is unconfined, which has no policy)';
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  const { policy, diagnostics } = resolveWithDiagnostics(profile, readHost(given));
  if (diagnostics.some(({ severity }) => severity === 'error')) throw profile.error(diagnostics);
  return policy;
}

/** What `resolve` finds: the errors for which it throws, and warnings. */
export function issuesOn(profile: Profile, host: Host): readonly ProfileIssue[] {
  return profile.issues(resolveWithDiagnostics(profile, host).diagnostics);
}

/** The policy of a profile, mistakes or not, and what is to be said about it. */
export function resolveWithDiagnostics(
  profile: Profile,
  host: Host,
): { readonly policy: Policy; readonly diagnostics: readonly Diagnostic[] } {
  const { document, mode, options } = profile;
  const diagnostics = new Diagnostics(mode);
  const defaultAction = actionOf(document.defaultAction, document.defaultErrnoRet, ['defaultErrnoRet'], diagnostics);
  const rules: ResolvedRule[] = [];
  for (const [index, rule] of document.syscalls.entries()) {
    if (!ruleApplies(rule, host, profile.format)) continue;
    const action = actionOf(rule.action, rule.errnoRet, ['syscalls', index, 'errnoRet'], diagnostics);
    rules.push({ rule, index, action, always: [{ conditions: NO_CONDITIONS, action, rule: index }] });
  }
  const context: ResolveContext = { mode, options, defaultAction, diagnostics };
  remarkOnRules(rules, context);
  const conflicts = new RuleConflicts(context);
  const names = abisOf(profile, host, diagnostics);
  const counting = isTooLarge(rules, names.length, diagnostics) ? [] : rules;
  const abis = names.map((name) => resolveAbi(abiOf(name), counting, context, conflicts));
  return {
    policy: { abis, defaultAction, foreignAction: { kind: options.foreignAction } },
    diagnostics: diagnostics.all(),
  };
}

/** Four times the instructions of a filter, each of which compares once: so many are refused before they are compiled. */
const MOST_COMPARISONS = 16_384;

/** Names of rules, on all ABIs, that are read within a second. The largest profiles have some thousands. */
const MOST_NAMES = 500_000;

/** Whether there is too much to be read: told before it is tried. */
function isTooLarge(rules: readonly ResolvedRule[], abis: number, diagnostics: Diagnostics): boolean {
  let names = 0;
  let comparisons = 0;
  for (const { rule } of rules) {
    names += rule.names.length * abis;
    comparisons += rule.names.length * rule.args.length * abis;
  }
  const refuse = (count: number, what: string, most: number) => {
    const words = () => `${count} ${what} on ${abis} ABIs are more than the ${most} that are read: write fewer rules`;
    diagnostics.reportOnce('refused', ['syscalls'], what, words);
  };
  if (names > MOST_NAMES) refuse(names, 'names', MOST_NAMES);
  if (comparisons > MOST_COMPARISONS) refuse(comparisons, 'comparisons of arguments', MOST_COMPARISONS);
  return names > MOST_NAMES || comparisons > MOST_COMPARISONS;
}

/** The native ABI, then those that the profile or the host adds. */
function abisOf({ document, format }: Profile, host: Host, diagnostics: Diagnostics): readonly AbiName[] {
  const { architectures } = document;
  const archMap = format === 'oci' ? null : document.archMap; // The runtime specification has none.
  if (host.abis !== undefined) return [...new Set([host.abi, ...host.abis])];
  const entry = (archMap ?? []).findIndex(({ architecture }) => ARCHITECTURES.get(architecture) === host.abi);
  const subs = (entry < 0 ? undefined : archMap?.[entry]?.subArchitectures) ?? [];
  const isRead = readsArchMap(host.abi, format);
  if (subs.length > 0 && !isRead) {
    const words = () =>
      `${RUNTIMES[format]} does not read this on ${host.abi}, and decides that ABI alone: use architectures`;
    diagnostics.reportOnce('notice', ['archMap', entry], 'unread', words);
  }
  const listed = [
    ...(architectures ?? []).map((name, i) => ({ name, keys: ['architectures', i] })),
    ...(isRead ? subs : []).map((name, i) => ({ name, keys: ['archMap', entry, 'subArchitectures', i] })),
  ];
  const added = listed.flatMap(({ name, keys }) => {
    const abi = ARCHITECTURES.get(name);
    if (abi !== undefined && abiOf(abi).endian !== abiOf(host.abi).endian) {
      const words = () =>
        `${name} has another byte order than this machine's ${host.abi}: runtimes refuse both together`;
      diagnostics.reportOnce('refused', keys, 'endian', words);
    }
    if (abi !== undefined && format !== 'podman' && UNKNOWN_TO_RUNC.has(abi)) {
      diagnostics.reportOnce(
        'refused',
        keys,
        'runc',
        () => `runc does not know ${name}, and starts no container with it: leave it out`,
      );
    }
    return abi ?? [];
  });
  return [...new Set([host.abi, ...added])];
}

/** In the runtime specification, but not in runc's list. crun, Podman's runtime, asks libseccomp, which knows them. */
const UNKNOWN_TO_RUNC: ReadonlySet<AbiName> = new Set(['parisc', 'parisc64', 'm68k', 'sh', 'sheb']);

/** Who finds ABIs in an archMap. */
const RUNTIMES = { docker: 'Docker', podman: 'Podman', oci: 'an OCI runtime' } as const;

/** Native ABIs by whose names in Go moby finds no architecture. Source: goToNative, nativeToSeccomp of moby/profiles. */
const NOT_IN_MOBY: ReadonlySet<AbiName> = new Set(['loongarch64', 'mipsel']);

/** The only ones for which containers/common has one. Source: nativeToSeccomp, pkg/seccomp. */
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
    const EPERM = 1;
    return name === 'SCMP_ACT_TRACE'
      ? { kind: 'trace', message: data ?? EPERM }
      : { kind: 'errno', errno: data ?? EPERM };
  }
  if (data !== undefined && data !== null) {
    diagnostics.reportOnce('mistake', keys, 'errno', () => `${name} returns no errno: leave it out`);
  }
  return simple;
}

/** It is in many policies. */
const simple = (kind: Exclude<Action['kind'], 'errno' | 'trace'>): Action => Object.freeze({ kind });

const SIMPLE_ACTIONS: ReadonlyMap<ActionName, Action> = new Map([
  ['SCMP_ACT_ALLOW', simple('allow')],
  ['SCMP_ACT_KILL', simple('kill-thread')],
  ['SCMP_ACT_KILL_THREAD', simple('kill-thread')],
  ['SCMP_ACT_KILL_PROCESS', simple('kill-process')],
  ['SCMP_ACT_LOG', simple('log')],
  ['SCMP_ACT_NOTIFY', simple('notify')],
  ['SCMP_ACT_TRAP', simple('trap')],
]);

/** What shows without knowing the ABIs. */
function remarkOnRules(rules: readonly ResolvedRule[], context: ResolveContext): void {
  const { defaultAction, diagnostics } = context;
  if (defaultAction.kind === 'notify') {
    const words = () =>
      'SCMP_ACT_NOTIFY can not be the default action: a runtime would have to answer for its own calls';
    diagnostics.reportOnce('refused', ['defaultAction'], 'notify', words);
  }
  for (const source of rules) {
    const { rule, index, action } = source;
    if (rule.name !== undefined) {
      const words = () => 'stands beside names: Podman refuses that in a rule that counts on the host';
      diagnostics.reportOnce('refused', ['syscalls', index, 'name'], 'name', words);
    }
    if (action.kind === 'notify' && rule.names.includes('write')) {
      const words = () => 'SCMP_ACT_NOTIFY can not be for write: runtimes send the listener with it, and refuse that';
      diagnostics.reportOnce('refused', ['syscalls', index, 'names', rule.names.indexOf('write')], 'notify', words);
    }
    if (hasDefaultAction(source, context)) {
      const words = () => `${rule.action} is what happens anyway: container runtimes leave this rule out`;
      diagnostics.reportOnce('notice', ['syscalls', index, 'action'], 'default', words);
    }
    if (comparesArgumentTwice(rule)) remarkOnRepeatedIndex(source, diagnostics);
  }
}

/** Runtimes turn such a rule into alternatives, and authors mean both. */
function remarkOnRepeatedIndex({ rule, index }: ResolvedRule, diagnostics: Diagnostics): void {
  const indices = rule.args.map((each) => each.index);
  indices.forEach((each, i) => {
    if (indices.indexOf(each) === i) return;
    const words = () =>
      `argument ${each} is compared twice in one rule: for alternatives write two rules (container runtimes make each ` +
      'comparison of the rule a rule of its own)';
    diagnostics.reportOnce('mistake', ['syscalls', index, 'args', i, 'index'], 'twice', words);
  });
}
