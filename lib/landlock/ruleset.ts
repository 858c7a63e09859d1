/** Rulesets for the option `paths`: made once for equal options, and used again for as long as they are right. */
import { realpathSync } from 'node:fs';
import { constants, release } from 'node:os';
import { SeccompError } from '../errors.js';
import { addon, type NativeRulesetFailure, RULE_OPTIONAL, RULE_PROGRAM, type RulesetHandle } from '../native.js';
import { has } from '../util/own-data.js';
import { systemErrorName } from '../util/system-error.js';
import { type WordGrant, wordGrants } from './path-words.js';
import { type CheckedPaths, type PathRule, type PathsSubject, pathRules, wordsFor } from './paths.js';

/** What a ruleset is made of. */
export interface RulesetSubject extends PathsSubject {
  readonly paths: CheckedPaths;
  /** LANDLOCK_ACCESS_FS_* that are denied unless a path grants them. */
  readonly handled: number;
  /** LANDLOCK_SCOPE_* of its isolation. */
  readonly scoped: number;
  /** The child's user ID. */
  readonly user: number;
}

/**
 * Directories of programs and settings in which a root child's symbolic links are followed: whoever may write there can do
 * anything else as well. Beneath those that end in `/`, all directories are such. Not among them are directories of
 * applications, such as /opt, /usr/src and /var/lib, whose data a child may be granted for writing.
 */
const SYSTEM_FOLDERS: readonly string[] = [
  '/bin/',
  '/sbin/',
  '/lib/',
  '/lib32/',
  '/lib64/',
  '/libx32/',
  '/usr',
  ...['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'libexec', 'share', 'include'].map((name) => `/usr/${name}/`),
  '/usr/local',
  '/usr/local/bin',
  '/etc',
  ...['alternatives', 'ca-certificates', 'crypto-policies', 'pki', 'ssl', 'static'].map((name) => `/etc/${name}/`),
  '/nix/store/',
  '/gnu/store/',
  '/run',
  '/var',
  '/dev',
  '/proc',
  '/sys/',
];

/** The number of rulesets that are kept. Each keeps a descriptor open. */
const MOST_KEPT = 32;

/** A ruleset, and what the words of its paths granted when it was made. */
interface Kept {
  readonly ruleset: RulesetHandle;
  readonly words: readonly (readonly WordGrant[])[];
}

/** Rulesets by what they are made of, the one that was used last at the end. */
const kept = new Map<string, Kept>();

/**
 * Returns the ruleset for a child. One that was made before is used again if its paths still lead to the same files, and
 * its words still stand for the same paths. With a private directory, which only one child has, a new one is made.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION for a path that does not exist, or that leads through a symbolic link which
 * the child could replace.
 */
export function rulesetFor(subject: RulesetSubject): RulesetHandle {
  const { paths, handled, scoped, user, directory, needs, isNode, tmp } = subject;
  if (tmp !== undefined) return makeRuleset(subject);
  const key = [handled, scoped, user, isNode, directory, paths.key, ...needs].join('\0');
  const known = kept.get(key);
  kept.delete(key);
  const words = wordsFor(paths, subject).map(wordGrants);
  const isSame = known?.words.every((grants, i) => grants === words[i]) === true;
  const ruleset = isSame && addon().isCurrent(known.ruleset) ? known.ruleset : makeRuleset(subject);
  kept.set(key, { ruleset, words });
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  return ruleset;
}

function makeRuleset(subject: RulesetSubject): RulesetHandle {
  const { paths, handled, scoped, user } = subject;
  const rules = pathRules(paths, subject);
  const made = addon().openPathRuleset({
    handled,
    scoped,
    paths: rules.map(({ path }) => path),
    grants: Uint32Array.from(
      rules.flatMap(({ rights, optional, isProgram }) => [
        rights,
        (optional ? RULE_OPTIONAL : 0) | (isProgram ? RULE_PROGRAM : 0),
      ]),
    ),
    user,
    folders: SYSTEM_FOLDERS,
  });
  if (has(made, 'error')) throw rulesetError(made, rules[made.rule]);
  return made;
}

function rulesetError({ error, call, link }: NativeRulesetFailure, rule: PathRule | undefined): SeccompError {
  const name = systemErrorName(error);
  if (call === 'landlock_create_ruleset' || rule === undefined)
    return new SeccompError(
      'ERR_SECCOMP_UNSUPPORTED',
      `options.paths can't be honored: Landlock fails with ${name} on Linux ${release()}`,
    );
  const { path, place } = rule;
  const where = place.includes('.') ? `${place}: ${path}` : `options.paths: ${path}, of ${place},`;
  return new SeccompError('ERR_SECCOMP_OPTION', `${where} ${pathProblem(error, name, call, link, path)}`);
}

function pathProblem(errno: number, name: string, call: string, link: string | undefined, path: string): string {
  const { ENOENT, ENOTDIR, EACCES, ELOOP } = constants.errno;
  if (call === 'landlock_add_rule')
    return `is no file or directory for which Landlock has rules (${name}): leave it out`;
  if (errno === ELOOP && link !== undefined) return linkProblem(link, path);
  if (errno === ENOENT || errno === ENOTDIR)
    return /(^|\/)~/.test(path)
      ? `does not exist (${name}): ~ is not expanded, so use os.homedir()`
      : `does not exist (${name}): create it before, or give { path, optional: true }`;
  if (errno === EACCES) return `can't be reached by this process (${name}): change the permissions of its directories`;
  return `can't be opened (${name})`;
}

function linkProblem(link: string, path: string): string {
  if (/^\/proc\/(thread-)?self$/.test(link))
    return `leads through ${link}, which is a different directory for each process: grant /proc, or files in it by name`;
  return `leads through the symbolic link ${link}, which the program could replace by another: give the path that it leads to${targetOf(path)}`;
}

function targetOf(path: string): string {
  try {
    return `, ${realpathSync(path)}`;
  } catch {
    return '';
  }
}
