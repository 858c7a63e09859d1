/** Builds profiles from clauses. A later clause takes precedence over all earlier ones. */

import { type AbiName, abiOf } from '../../syscalls/abi.js';
import type { ErrnoName } from '../../syscalls/constants.js';
import type { SyscallName } from '../../syscalls/generated/names.js';
import type { GroupName } from '../../syscalls/groups.js';
import { limitToOne } from '../../util/argument-count.js';
import { publicMethods } from '../../util/caller.js';
import { emptyFields } from '../../util/own-data.js';
import type { MeaningOptions, ProfileFormat } from '../document/options.js';
import { type ActionName, ANYWHERE, type CheckedDocument, emptyDocument, type Rule } from '../document/types.js';
import { fail, received } from '../fail.js';
import { ArgumentTest } from './argument.js';
import { type Clause, errnoEverywhere, lowerClause } from './clause.js';
import { and, type HostCondition, supportedBy } from './host-conditions.js';
import { applyClause, dropDefaults } from './override.js';
import { type HostConditions, knownFields, readConditions, readNames, requireAbi } from './parameters.js';

/**
 * A parameter of a clause: the name of a syscall, the name of a group, or an argument test. A clause matches a call if
 * it names the syscall and the call passes all tests.
 */
export type SyscallSelector = SyscallName | GroupName | ArgumentTest;

/** Options of `deny`. */
export interface DenyOptions {
  /** The errno, by name or by number from 1 to 4094. Default EPERM. */
  readonly errno?: ErrnoName | number;
}

/** Options of `Profile.allowlist`: the action for calls that no clause matches. */
export interface AllowlistOptions extends DenyOptions {
  /** The default action. Default: the call fails with `errno`. */
  readonly action?: 'errno' | 'trap' | 'log' | 'kill-thread' | 'kill-process';
  /**
   * The action for syscalls newer than every syscall that the clauses name: ENOSYS, as in container runtimes, or the
   * default action. Default `enosys`.
   */
  readonly newerCalls?: MeaningOptions['newerCalls'];
}

const DEFAULT_ACTIONS: Readonly<Record<NonNullable<AllowlistOptions['action']>, ActionName>> = {
  errno: 'SCMP_ACT_ERRNO',
  trap: 'SCMP_ACT_TRAP',
  log: 'SCMP_ACT_LOG',
  'kill-thread': 'SCMP_ACT_KILL_THREAD',
  'kill-process': 'SCMP_ACT_KILL_PROCESS',
};

/** The action of each method that adds a clause. */
const ACTIONS = {
  allow: 'SCMP_ACT_ALLOW',
  deny: 'SCMP_ACT_ERRNO',
  log: 'SCMP_ACT_LOG',
  kill: 'SCMP_ACT_KILL_PROCESS',
  trap: 'SCMP_ACT_TRAP',
  notify: 'SCMP_ACT_NOTIFY',
} as const satisfies Record<string, ActionName>;

/** The last clause, and the rules without it. */
interface LastClause {
  readonly clause: Clause;
  readonly before: readonly Rule[];
}

/**
 * The methods that add clauses to a profile. Each returns a new profile and leaves this one unchanged. A clause decides
 * exactly the calls that it matches, whatever earlier clauses decide about them, and no others.
 * All methods throw a TypeError for unknown names, and SeccompError ERR_SECCOMP_OPTION for clauses that cannot be written as rules
 * of a profile.
 */
export abstract class Builder<Self extends Builder<Self>> {
  abstract readonly document: CheckedDocument;
  abstract readonly format: ProfileFormat;
  abstract readonly options: MeaningOptions;
  #last: LastClause | undefined;

  /** Returns the same profile with another document. */
  protected abstract with(document: CheckedDocument): Self;

  /**
   * Allows the calls.
   *
   * @param subjects - Syscalls, groups and argument tests.
   * @returns A new profile.
   * @throws {TypeError} for an unknown name.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a clause that cannot be written as rules.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.allowlist().allow('@io', '@memory', 'exit_group');
   */
  allow(...subjects: readonly SyscallSelector[]): Self {
    return this.#add('allow', subjects);
  }

