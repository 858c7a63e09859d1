/** Explains decisions for this machine. */
import { permissiveness } from '../policy/action.js';
import { denialOf } from '../policy/isolation-denials.js';
import type { Action } from '../policy/policy.js';
import { type Change, type Explanation, explainCall } from '../profile/explain.js';
import { type Question, readQuestion, registers } from '../profile/explain-query.js';
import type { Host } from '../profile/resolve/resolve.js';
import { loadProfile, type ProfileSource } from '../profile/source.js';
import { readOptions } from './options/table.js';
import type { CompileOptions } from './options/types.js';
import { hostOf, refuseOptions } from './plan/resolve-sources.js';

/**
 * Explains what a profile decides for a call, by default on this machine and for a process without capabilities: the
 * action, the rule that led to it, why, and what would change it.
 * @throws ProfileError, SeccompError as loadProfile does; ERR_SECCOMP_OPTION for a call that can't be made, and for a host
 * beside `unconfined`.
 */
export function explain(source: ProfileSource, question: Question, options: CompileOptions = {}): Explanation {
  const given = readOptions<CompileOptions>('compile', options);
  const profile = loadProfile(source);
  const asked = readQuestion(question);
  if (profile === null) {
    refuseOptions(given, ['host', 'capabilities', 'abis'], 'unconfined');
    return { action: { kind: 'allow' }, rule: null, why: 'nothing is filtered', changes: [] };
  }
  const host = hostOf(given);
  const explanation = explainCall(profile, asked, host);
  return { ...explanation, changes: [...explanation.changes, ...isolationChanges(asked, host, explanation.action)] };
}

/** What isolation denies besides, to a child that this package starts. */
function isolationChanges({ syscall, args, abi }: Required<Question>, host: Host, action: Action): readonly Change[] {
  const denials = { isolated: true, supervised: false };
  const reason = denialOf(abi ?? host.abi, syscall, registers(args ?? []), denials);
  if (reason === undefined || permissiveness(action) === 0) return [];
  return [{ kind: 'isolation', by: 'in a child that is isolated, as it is by default', action: reason.action }];
}
