/** Rulesets for the option `paths`: made once for equal options, and used again for as long as they are right. */
import { statSync } from 'node:fs';
import { constants, release } from 'node:os';
import { SeccompError } from '../../errors.js';
import {
  addon,
  type NativeRulesetFailure,
  RULE_FILE,
  RULE_OPTIONAL,
  RULE_PROGRAM,
  type RulesetHandle,
} from '../../native.js';
import { shownName } from '../../util/foreign-text.js';
import { has } from '../../util/own-data.js';
import { systemErrorName } from '../../util/system-error.js';
import { type ChildCredentials, mappedUsers, SYSTEM_FOLDERS, userOfLinks } from './link-trust.js';
import { pathProblem, shownPath } from './messages.js';
import { type CheckedPaths, type PathRule, type PathsSubject, pathRules, wordsFor } from './option.js';
import { type WordGrant, wordGrants } from './words.js';

/** What a ruleset is made of. */
interface MadeOf extends PathsSubject, ChildCredentials {
  readonly paths: CheckedPaths;
  /** LANDLOCK_ACCESS_FS_* that are denied unless a path grants them. */
  readonly handled: number;
  /** LANDLOCK_SCOPE_* of its isolation. */
  readonly scoped: number;
}

/** A child for which a ruleset is wanted. */
export interface RulesetSubject extends Omit<MadeOf, 'needs'> {
  /** The paths at which its program is looked for; undefined if it has other needs than those of a program. */
  readonly candidates: readonly string[] | undefined;
  /** Finds what it needs in order to start. */
  needs(): Needs;
}

/** What a child needs in order to start. */
export interface Needs {
  readonly paths: readonly string[];
  /** As in FoundNeeds of programs/program-needs.ts. The paths include the places. */
  readonly isSettled: boolean;
}

/** The number of rulesets that are kept. Each keeps a descriptor open. */
const MOST_KEPT = 32;

/** A ruleset, what it was made of, and what the words of its paths granted then. */
interface Kept {
  readonly subject: MadeOf;
  /** The paths at which the program is looked for, if its needs are the same for as long as the ruleset is current. */
  readonly candidates: readonly string[] | undefined;
  readonly ruleset: RulesetHandle;
  readonly words: readonly (readonly WordGrant[])[];
}

/** Rulesets, the one that was used last at the beginning. */
const kept: Kept[] = [];

/**
 * Returns the ruleset for a child. One that was made before is used again if its paths still lead to the same files, and
 * its words still stand for the same paths. With a private directory, which only one child has, a new one is made.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for a path that does not exist, or that leads through a symbolic link which
 * the child could replace.
 */
export function rulesetFor(subject: RulesetSubject): RulesetHandle {
  const { candidates } = subject;
  if (subject.tmp !== undefined) return makeRuleset({ ...subject, needs: subject.needs().paths });
  const settled =
    candidates !== undefined &&
    find(
      (each) =>
        areEqual(each.subject, subject) && each.candidates !== undefined && areSame(each.candidates, candidates),
    );
  return (settled || forNeeds(subject)).ruleset;
}

/** Finds or makes a ruleset for a child whose needs may have changed. */
function forNeeds(subject: RulesetSubject): Kept {
  const needs = subject.needs();
  const known = find((each) => areEqual(each.subject, subject) && areSame(each.subject.needs, needs.paths));
  if (known !== undefined) return known;
  const made = { ...subject, needs: needs.paths };
  const words = wordsOf(made);
  const ruleset = makeRuleset(made);
  // The ruleset has what was at the paths when it was made, which may be other files than those that were read.
  const isSettled = needs.isSettled && areSame(subject.needs().paths, needs.paths);
  return keep({ subject: made, candidates: isSettled ? subject.candidates : undefined, ruleset, words });
}

/** Finds a ruleset among those that are kept. Returns undefined, and drops it, if it can't be used any more. */
function find(matches: (each: Kept) => boolean): Kept | undefined {
  const found = kept.find(matches);
  if (found === undefined) return undefined;
  const at = kept.indexOf(found);
  const words = wordsOf(found.subject);
  const isUsable = found.words.every((grants, i) => grants === words[i]) && addon().isCurrent(found.ruleset);
  if (at > 0 || !isUsable) kept.splice(at, 1);
  if (at > 0 && isUsable) kept.unshift(found);
  return isUsable ? found : undefined;
}

