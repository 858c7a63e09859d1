/** The corpus: profiles of other projects, in a directory next to this repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ProfileError } from '../../lib/errors.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { parseProfile } from '../../lib/profile/source.js';

const data = new URL('../../../shared/data/', import.meta.url);
const corpus = new URL('corpus/', data);

/** A profile file: its profile if it resolves on the host, else the reason why it does not. */
export type CorpusEntry = { readonly name: string } & ({ readonly profile: Profile } | { readonly refusal: string });

/** Whether the corpus exists. */
export const hasCorpus = existsSync(corpus);

/** All profiles of the corpus and Docker's own, read in compat mode. Empty if there is no corpus. */
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
