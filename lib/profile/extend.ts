/** Begins with a profile that exists, to say more. */
import { SeccompError } from '../errors.js';
import { refuseAnyOption } from './document/options.js';
import type { Profile } from './profile.js';
import { loadProfile, type ProfileSource } from './source.js';

/**
 * A profile to build on: what is said on it counts more than what stands in it.
 * @throws as loadProfile does; SeccompError ERR_SECCOMP_OPTION for `unconfined`, on which nothing can be built, and for options.
 */
export function extend(source: ProfileSource, options?: undefined): Profile {
  refuseAnyOption(options, 'extend', 'give them to loadProfile, and extend what it returns');
  const profile = loadProfile(source);
  if (profile !== null) return profile;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'unconfined has no rules to extend: begin with Profile.denylist()');
}
