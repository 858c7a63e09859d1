/** Explains decisions for this machine. */
import { type Explanation, explainCall, type Question, readQuestion } from '../profile/explain.js';
import { loadProfile, type ProfileSource } from '../profile/load.js';
import { HOST_OPTIONS, readOptions } from './options.js';
import { type CompileOptions, hostOf, refuseOptions } from './prepare.js';

/**
 * Explains what a profile decides for a call, by default on this machine and for a process without capabilities: the
 * action, the rule that led to it, why, and what would change it.
 * @throws ProfileError, SeccompError as loadProfile does; ERR_SECCOMP_OPTION for a call that can't be made, and for a host
 * beside `unconfined`.
 */
export function explain(source: ProfileSource, question: Question, options: CompileOptions = {}): Explanation {
  const given = readOptions<CompileOptions>(options, HOST_OPTIONS);
  const profile = loadProfile(source);
  if (profile !== null) return explainCall(profile, question, hostOf(given));
  readQuestion(question);
  refuseOptions(given, HOST_OPTIONS, 'unconfined');
  return { action: { kind: 'allow' }, rule: null, why: 'nothing is filtered', changes: [] };
}
