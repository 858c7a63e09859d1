/**
 * Profiles of other projects: those in test/data/profiles/, and those in ../shared/data/corpus/, if that folder exists
 * beside this repository. The licenses of the latter do not permit, or do not state, that they may be copied.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ProfileError } from '../../lib/errors.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { parseProfile } from '../../lib/profile/source.js';
import { memoize } from '../../lib/util/memo.js';

const included = new URL('../data/profiles/', import.meta.url);
const beside = new URL('../../../shared/data/corpus/', import.meta.url);

/** A profile's file of another project. */
export interface CorpusFile {
  readonly name: string;
  readonly text: string;
}

/** A profile file: its profile if it resolves on the host, else the reason why it does not. */
export type CorpusEntry = { readonly name: string } & ({ readonly profile: Profile } | { readonly refusal: string });

/** The reason why the corpus consists of the files in test/data/profiles/ only. Undefined if it does not. */
export const besideObstacle = existsSync(beside) ? undefined : 'the folder ../shared/data/corpus does not exist';

/** All files of the corpus, sorted by name. */
export const corpusFiles: readonly CorpusFile[] = [
  ...new Map(
    [...(besideObstacle === undefined ? filesIn(beside) : []), ...filesIn(included)].map((file) => [file.name, file]),
  ).values(),
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Reads the profiles of the corpus whose position is taken, in compat mode. */
export function corpusOn(host: Host, isTaken: (position: number) => boolean = () => true): readonly CorpusEntry[] {
  return corpusFiles.filter((_, i) => isTaken(i)).map((file) => read(file, host));
}

/** The text of a file in test/data/profiles/. */
export function includedProfile(name: string): string {
  return readFileSync(new URL(name, included), 'utf8');
}

function filesIn(folder: URL): readonly CorpusFile[] {
  return readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
}

const parsed = memoize(({ name, text }: CorpusFile) => parseProfile(text, { source: name, mode: 'compat' }));

function read(file: CorpusFile, host: Host): CorpusEntry {
  const { name } = file;
  try {
    const profile = parsed(file);
    resolve(profile, host);
    return { name, profile };
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const first = error.issues.find(({ severity }) => severity === 'error');
    return { name, refusal: `${first?.path} ${first?.message}`.slice(0, 80) };
  }
}
