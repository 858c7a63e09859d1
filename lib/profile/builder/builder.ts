/** The builder: a profile said in words, of which a later one counts more than all before it. */

import { SeccompError } from '../../errors.js';
import { ABIS, type AbiName, abiOf } from '../../syscalls/abi.js';
import { CAPABILITIES, type Capability } from '../../syscalls/capabilities.js';
import type { ErrnoName } from '../../syscalls/constants.js';
import type { SyscallName } from '../../syscalls/generated/names.js';
import { type GroupName, groupNames, syscallGroup } from '../../syscalls/groups.js';
import { suggestSyscall } from '../../syscalls/suggest-syscall.js';
import { syscallNames } from '../../syscalls/table.js';
import { publicMethods } from '../../util/caller.js';
import { copyFields, copyList, emptyFields, type Fields, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import { shown } from '../document/diagnostics.js';
import type { MeaningOptions, ProfileFormat } from '../document/options.js';
import {
  type ActionName,
  ANYWHERE,
  type CheckedDocument,
  type Conditions,
  emptyDocument,
  type Rule,
} from '../document/types.js';
import { ArgumentTest } from './argument.js';
import { type Clause, dockerArches, errnoEverywhere, lowerClause } from './clause.js';
import { and, type HostCondition, supportedBy } from './host-conditions.js';
import { applyClause, dropDefaults } from './override.js';

/** Which calls a word is about: syscalls by name, groups of them, and tests that their arguments must all pass. */
export type Subject = SyscallName | GroupName | ArgumentTest;

/** How a denied call fails. */
export interface DenyOptions {
  /** By name, or by number 1 to 4094. Default EPERM. */
  readonly errno?: ErrnoName | number;
}

/** Facts of the machine and the process. */
export interface Facts {
  /** Capabilities, `CAP_…`, that the process holds. */
  readonly capability?: Capability | readonly Capability[];
  /** ABIs, one of which is the native one. */
  readonly arch?: AbiName | readonly AbiName[];
  /** The kernel has at least this version, `5.8`. */
  readonly minKernel?: `${number}.${number}`;
}

/** What is done with a call that no word is about. */
export interface AllowlistOptions extends DenyOptions {
  /** Default: it fails with `errno`. */
  readonly action?: 'errno' | 'trap' | 'log' | 'kill-thread' | 'kill-process';
  /** What calls newer than all that words name get: ENOSYS, as from container runtimes, or the same. Default `enosys`. */
  readonly newerCalls?: MeaningOptions['newerCalls'];
}

const DEFAULT_ACTIONS: Readonly<Record<NonNullable<AllowlistOptions['action']>, ActionName>> = {
  errno: 'SCMP_ACT_ERRNO',
  trap: 'SCMP_ACT_TRAP',
  log: 'SCMP_ACT_LOG',
  'kill-thread': 'SCMP_ACT_KILL_THREAD',
  'kill-process': 'SCMP_ACT_KILL_PROCESS',
};

/** The last word, and the rules as they were before it. */
interface LastClause {
  readonly word: Clause;
  readonly before: readonly Rule[];
}

/**
 * Words about syscalls. Each gives a new profile and leaves this one as it is. A word decides exactly the calls that it is
 * about, whatever was said of them before, and no others.
 * All throw SeccompError ERR_SECCOMP_OPTION for unknown names and for what no rule of a profile can state.
 */
export abstract class Builder<Self extends Builder<Self>> {
  abstract readonly document: CheckedDocument;
  abstract readonly format: ProfileFormat;
  abstract readonly options: MeaningOptions;
  #said: LastClause | undefined;

  /** The same profile with another document. */
  protected abstract with(document: CheckedDocument): Self;

  /** The calls are carried out. */
  allow(...subjects: readonly Subject[]): Self {
    return this.#say('SCMP_ACT_ALLOW', subjects);
  }

  /** The calls fail, by default with EPERM, and are not carried out. */
  deny(...subjects: readonly (Subject | DenyOptions)[]): Self {
    const tail = subjects.at(-1);
    const options: DenyOptions = isOptions(tail) ? knownFields(tail, ['errno'], 'deny') : emptyFields();
    const rest = subjects.filter((each): each is Subject => each !== tail || !isOptions(each));
    return this.#say('SCMP_ACT_ERRNO', rest, options.errno === undefined ? 'EPERM' : options.errno);
  }

  /** The calls are carried out and logged. */
  log(...subjects: readonly Subject[]): Self {
    return this.#say('SCMP_ACT_LOG', subjects);
  }

  /** The calls end the process. */
  kill(...subjects: readonly Subject[]): Self {
    return this.#say('SCMP_ACT_KILL_PROCESS', subjects);
  }

  /** The calls are not carried out, and the thread gets SIGSYS. */
  trap(...subjects: readonly Subject[]): Self {
    return this.#say('SCMP_ACT_TRAP', subjects);
  }

  /** A supervisor is asked. */
  notify(...subjects: readonly Subject[]): Self {
    return this.#say('SCMP_ACT_NOTIFY', subjects);
  }

  /** The word before it holds only if all of this is so. */
  when(facts: Facts): Self {
    return this.#narrow({ includes: conditions(facts), excludes: undefined });
  }

  /** The word before it holds only if none of this is so. */
  unless(facts: Facts): Self {
    return this.#narrow({ includes: undefined, excludes: conditions(facts) });
  }

  /** Says why, of the word before it. */
  comment(text: string): Self {
    if (typeof text !== 'string') fail(`comment: must be a string, not ${typeof text}`);
    const { word, before } = this.#last('comment');
    return this.#with({ word: { ...word, comment: text }, before });
  }

  /** Decides these ABIs beside the native one, instead of those that the profile had. */
  abis(...names: readonly AbiName[]): Self {
    names.forEach(refuseUnknownAbi);
    return this.with({ ...this.document, archMap: undefined, architectures: names.map((name) => abiOf(name).scmp) });
  }

  #say(action: ActionName, subjects: readonly Subject[], data?: number | string): Self {
    const tests = subjects.filter((each) => ArgumentTest.is(each));
    const names = subjects.flatMap((each) => (ArgumentTest.is(each) ? [] : namesOf(each)));
    if (names.length === 0) fail('name at least one syscall or group');
    const word: Clause = {
      names: [...new Set(names)],
      tests,
      action,
      data,
      circumstances: ANYWHERE,
      comment: undefined,
    };
    return this.#with({ word, before: this.document.syscalls });
  }

  #narrow(facts: HostCondition): Self {
    const { word, before } = this.#last('when() and unless()');
    const circumstances = and(word.circumstances, facts);
    if (circumstances === undefined) fail('when() and unless() contradict each other: the word would never hold');
    return this.#with({ word: { ...word, circumstances }, before });
  }

  #last(method: string): LastClause {
    return this.#said ?? fail(`${method} is about the word before it: say allow(…), deny(…) or another first`);
  }

  #with(said: LastClause): Self {
    const rules = lowerClause(said.word);
    if (rules.length === 0) fail('the word holds on no machine');
    for (const rule of rules) refuseUnheeded(rule, this.format);
    const { argumentWidth } = this.options;
    const { defaultAction: action, defaultErrnoRet: errnoRet } = this.document;
    const overridden = rules.reduce((list, rule) => applyClause(list, rule, argumentWidth), said.before);
    const syscalls = dropDefaults(overridden, said.word.names, { action, errnoRet }, argumentWidth);
    const next = this.with({ ...this.document, syscalls });
    next.#said = said;
    return next;
  }
}