  /**
   * Denies the calls: they fail with an errno.
   *
   * @param subjects - Syscalls, groups, argument tests; and last, options.
   * @returns A new profile.
   * @throws {TypeError} for an unknown name.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a clause that cannot be written as rules.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('ptrace').deny('bpf', { errno: 'ENOSYS' });
   */
  deny(...subjects: readonly (SyscallSelector | DenyOptions)[]): Self {
    const tail = subjects.at(-1);
    const options: DenyOptions = isOptions(tail) ? knownFields(tail, ['errno'], 'deny') : emptyFields();
    const rest = isOptions(tail) ? subjects.slice(0, -1) : subjects;
    return this.#add('deny', rest, options.errno === undefined ? 'EPERM' : options.errno);
  }

  /**
   * Allows the calls; the kernel logs each of them in the audit log.
   *
   * @param subjects - Syscalls, groups and argument tests.
   * @returns A new profile.
   * @throws {TypeError} for an unknown name.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a clause that cannot be written as rules.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().log('ptrace');
   */
  log(...subjects: readonly SyscallSelector[]): Self {
    return this.#add('log', subjects);
  }

  /**
   * Kills the process that makes one of the calls, as the signal SIGSYS would.
   *
   * @param subjects - Syscalls, groups and argument tests.
   * @returns A new profile.
   * @throws {TypeError} for an unknown name.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a clause that cannot be written as rules.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().kill('kexec_load', 'kexec_file_load');
   */
  kill(...subjects: readonly SyscallSelector[]): Self {
    return this.#add('kill', subjects);
  }

  /**
   * Denies the calls, and sends SIGSYS to the thread that makes one. A signal handler can catch it.
   *
   * @param subjects - Syscalls, groups and argument tests.
   * @returns A new profile.
   * @throws {TypeError} for an unknown name.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a clause that cannot be written as rules.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().trap('@reboot');
   */
  trap(...subjects: readonly SyscallSelector[]): Self {
    return this.#add('trap', subjects);
  }

  /**
   * Sends a notification to the listener of the filter, which answers the calls (seccomp_unotify(2)).
   *
   * @param subjects - Syscalls, groups and argument tests.
   * @returns A new profile.
   * @throws {TypeError} for an unknown name.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a clause that cannot be written as rules.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.allowlist().allow('@process').notify('mkdir', 'mkdirat');
   */
  notify(...subjects: readonly SyscallSelector[]): Self {
    return this.#add('notify', subjects);
  }

  /**
   * Limits the last clause to hosts that meet all of these conditions.
   *
   * @param facts - At least one condition.
   * @returns A new profile.
   * @throws {SeccompError} ERR_SECCOMP_OPTION if there is no clause yet, or if the condition is invalid or
   * contradicts an earlier one.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('bpf').deny('perf_event_open').when({ minKernel: '5.8' });
   */
  when(facts: HostConditions): Self {
    return this.#narrow({ includes: readConditions(facts), excludes: undefined });
  }

  /**
   * Limits the last clause to hosts that meet none of these conditions.
   *
   * @param facts - At least one condition.
   * @returns A new profile.
   * @throws {SeccompError} ERR_SECCOMP_OPTION if there is no clause yet, or if the condition is invalid or
   * contradicts an earlier one.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('chroot').unless({ capability: 'CAP_SYS_CHROOT' });
   */
  unless(facts: HostConditions): Self {
    return this.#narrow({ includes: undefined, excludes: readConditions(facts) });
  }

  /**
   * Adds a comment to the last clause, which becomes the `comment` of its rules.
   *
   * @param text - The reason for the clause.
   * @returns A new profile.
   * @throws {SeccompError} ERR_SECCOMP_OPTION if there is no clause yet.
   * @throws {TypeError} if `text` is not a string.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('ptrace').comment('reads the memory of other processes');
   */
  comment(text: string): Self {
    if (typeof text !== 'string') fail(`comment: must be a string, not ${typeof text}`, 'type');
    const { clause, before } = this.#lastClause('comment');
    return this.#with({ clause: { ...clause, comment: text }, before });
  }

  /**
   * Sets the ABIs that the filter covers in addition to the native one, in place of those that the profile had.
   *
   * @param names - Names of ABIs; none for the native one only.
   * @returns A new profile.
   * @throws {TypeError} for an unknown ABI.
   * @example
   * import { Profile } from 'seccomp';
   * const profile = Profile.denylist().deny('ptrace').abis('x86', 'x32');
   */
  abis(...names: readonly AbiName[]): Self {
    names.forEach(requireAbi);
    return this.with({ ...this.document, archMap: undefined, architectures: names.map((name) => abiOf(name).scmp) });
  }

