/** Finds a profile by what people write for one: a built-in's name, a path, a file URL, JSON text, or an object. */
import { readFileSync } from 'node:fs';
import { SeccompError } from '../errors.js';
import { BUILTINS } from './builtin/index.js';
import type { ProfileDocument } from './document.js';
import { checkOptions, type ProfileOptions } from './options.js';
import { Profile, parseProfile, profileOf } from './profile.js';
import { suggest } from './suggest.js';

/**
 * A profile as spawn takes it. A string that begins with `{` is JSON text; one with a `/` or a `.` is a path; any other
 * is a built-in's name.
 */
export type ProfileSource = string | URL | ProfileDocument | Profile;

/** No profile at all: nothing is filtered. */
export const UNCONFINED = 'unconfined';

/**
 * Reads and checks a profile; `null` is `unconfined`.
 * @throws ProfileError if it is not valid; SeccompError ERR_SECCOMP_BUILTIN or ERR_SECCOMP_FILE if it can't be found.
 */
export function loadProfile(source: ProfileSource, options: ProfileOptions = {}): Profile | null {
  checkOptions(options);
  if (source instanceof Profile) return source;
  if (source instanceof URL) return readProfile(source, { source: source.href, ...options });
  if (typeof source === 'object' && source !== null) return profileOf(source, options);
  if (typeof source !== 'string') {
    const message = `a profile is a built-in's name, a path, a file URL, JSON text or an object, not ${typeof source}`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  if (source === UNCONFINED) return null;
  if (/^\s*\{/.test(source)) return parseProfile(source, options);
  return /[/.]/.test(source) ? readProfile(source, { source, ...options }) : builtin(source, options);
}

function builtin(name: string, options: ProfileOptions): Profile {
  const document = BUILTINS.get(name);
  if (document !== undefined) return profileOf(document, { source: name, ...options });
  const names = [...BUILTINS.keys(), UNCONFINED];
  const message =
    `no built-in profile is called ${JSON.stringify(name)}${suggest(name, names)}: there are ${names.join(', ')}. ` +
    'To name a file, write ./ before it';
  throw new SeccompError('ERR_SECCOMP_BUILTIN', message);
}

function readProfile(file: string | URL, options: ProfileOptions & { readonly source: string }): Profile {
  return parseProfile(readText(file, options.source), options);
}

function readText(file: string | URL, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${name}: the profile can't be read (${reason}); give the path of a file that exists and is readable`;
    throw new SeccompError('ERR_SECCOMP_FILE', message, { cause: error });
  }
}
