/** Which of a child's calls its ruleset denies. The kernel decides; this says what it has decided, and what is missing. */
import type { RulesetHandle } from '../../native.js';
import { once, remember } from '../../util/memo.js';
import { ACCESSES } from '../paths/option.js';
import { type IdentifiedRule, type IdentifiedRuleset, parentOf, predictorFor, type Rule } from '../paths/prediction.js';
import { realPath } from '../paths/real-path.js';
import { givenRules } from '../paths/ruleset.js';
import { wordGrants } from '../paths/words.js';
import { accessOf, type NamedFile, type NamingCall } from './path-calls.js';
import { type KnownWord, missingInWords, type PathsRemedy, remedyFor } from './path-remedy.js';
import { identityAt, treeOf } from './this-machine.js';

/** A call that the ruleset of a child denies. */
export interface PathDenial {
  /** The file of the call to which rights are missing: its index in the call's files. */
  readonly file: number;
  readonly errno: 'EACCES' | 'EXDEV';
  /** What is not granted: `reading /etc/shadow`. */
  readonly denied: string;
  /** The grants that would allow it; undefined if none would. */
  readonly remedy: PathsRemedy | undefined;
}

/** Returns why a ruleset denies a call; undefined if it does not. */
export type FindPathDenial = (call: NamingCall) => PathDenial | undefined;

const known = new WeakMap<RulesetHandle, FindPathDenial>();

/**
 * Predicts the decisions of a ruleset on calls. To be called at once after the ruleset was made: it looks for the files
 * that its rules were given for.
 */
export function denialsBy(ruleset: RulesetHandle): FindPathDenial {
  return remember(known, ruleset, () => makeDenialsBy(ruleset));
}

function makeDenialsBy(ruleset: RulesetHandle): FindPathDenial {
  const predict = predictorFor(openedRules(ruleset));
  const known = [...words(), ...privateDirectory(ruleset)];
  return (call) => {
    const access = accessOf(call);
    if (access === undefined) return undefined;
    const tree = treeOf(call.files.flatMap(({ target, ...file }) => (target === undefined ? [file] : [file, target])));
    const prediction = predict(access, tree);
    if (prediction.allowed) return undefined;
    const { missing, errno } = prediction;
    const denied = missingInWords(missing);
    return { file: lackingFile(call.files, missing), errno, denied, remedy: remedyFor(missing, known) };
  };
}

const words = once((): readonly KnownWord[] => [
  { word: '@system', grants: wordGrants('@system') },
  { word: '@node', grants: wordGrants('@node') },
]);

/** The word for the private directory of a ruleset's child, if it has one. */
function privateDirectory(ruleset: RulesetHandle): readonly KnownWord[] {
  const rule = givenRules(ruleset).rules.find(({ place }) => place === '@tmp');
  if (rule === undefined) return [];
  const grants = ACCESSES.map((access) => ({ path: rule.path, access }));
  return [{ word: '@tmp', grants }];
}

/** The rules as the addon opened them: for the files that their paths lead to. */
function openedRules(handle: RulesetHandle): IdentifiedRuleset {
  const { handled, rules } = givenRules(handle);
  const opened = rules.flatMap(({ path, rights }): readonly IdentifiedRule[] => {
    const opened = realPath(path);
    // An optional path that does not exist has none.
    return opened === undefined ? [] : [{ path: opened, rights, identity: identityAt(opened) ?? opened }];
  });
  return { handled, rules: opened };
}

/** The file of a call that is at one of the places, or in it. */
function lackingFile(files: readonly NamedFile[], missing: readonly Rule[]): number {
  const [first] = missing;
  const isThere = ({ path, target }: NamedFile) =>
    first !== undefined && [path, parentOf(path), target?.path].includes(first.path);
  return Math.max(files.findIndex(isThere), 0);
}
