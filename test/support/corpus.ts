/** Profiles that others wrote, as they stand in the repository that this one has beside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ProfileError } from '../../lib/errors.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { parseProfile } from '../../lib/profile/source.js';

const data = new URL('../../../shared/data/', import.meta.url);
const corpus = new URL('corpus/', data);

/** A profile file: the profile if `resolve` takes it on the host, else why not. */
export type CorpusEntry = { readonly name: string } & ({ readonly profile: Profile } | { readonly refusal: string });

/** Whether the corpus is there. */
export const hasCorpus = existsSync(corpus);

/** Every profile of the corpus, and Docker's own, read as container runtimes do. Empty if they are not there. */
export function corpusOn(host: Host): readonly CorpusEntry[] {
  if (!hasCorpus) return [];
  const files = readdirSync(corpus)
    .toSorted()
    .map((file) => new URL(file, corpus));
  return [new URL('moby-default.json', data), ...files].map((file) => read(file, host));
}

function read(file: URL, host: Host): CorpusEntry {
  const name = basename(file.pathname);
  try {
    const profile = parseProfile(readFileSync(file, 'utf8'), { source: name, mode: 'compat' });
    resolve(profile, host);
    return { name, profile };
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    const first = error.issues.find(({ severity }) => severity === 'error');
    return { name, refusal: `${first?.path} ${first?.message}`.slice(0, 80) };
  }
}
