/** The lists of `paths` while they are made of what accesses need. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { treeOf } from '../../landlock/denials/this-machine.js';
import type { CheckedPaths } from '../../landlock/paths/option.js';
import { type IdentifiedRule, parentOf, predictorFor, type Rule } from '../../landlock/paths/prediction.js';
import { realPath } from '../../landlock/paths/real-path.js';
import { type Access, ALL_RIGHTS, accessesFor, bitsOf, GRANTS } from '../../landlock/paths/rights.js';
import { generalised, isAt, tooWide, upwards } from '../../landlock/paths/wide-paths.js';
import { shownName } from '../../util/foreign-text.js';
import type { Places } from './places.js';
import { filesOf, type SeenAccess } from './seen-files.js';

/** An entry of a list: a word, or a path. Only what was merged is optional. */
export type RecordedGrant = string | { readonly path: string; readonly optional: true };

/**
 * The lists of the option `paths` that a recording has made. Paths beneath the working directory are relative to it.
 */
export interface RecordedPaths {
  /** What may be read. */
  readonly read?: readonly RecordedGrant[];
  /** What may be read and written. */
  readonly write?: readonly RecordedGrant[];
  /** What may be read and executed. */
  readonly execute?: readonly RecordedGrant[];
}

const ACCESSES: readonly Access[] = ['read', 'write', 'execute'];

/** How many entries of a directory stand for all of it. */
const SIBLINGS = 4;

/** The most entries that a list of the option may have. */
const MOST_ENTRIES = 4096;

/** How many paths a note names. */
const MOST_NAMED = 5;

const PROC_CAVEAT =
  'paths.read grants /proc, which shows the command lines of all processes: remove it if the program works without it';

export class Grants {
  readonly #places: Places;
  readonly #lists: Readonly<Record<Access, Set<string>>> = { read: new Set(), write: new Set(), execute: new Set() };
  readonly #words = new Set<string>();
  /** Entries that are optional, which only a person gives. */
  readonly #optional: CheckedPaths['given'];
  #executesTmp: boolean;
  /** What has no entry of its own, with the reason. An entry for a directory above may grant it. */
  readonly #refused = new Map<string, { readonly need: Rule; readonly reason: string }>();

  constructor(places: Places, before: CheckedPaths | undefined) {
    this.#places = places;
    this.#optional = before?.given.filter(({ optional }) => optional) ?? [];
    this.#executesTmp = before?.executesTmp ?? false;
    for (const word of before?.words ?? []) this.#words.add(word);
    for (const { access, path, optional } of before?.given ?? [])
      if (!optional) this.#lists[access].add(resolve(places.directory, path));
  }

  /** Grants what is needed, unless nothing or too much would have to be granted. */
  add({ path: needed, rights }: Rule): void {
    const path = generalised(needed);
    const word = this.#wordFor(path, rights);
    if (word !== undefined) {
      this.#words.add(word);
      if (word === '@tmp' && (rights & bitsOf('EXECUTE')) !== 0) this.#executesTmp = true;
      return;
    }
    const accesses = accessesFor(rights);
    const reason = accesses === undefined ? 'no entry of paths allows what was done' : this.#obstacle(path, rights);
    if (reason === undefined) {
      for (const access of accesses ?? []) this.#lists[access].add(path);
      return;
    }
    const key = `${reason}:${path}`;
    this.#refused.set(key, { need: { path, rights: rights | (this.#refused.get(key)?.need.rights ?? 0) }, reason });
  }

  /** Lets directories stand for what is in them, from the deepest up, and leaves out what is granted twice. */
  merge(): void {
    for (const access of ACCESSES) this.#mergeSiblings(this.#lists[access], GRANTS[access]);
    const { read, write, execute } = this.#lists;
    for (const list of [write, execute]) for (const path of list) if (hasAbove(path, list)) list.delete(path);
    for (const path of read) {
      const isInOther = write.has(path) || (execute.has(path) && !isDirectory(path)); // Execution includes no listing.
      if (isInOther || hasAbove(path, read) || hasAbove(path, write)) read.delete(path);
    }
  }

