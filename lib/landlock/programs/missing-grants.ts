/**
 * What `paths` probably does not grant to a program that ends with exit code 126 or 127: these are the codes of a shell
 * that can't execute a program, and of a program that can't load its libraries. The kernel does not report what a domain
 * denies, so this is predicted from the rules.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { quoted, shownName } from '../../util/foreign-text.js';
import { type CheckedPaths, pathRules } from '../paths/option.js';
import { type FileAccess, predict, type Rule, type Ruleset } from '../paths/prediction.js';
import { realPath } from '../paths/real-path.js';
import { GRANTS } from '../paths/rights.js';
import { pathsSupport } from '../paths/support.js';
import { tooWide } from '../paths/wide-paths.js';
import { wordGrants } from '../paths/words.js';
import { findNeeds } from './program-needs.js';

/** A program under `paths`. */
export interface PathsProgram {
  readonly paths: CheckedPaths;
  /** The absolute path of its working directory. */
  readonly directory: string;
  readonly file: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Returns the paths that execvp(3) tries in turn for the name of a program. */
  readonly candidates: (name: string) => readonly string[];
}

/** A grant that a program probably lacks. */
export interface MissingGrant {
  /** What is not granted, as a clause of a sentence. */
  readonly problem: string;
  readonly list: 'read' | 'execute';
  /** What to add to the list: a path or a word; undefined if it is not known. */
  readonly path: string | undefined;
  /** Whether the program may lack the execution of what it has made in its private directory instead. */
  readonly isPerhapsTmp?: boolean;
  /** What helps instead of a grant, as a clause. */
  readonly remedy?: string;
}

const NOT_EXECUTABLE = 126;
const NOT_LOADED = 127;

/**
 * Returns the grant that a program probably lacked, which has ended with `exitCode`. Undefined if the rules explain
 * nothing.
 */
export function missingGrant(program: PathsProgram, exitCode: number | null): MissingGrant | undefined {
  if (exitCode === NOT_LOADED) return firstOf([program.file, ...namesIn(program)], program, notLoaded);
  if (exitCode !== NOT_EXECUTABLE) return undefined;
  return firstOf(namesIn(program), program, notExecuted) ?? besideProgram(program) ?? someProgram(program);
}

/** Returns what a program lacks to load the C library; undefined if it can, or has none beside its dynamic linker. */
export const missingLibraries = (program: PathsProgram): MissingGrant | undefined =>
  firstOf([program.file], program, libcUnread);

/** Returns what a program probably lacks for which execve(2) has failed with EACCES. */
export function missingInterpreter({ paths, file, directory, candidates }: PathsProgram): MissingGrant | undefined {
  const [program] = findNeeds(candidates(file), directory).needs;
  if (program === undefined || paths.words.has('@system') || pathsSupport().rights === 0) return undefined;
  return {
    problem: `paths may not grant the interpreter or the dynamic linker of ${shownName(program)}, which this process can't find`,
    ...IN_SYSTEM,
  };
}

const IN_SYSTEM = { list: 'read', path: '@system' } as const;

function someProgram({ paths }: PathsProgram): MissingGrant {
  const isPerhapsTmp = paths.words.has('@tmp') && !paths.executesTmp;
  return {
    problem: 'exit code 126 can mean that paths does not grant the execution of a program that this one starts',
    list: 'execute',
    path: undefined,
    ...(isPerhapsTmp && { isPerhapsTmp }),
  };
}

/** The problem and its remedy, as a sentence. `inFlags` writes the grant as a flag of the command. */
export function grantText(
  { problem, list, path, isPerhapsTmp = false, remedy }: MissingGrant,
  inFlags?: (list: string, path: string | undefined) => string,
): string {
  if (remedy !== undefined) return `${problem}: ${remedy}`;
  const grant = (added: string | undefined) => {
    if (inFlags !== undefined) return inFlags(list, added);
    return added === undefined ? `what it needs to ${list}` : `${inQuotes(added)} to ${list}`;
  };
  return `${problem}: add ${grant(path)}${isPerhapsTmp ? `, or ${grant('@tmp')} if it has made that program in TMPDIR` : ''}`;
}

/** A path as a literal of JavaScript. */
const inQuotes = (path: string): string => (shownName(path) === path ? `'${path}'` : quoted(path));

/** What a program that has been found needs, of which `paths` may not grant something. */
type Check = (needs: readonly string[], ruleset: Ruleset, name: string) => MissingGrant | undefined;