publicMethods(Builder.prototype, 'allow', 'deny', 'log', 'kill', 'trap', 'notify', 'when', 'unless', 'comment', 'abis');

/** The document that allows nothing but what words allow. */
export function allowlistDocument(options: AllowlistOptions): CheckedDocument {
  const fields: AllowlistOptions = knownFields(options, ['action', 'errno', 'newerCalls'], 'allowlist');
  const { action = 'errno', errno } = fields;
  const isKnown = typeof action === 'string' && Object.hasOwn(DEFAULT_ACTIONS, action);
  const defaultAction = isKnown ? DEFAULT_ACTIONS[action] : undefined;
  if (defaultAction === undefined) {
    return fail(`unknown action ${shown(action)}: there are ${Object.keys(DEFAULT_ACTIONS).join(', ')}`);
  }
  if (action !== 'errno' && errno !== undefined) fail(`${action} returns no errno: leave it out`);
  return emptyDocument(
    defaultAction,
    action === 'errno' ? errnoEverywhere(errno === undefined ? 'EPERM' : errno) : undefined,
  );
}

/** The document that allows all but what words deny. */
export const DENYLIST: CheckedDocument = emptyDocument('SCMP_ACT_ALLOW', undefined);

/** More than there are capabilities or ABIs. */
const MOST_NAMES = 64;