  /** Adds what accesses still lack, of which all else is granted. Returns whether there was anything. */
  addLacking(seen: readonly SeenAccess[]): boolean {
    const predict = predictorFor({ handled: ALL_RIGHTS, rules: this.#rules() });
    const tree = treeOf([]);
    const size = () => ACCESSES.reduce((sum, access) => sum + this.#lists[access].size, this.#refused.size);
    const before = `${size()}${this.#executesTmp}`;
    for (const { access, needs } of seen) {
      if (needs.some((need) => this.grantsOf(need).length === 0)) continue;
      const predicted = predict(access, tree);
      if (predicted.allowed) continue;
      // A file that is moved may be another one in each run: its directory is granted what it would gain.
      const moved = filesOf(access);
      for (const rule of predicted.missing)
        this.add(moved.length > 1 && moved.includes(rule.path) ? { ...rule, path: parentOf(rule.path) } : rule);
    }
    return before !== `${size()}${this.#executesTmp}`;
  }

  /** The entries that grant a need; none if they do not grant all of it. */
  grantsOf({ path: needed, rights }: Rule): readonly string[] {
    const path = generalised(needed);
    const word = this.#wordFor(path, rights);
    if (word !== undefined) return this.#words.has(word) ? [word] : [];
    const found = ACCESSES.flatMap((access) => {
      const list = this.#lists[access];
      const at = list.size === 0 ? undefined : [...upwards(path)].find((each) => list.has(each));
      return at === undefined ? [] : [{ entry: this.#shown(at), grants: GRANTS[access] }];
    });
    const whole = found.find(({ grants }) => (rights & ~grants) === 0);
    if (whole !== undefined) return [whole.entry];
    const together = found.reduce((all, { grants }) => all | grants, 0);
    return (rights & ~together) === 0 ? [...new Set(found.map(({ entry }) => entry))] : [];
  }

  paths(): RecordedPaths {
    const words: Readonly<Record<Access, readonly string[]>> = {
      read: ['@system', '@node'].filter((word) => this.#words.has(word)),
      write: this.#words.has('@tmp') ? ['@tmp'] : [],
      execute: this.#executesTmp ? ['@tmp'] : [],
    };
    const entries = ACCESSES.map((access) => {
      const paths = [...this.#lists[access]].map((path) => this.#shown(path)).sort();
      const optional = this.#optional.filter((each) => each.access === access);
      const given = optional.map(({ path }): RecordedGrant => ({ path, optional: true }));
      return [access, [...words[access], ...paths, ...given]] as const;
    });
    return Object.fromEntries(entries.filter(([, list]) => list.length > 0));
  }

  /** What is not granted, with reasons, and what is granted and shows more than a program needs. */
  notes(): readonly string[] {
    const byReason = new Map<string, string[]>();
    for (const { need, reason } of this.#refused.values())
      if (this.grantsOf(need).length === 0)
        byReason.set(reason, [...(byReason.get(reason) ?? []), shownName(need.path)]);
    const refused = [...byReason].map(([reason, paths]) => {
      const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : '';
      return `paths does not grant ${paths.slice(0, MOST_NAMED).join(', ')}${more}: ${reason}`;
    });
    const long = ACCESSES.filter((access) => this.#lists[access].size > MOST_ENTRIES).map(
      (access) =>
        `paths.${access} has ${this.#lists[access].size} entries, more than the ${MOST_ENTRIES} that it may have: put a directory in their place`,
    );
    return [...refused, ...long, ...(this.#lists.read.has('/proc') ? [PROC_CAVEAT] : [])];
  }

  /** Why a path is not granted. */
  #obstacle(path: string, rights: number): string | undefined {
    const wide = tooWide(path, rights, this.#places.homes);
    if (wide !== undefined) return wide;
    if (!path.isWellFormed()) return 'its name is not UTF-8';
    return existsSync(path) ? undefined : 'it is gone, so that another run may have another file there';
  }

  #wordFor(path: string, rights: number): string | undefined {
    const { tmp, words } = this.#places;
    if (isAt(path, tmp)) return '@tmp';
    return [...words].find(([, rules]) => (rights & ~rightsAt(path, rules)) === 0)?.[0];
  }

  #mergeSiblings(list: Set<string>, rights: number): void {
    const byDepth: Set<string>[] = [];
    const put = (path: string) => {
      const depth = depthOf(path);
      byDepth[depth] ??= new Set();
      byDepth[depth].add(path);
    };
    for (const path of list) put(path);
    for (let depth = byDepth.length - 1; depth > 1; depth--) {
      const entries = new Map<string, string[]>();
      for (const path of byDepth[depth] ?? []) {
        const siblings = entries.get(parentOf(path)) ?? [];
        siblings.push(path);
        entries.set(parentOf(path), siblings);
      }
      for (const [directory, siblings] of entries) {
        if (siblings.length < SIBLINGS || tooWide(directory, rights, this.#places.homes) !== undefined) continue;
        for (const path of siblings) list.delete(path);
        list.add(directory);
        put(directory);
      }
    }
  }

  #rules(): readonly IdentifiedRule[] {
    const { tmp, words } = this.#places;
    const own = ACCESSES.flatMap((access) =>
      [...this.#lists[access]].map((path) => ({ path, rights: GRANTS[access] })),
    );
    const ofTmp = { path: tmp, rights: GRANTS.write | (this.#executesTmp ? GRANTS.execute : 0) };
    const ofWords = [...words].flatMap(([word, rules]) => (this.#words.has(word) ? rules : []));
    const all = [...own, ...ofWords, ...(this.#words.has('@tmp') ? [ofTmp] : [])];
    return all.map((rule) => ({ ...rule, identity: rule.path }));
  }

  /** A path beneath the working directory, relative to it, unless a link leads there: the option follows none. */
  #shown(path: string): string {
    const { directory } = this.#places;
    if (directory === '/' || !isAt(path, directory) || realPath(directory) !== directory) return path;
    return path === directory ? '.' : `./${path.slice(directory.length + 1)}`;
  }
}

function hasAbove(path: string, list: ReadonlySet<string>): boolean {
  const [, ...above] = upwards(path);
  return above.some((each) => list.has(each));
}

const depthOf = (path: string): number => path.split('/').length;

/** The rights that rules give at a path. */
const rightsAt = (path: string, rules: readonly Rule[]): number =>
  rules.reduce((all, rule) => (isAt(path, rule.path) ? all | rule.rights : all), 0);

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