function keep(made: Kept): Kept {
  kept.unshift(made);
  if (kept.length > MOST_KEPT) kept.pop();
  return made;
}

const wordsOf = (subject: MadeOf): Kept['words'] => wordsFor(subject.paths, subject).map(wordGrants);

/** What no list of capabilities is. */
const ALL: readonly string[] = ['all'];

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((each, i) => each === others[i]);

/** Whether two children without private directories can have the same ruleset, if they have the same needs. */
function areEqual(one: Omit<MadeOf, 'needs'>, other: Omit<MadeOf, 'needs'>): boolean {
  return (
    one.handled === other.handled &&
    one.scoped === other.scoped &&
    one.uid === other.uid &&
    areSame(one.capabilities ?? ALL, other.capabilities ?? ALL) &&
    one.isNode === other.isNode &&
    one.directory === other.directory &&
    one.paths.key === other.paths.key &&
    areSame(one.files, other.files)
  );
}

/** Makes a ruleset, whether or not one is kept. Throws as `rulesetFor`. */
export function makeRuleset(subject: MadeOf): RulesetHandle {
  const { paths, handled, scoped } = subject;
  const rules = pathRules(paths, subject);
  const made = addon().openPathRuleset({
    handled,
    scoped,
    paths: rules.map(({ path }) => path),
    grants: Uint32Array.from(
      rules.flatMap(({ rights, optional, isProgram, isFile }) => [
        rights,
        (optional ? RULE_OPTIONAL : 0) | (isProgram ? RULE_PROGRAM : 0) | (isFile ? RULE_FILE : 0),
      ]),
    ),
    user: userOfLinks(subject),
    folders: SYSTEM_FOLDERS,
    mappedUsers: mappedUsers(),
  });
  if (has(made, 'error')) throw rulesetError(made, rules[made.rule], subject);
  given.set(made, { handled, rules });
  return made;
}

/** What rulesets were made of. */
interface GivenRules {
  readonly handled: number;
  /** Their paths may have links, and some may not exist: see PathRule. */
  readonly rules: readonly PathRule[];
}

const given = new WeakMap<RulesetHandle, GivenRules>();

/** What a ruleset was made of. */
export function givenRules(ruleset: RulesetHandle): GivenRules {
  const rules = given.get(ruleset);
  if (rules === undefined) throw new TypeError('no ruleset of this instance of the module');
  return rules;
}

function rulesetError(
  failure: NativeRulesetFailure,
  rule: PathRule | undefined,
  { paths: { form }, directory }: MadeOf,
): SeccompError {
  const { error, call } = failure;
  const name = systemErrorName(error);
  if (call === 'landlock_create_ruleset' || rule === undefined)
    return new SeccompError(
      'ERR_SECCOMP_UNSUPPORTED',
      `${form.name} can't be honored: Landlock fails with ${name} on Linux ${release()}`,
    );
  const { ENOENT, ENOTDIR } = constants.errno;
  if (error === ENOENT && directory.includes('\ufffd') && !isDirectory(directory)) {
    const problem = 'has a name that is not UTF-8, which paths cannot name: start the program in another directory';
    return new SeccompError('ERR_SECCOMP_OPTION', `the working directory ${shownPath(directory)} ${problem}`);
  }
  if ((error === ENOENT || error === ENOTDIR) && !isDirectory(directory)) {
    const problem =
      error === ENOENT
        ? `does not exist (${name}): create it first, or give another`
        : `is no directory (${name}): give another`;
    return new SeccompError('ERR_SECCOMP_OPTION', `options.cwd: ${shownName(directory)} ${problem}`);
  }
  const { path, place, given } = rule;
  const where = given === undefined ? `${form.name}: ${shownName(path)}, of ${place},` : `${place}: ${shownPath(path)}`;
  return new SeccompError('ERR_SECCOMP_OPTION', `${where} ${pathProblem(failure, name, path, given)}`);
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