/** Two names of one call on arm: what is said of one is said of both. */
const ALIASES: readonly string[] = ['sync_file_range2', 'arm_sync_file_range'];

function namesOf(name: string): readonly string[] {
  if (typeof name !== 'string') return fail(`${shown(name)} is no name: give names of syscalls and groups, and tests`);
  const group = syscallGroup(name);
  if (group !== undefined) return group.syscalls;
  if (ALIASES.includes(name)) return ALIASES;
  if (syscallNames().has(name)) return [name];
  if (name.startsWith('@')) fail(`unknown group ${shown(name)}${suggest(name, groupNames())}`);
  return fail(`unknown syscall ${shown(name)}${suggestSyscall(name, [...syscallNames()])}`);
}

function conditions(given: Facts): Conditions {
  const facts: Facts = knownFields(given, ['capability', 'arch', 'minKernel'], 'when() and unless()');
  const caps = names(facts.capability, 'capability');
  const abis = names(facts.arch, 'arch');
  const { minKernel } = facts;
  abis.forEach(refuseUnknownAbi);
  for (const name of caps) {
    if (!CAPABILITIES.includes(name)) fail(`unknown capability ${shown(name)}${suggest(name, CAPABILITIES)}`);
  }
  if (minKernel !== undefined && !(typeof minKernel === 'string' && /^\d{1,3}\.\d{1,3}$/.test(minKernel))) {
    fail(`minKernel: ${shown(minKernel)} is not a kernel version such as '5.8'`);
  }
  if (caps.length === 0 && abis.length === 0 && minKernel === undefined)
    fail('when() and unless(): name a capability, an arch or a minKernel: every machine meets a condition without any');
  return {
    caps: caps.length > 0 ? caps : undefined,
    arches: abis.length > 0 ? dockerArches(abis) : undefined,
    minKernel,
  };
}

/** One name or several, as a list of its own. */
function names<Name extends string>(given: Name | readonly Name[] | undefined, what: string): readonly Name[] {
  if (given === undefined) return [];
  if (typeof given === 'string') return [given];
  const refuse: Refuse = (path, problem) => fail(`${[what, ...path].join('.')}: ${problem}`);
  if (typeof given !== 'object' || given === null) return fail(`${what}: must be a name or an array of names`);
  const listed: readonly unknown[] = copyList(given, MOST_NAMES, refuse);
  return listed.map((name, i) => (typeof name === 'string' ? (name as Name) : refuse([i], 'must be a name')));
}

/** A condition that the format's runtime passes over would make the word hold everywhere. */
function refuseUnheeded(rule: Rule, format: ProfileFormat): void {
  const { includes, excludes } = supportedBy(rule, format);
  if (includes?.minKernel === rule.includes?.minKernel && excludes?.minKernel === rule.excludes?.minKernel) {
    if (format !== 'oci' || (rule.includes === undefined && rule.excludes === undefined)) return;
  }
  fail(
    format === 'oci'
      ? 'an OCI document has no conditions on the machine: say it for a Docker profile, without when() and unless(), and ' +
          'with numbers instead of constants that differ between architectures'
      : 'a Podman profile has no conditions on the kernel version: leave minKernel out',
  );
}

function refuseUnknownAbi(name: AbiName): void {
  if (!ABIS.has(name)) fail(`unknown ABI ${shown(name)}${suggest(name, [...ABIS.keys()])}`);
}

/** A copy of options. */
function knownFields(options: unknown, known: readonly string[], what: string): Fields {
  if (typeof options !== 'object' || options === null) return fail(`${what}: must be an object, not ${shown(options)}`);
  const fields = copyFields(options, (path, problem) => fail(`${[what, ...path].join('.')}: ${problem}`));
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) fail(`${what}: unknown option ${JSON.stringify(key)}${suggest(key, known)}`);
  }
  return fields;
}

function isOptions(subject: Subject | DenyOptions | undefined): subject is DenyOptions {
  return typeof subject === 'object' && subject !== null && !ArgumentTest.is(subject);
}

function fail(message: string): never {
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}
