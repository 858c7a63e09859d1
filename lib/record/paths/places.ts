/** What paths mean on this machine: to whom they belong, and which words stand for them. */
import type { Rule } from '../../landlock/paths/prediction.js';
import { realPath } from '../../landlock/paths/real-path.js';
import { GRANTS } from '../../landlock/paths/rights.js';
import { ownHomes } from '../../landlock/paths/wide-paths.js';
import { type PathWord, type SharedWord, wordGrants } from '../../landlock/paths/words.js';

/** What the paths of a recording are compared with. */
export interface Places {
  /** The program's working directory. */
  readonly directory: string;
  /** Home directories, beside those in /home. */
  readonly homes: readonly string[];
  /** The private directory of the program, which stands for `@tmp`. */
  readonly tmp: string;
  /** The paths of words, without symbolic links, with their rights. */
  readonly words: ReadonlyMap<PathWord, readonly Rule[]>;
}

/**
 * The places of a program.
 *
 * @param home - Its variable HOME.
 * @param hasTerminal - Whether it was given a terminal, which `@system` then grants.
 */
export function placesOf(directory: string, tmp: string, home: string | undefined, hasTerminal: boolean): Places {
  const real = (path: string) => realPath(path) ?? path;
  const homes = [...ownHomes(), ...(home?.startsWith('/') === true ? [real(home)] : [])];
  const system = [...rulesOf('@system'), ...(hasTerminal ? rulesOf('@terminal') : [])];
  const words = new Map([['@system', system] as const, ['@node', rulesOf('@node')] as const]);
  return { directory, tmp: real(tmp), homes, words };
}

function rulesOf(word: SharedWord): readonly Rule[] {
  return wordGrants(word).flatMap(({ path, access }) => {
    const found = realPath(path);
    return found === undefined ? [] : [{ path: found, rights: GRANTS[access] }];
  });
}
