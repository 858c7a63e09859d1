/** Which calls a policy notifies a listener of, and the refusal of notifications that nobody would answer. */
import { SeccompError } from '../../errors.js';
import { type Decision, type Policy, rangesOf } from '../../policy/policy.js';
import { syscallName } from '../../syscalls/table.js';
import type { ResolvedSources } from './resolve-sources.js';

/** Whether the policy notifies a listener of some calls. */
export function hasNotify(policy: Policy): boolean {
  return notifiesByDefault(policy) || policy.abis.some((each) => notifiedOn(each).length > 0);
}

/**
 * Refuses notifications for filters without a listener: the kernel would fail such calls with ENOSYS, which no profile
 * intends.
 *
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED
 */
export function refuseWithoutListener({ each, profiles }: ResolvedSources): void {
  const flags = profiles.flatMap(({ document }) => document.flags ?? []);
  const listener = flags.find((flag) => flag === 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV');
  const what = listener ?? (each.some(({ policy }) => hasNotify(policy)) ? 'SCMP_ACT_NOTIFY' : undefined);
  if (what === undefined) return;
  const remedy =
    'use spawn with options.notify, or a profile with listenerPath; or use another action, such as SCMP_ACT_ERRNO';
  throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', `${what} needs a supervisor, and this call has none: ${remedy}`);
}

/**
 * Refuses notifications without a handler: the kernel would wait for an answer that never comes.
 *
 * @param names - The syscalls that have a handler.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED
 */
export function refuseWithoutHandler(policy: Policy, names: readonly string[]): void {
  const calls = policy.abis.flatMap(notifiedOn).filter((call) => !names.includes(call));
  const unanswered = new Set([...(notifiesByDefault(policy) ? ['the default action'] : []), ...calls]);
  if (unanswered.size === 0) return;
  throw new SeccompError(
    'ERR_SECCOMP_UNSUPPORTED',
    `SCMP_ACT_NOTIFY needs a supervisor, and options.notify has no handler for ${[...unanswered].join(', ')}`,
  );
}

function notifiesByDefault({ defaultAction, foreignAction }: Policy): boolean {
  return [defaultAction, foreignAction].some(({ kind }) => kind === 'notify');
}

/** The calls of an ABI that the policy notifies a listener of, in words: `mount`, `syscalls 500 to 600`. */
function notifiedOn(each: Policy['abis'][number]): readonly string[] {
  const notifies = (decisions: readonly Decision[]) => decisions.some(({ action }) => action.kind === 'notify');
  const named = [...each.syscalls].flatMap(([number, decisions]) =>
    notifies(decisions) ? [syscallName(each.abi.name, number) ?? `syscall ${number}`] : [],
  );
  const ranges = rangesOf(each).flatMap(({ first, last, decisions }) =>
    notifies(decisions) ? [`syscalls ${first} to ${last}`] : [],
  );
  return [...named, ...ranges];
}
