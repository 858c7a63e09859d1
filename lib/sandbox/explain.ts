/** Explains decisions for this machine. */
import { thisHost } from '../host.js';
import { CAPABILITIES } from '../profile/capabilities.js';
import { type Explanation, explainCall, type Question } from '../profile/explain.js';
import { loadProfile, type ProfileSource } from '../profile/load.js';
import type { Host } from '../profile/resolve.js';
import { ABIS } from '../syscalls/abi.js';
import { checkNames } from './options.js';
import type { HostOptions } from './prepare.js';

/**
 * Explains what a profile decides for a call, by default on this machine and for a process without capabilities: the
 * action, the rule that led to it, why, and what would change it.
 * @throws ProfileError, SeccompError as loadProfile does; ERR_SECCOMP_OPTION for a call that can't be made.
 */
export function explain(
  source: ProfileSource,
  question: Question,
  options: HostOptions & { readonly host?: Host } = {},
): Explanation {
  checkNames('capability', options.capabilities, CAPABILITIES);
  checkNames('ABI', options.abis, [...ABIS.keys()]);
  const profile = loadProfile(source);
  if (profile === null) return { action: { kind: 'allow' }, rule: null, why: 'nothing is filtered', changes: [] };
  return explainCall(profile, question, options.host ?? thisHost(options.capabilities, options.abis));
}