  #add(method: keyof typeof ACTIONS, subjects: readonly unknown[], data?: number | string): Self {
    const tests = subjects.filter((each) => ArgumentTest.is(each));
    const names = subjects.flatMap((each, i) => (ArgumentTest.is(each) ? [] : readNames(each, method, i + 1)));
    if (names.length === 0) fail(`${method}(): name at least one syscall or group`, 'value');
    const clause: Clause = {
      names: [...new Set(names)],
      tests,
      action: ACTIONS[method],
      data,
      where: ANYWHERE,
      comment: undefined,
    };
    return this.#with({ clause, before: this.document.syscalls });
  }

  #narrow(condition: HostCondition): Self {
    const { clause, before } = this.#lastClause('when() and unless()');
    const where = and(clause.where, condition);
    if (where === undefined) fail('when() and unless() contradict each other: the clause would never apply');
    return this.#with({ clause: { ...clause, where }, before });
  }

  #lastClause(method: string): LastClause {
    return this.#last ?? fail(`${method} must follow a clause such as allow(…) or deny(…)`);
  }

  #with(last: LastClause): Self {
    const rules = lowerClause(last.clause);
    if (rules.length === 0) fail('this clause matches no supported architecture and kernel');
    for (const rule of rules) refuseUnsupported(rule, this.format);
    const { argumentWidth } = this.options;
    const { defaultAction: action, defaultErrnoRet: errnoRet } = this.document;
    const overridden = rules.reduce((list, rule) => applyClause(list, rule, argumentWidth), last.before);
    const syscalls = dropDefaults(overridden, last.clause.names, { action, errnoRet }, argumentWidth);
    const next = this.with({ ...this.document, syscalls });
    next.#last = last;
    return next;
  }
}

const SEVERAL_CONDITIONS = 'give all conditions in one object';
limitToOne(Builder.prototype, {
  when: SEVERAL_CONDITIONS,
  unless: SEVERAL_CONDITIONS,
  comment: 'give the whole comment as one string',
});
publicMethods(Builder.prototype, 'allow', 'deny', 'log', 'kill', 'trap', 'notify', 'when', 'unless', 'comment', 'abis');

/** Returns the document of a profile that allows nothing but what its clauses allow. */
export function allowlistDocument(options: AllowlistOptions): CheckedDocument {
  const fields: AllowlistOptions = knownFields(options, ['action', 'errno', 'newerCalls'], 'allowlist');
  const { action = 'errno', errno } = fields;
  const isKnown = typeof action === 'string' && Object.hasOwn(DEFAULT_ACTIONS, action);
  const defaultAction = isKnown ? DEFAULT_ACTIONS[action] : undefined;
  if (defaultAction === undefined) {
    return fail(`unknown action ${received(action)}: use one of ${Object.keys(DEFAULT_ACTIONS).join(', ')}`, 'value');
  }
  if (action !== 'errno' && errno !== undefined) fail(`the action ${action} returns no errno: remove errno`);
  return emptyDocument(
    defaultAction,
    action === 'errno' ? errnoEverywhere(errno === undefined ? 'EPERM' : errno) : undefined,
  );
}

/** The document of a profile that allows everything but what its clauses deny. */
export const DENYLIST: CheckedDocument = emptyDocument('SCMP_ACT_ALLOW', undefined);

/**
 * Refuses a condition on the host that runtimes ignore in the profile's format: there, the clause would apply on every
 * host.
 */
function refuseUnsupported(rule: Rule, format: ProfileFormat): void {
  const { includes, excludes } = supportedBy(rule, format);
  if (includes?.minKernel === rule.includes?.minKernel && excludes?.minKernel === rule.excludes?.minKernel) {
    if (format !== 'oci' || (rule.includes === undefined && rule.excludes === undefined)) return;
  }
  fail(
    format === 'oci'
      ? 'OCI has no conditions on the host: leave out when() and unless(), and use numbers for ' +
          'constants that differ between architectures'
      : 'a Podman profile cannot have conditions on the kernel version: remove minKernel',
  );
}

function isOptions(subject: SyscallSelector | DenyOptions | undefined): subject is DenyOptions {
  return typeof subject === 'object' && subject !== null && !ArgumentTest.is(subject);
}