function firstOf(names: readonly string[], program: PathsProgram, check: Check): MissingGrant | undefined {
  const ruleset = rulesetOf(program);
  const { directory, candidates } = program;
  for (const name of new Set(names)) {
    const needs = findNeeds(candidates(name), directory).needs.map((path) => realPath(path) ?? path);
    const missing = check(needs, ruleset, name);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

const notExecuted: Check = (needs, ruleset) => {
  const path = needs.find((each) => !isAllowed(ruleset, { kind: 'execute', path: each }));
  if (path === undefined) return undefined;
  return { problem: `paths does not grant the execution of ${shownName(path)}`, ...grantFor('execute', path) };
};

const notLoaded: Check = (...found) => libcUnread(...found) ?? besideUnread(...found);

const libcUnread: Check = (needs, ruleset, name) => {
  const linker = needs.find(isLinker);
  const libc = linker === undefined ? undefined : join(dirname(linker), 'libc.so.6');
  if (libc === undefined || !existsSync(libc) || isReadable(ruleset, libc)) return undefined;
  const grant = grantFor('read', dirname(libc));
  return {
    problem: `paths does not grant the libraries of ${shownName(name)}, without which it can't start`,
    ...grant,
  };
};

/** A program can have libraries of its own beside it. */
const besideUnread: Check = (needs, ruleset) => {
  const [program] = needs;
  if (program === undefined || !needs.some(isLinker) || isReadable(ruleset, beside(program))) return undefined;
  return {
    problem: `paths does not grant the libraries that may be beside ${shownName(program)}`,
    list: 'read',
    path: narrow(dirname(program)),
  };
};

/** A script can execute programs beside it. */
function besideProgram(program: PathsProgram): MissingGrant | undefined {
  return firstOf([program.file], program, ([path], ruleset) => {
    if (path === undefined || isReadable(ruleset, beside(path))) return undefined;
    if (basename(dirname(path)) === 'shims') return shimOf(path);
    return {
      problem: `paths grants ${shownName(path)}, but not the programs beside it`,
      list: 'execute',
      path: narrow(dirname(path)),
    };
  });
}

/** A version manager, such as pyenv or asdf, has found the script first in PATH. */
const shimOf = (path: string): MissingGrant => ({
  problem: `${shownName(path)} is a shim, which starts a program of another directory`,
  list: 'execute',
  path: undefined,
  remedy: `run that program by its path, such as from "pyenv which ${shownName(basename(path))}"`,
});

/** A directory; undefined if too much is in it. */
const narrow = (directory: string): string | undefined =>
  tooWide(directory, GRANTS.read) === undefined ? directory : undefined;

/** Another file in the same directory. */
const beside = (path: string): string => join(dirname(path), 'any');

/** Dynamic linkers are named ld-linux-x86-64.so.2, ld-musl-aarch64.so.1, ld64.so.2 and the like. */
const isLinker = (path: string): boolean => /^ld[^/]*\.so/.test(basename(path));

/** The word, if it grants this, or the path itself. */
function grantFor(access: 'read' | 'execute', path: string): Pick<MissingGrant, 'list' | 'path'> {
  const rules = wordGrants('@system').map((each) => ({ path: each.path, rights: GRANTS[each.access] }));
  const system = withoutLinks(rules);
  const isGranted =
    access === 'read' ? isReadable(system, join(path, 'any')) : isAllowed(system, { kind: 'execute', path });
  if (isGranted) return IN_SYSTEM;
  return { list: access, path: access === 'read' ? narrow(path) : path };
}

const isReadable = (ruleset: Ruleset, path: string): boolean =>
  isAllowed(ruleset, { kind: 'open', path, what: 'file', read: true, write: false, truncate: false });

const isAllowed = (ruleset: Ruleset, access: FileAccess): boolean => predict(ruleset, access).allowed;

/** The rules of a program's paths, without its private directory. */
function rulesetOf({ paths, directory, file, candidates }: PathsProgram): Ruleset {
  const { needs } = findNeeds(candidates(file), directory);
  return withoutLinks(pathRules(paths, { directory, needs, files: [], isNode: false, tmp: undefined }));
}

/** The same rules by the paths that links lead to. */
function withoutLinks(rules: readonly Rule[]): Ruleset {
  const found = rules.flatMap(({ path, rights }) => {
    const target = realPath(path);
    return target === undefined ? [] : [{ path: target, rights }];
  });
  return { handled: pathsSupport().rights, rules: found };
}

/** How much is searched for names of programs. */
const MOST_CHARACTERS = 2000;
const MOST_NAMES = 50;

/** Separators of the names of programs in a shell's commands. */
const SEPARATORS = /[\s'"`‘’“”«»:;,&|()<>=$]+/;

/** The words of the arguments that may name a program. What the program wrote can name anything. */
function namesIn({ args }: PathsProgram): readonly string[] {
  return args
    .flatMap((text) => text.slice(0, MOST_CHARACTERS).split(SEPARATORS))
    .filter((word) => word !== '' && !word.startsWith('-'))
    .slice(0, MOST_NAMES);
}
