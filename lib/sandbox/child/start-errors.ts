/** Errors of a start, by errno and by the system call that failed before the program was executed. */
import { constants } from 'node:os';
import { SeccompError } from '../../errors.js';
import { filterDenies, noFilters, obstacleText } from '../../kernel/obstacle.js';
import { isAnswer, isolationError, landlockReason } from '../../landlock/domain.js';
import { pathsError } from '../../landlock/paths/plan.js';
import type { NativeFailure } from '../../native.js';
import { shownName } from '../../util/foreign-text.js';
import { define, own } from '../../util/own-data.js';
import { systemError } from '../../util/system-error.js';
import type { FilterPlan } from '../plan/plan-filters.js';
import { refused } from '../plan/tree.js';

/** System calls that attach a filter, and that pass its listener on. */
const OUR_CALLS: ReadonlySet<string> = new Set(['seccomp', 'prctl', 'getrandom', 'sendmsg', 'ioctl', 'epoll_ctl']);

/**
 * The error for a system call that this package makes for its own purposes. Undefined for any other call: the program
 * itself could not be started then.
 *
 * @param plan - The plan of the start.
 */
export function attachError(
  { error, call }: NativeFailure,
  { agent, isolation, paths, tree }: Partial<Pick<FilterPlan, 'agent' | 'isolation' | 'paths' | 'tree'>> = NO_PLAN,
): SeccompError | undefined {
  if (agent !== undefined && AGENT_CALLS.has(call)) return unreachableAgentError(error, call, agent.path);
  const isOfTree = call.startsWith(GUARDIAN_CALLS);
  if (isOfTree && error === ECHILD) return new SeccompError('ERR_SECCOMP_ATTACH', GUARDIAN_ENDED);
  if ((isOfTree || call.startsWith('landlock_')) && !isSystems(error)) return undefined;
  if (isOfTree) return refused('ERR_SECCOMP_UNSUPPORTED', guardianProblem({ error, call }), tree?.option);
  if (call.startsWith('landlock_')) {
    if (paths !== undefined) return pathsError(paths, error);
    const isOfIsolation = isolation?.request.isolation === true || tree === undefined;
    return isOfIsolation
      ? isolationError(error)
      : refused('ERR_SECCOMP_UNSUPPORTED', landlockReason(error), tree.option);
  }
  if (!OUR_CALLS.has(call)) return undefined;
  const unsupported = noFiltersError(error, call);
  if (unsupported !== undefined) return unsupported;
  const cause = systemError(error, call);
  const message = `the filter was not attached (${cause.message}), and nothing was started`;
  const remedy = attachRemedy(error, 'the child', call);
  return new SeccompError('ERR_SECCOMP_ATTACH', `${message}: ${remedy}`, { cause });
}

const { ECHILD, ENOENT, EACCES, EXDEV } = constants.errno;
/** `constants.errno` lacks it. Source: asm-generic/errno.h, for all CPUs for which there is an addon. */
const ETOOMANYREFS = 109;

/**
 * Whether an errno with which a guardian could not be started, or a domain not entered, says what this system and this
 * installation can't do. Any other is a shortage of this moment: the program then does not start.
 */
export const isSystems = (errno: number): boolean => isAnswer(errno) || [ENOENT, EACCES, EXDEV].includes(errno);

/** How the name of a call begins that failed in a guardian. */
export const GUARDIAN_CALLS = 'guardian: ';

const GUARDIAN_ENDED =
  'the guardian ended before the program ran, and nothing was started: another process has killed it, ' +
  'or an attached filter denies a call that it makes, such as setsid(2), ppoll(2) or sendto(2)';

/** Why a guardian could not be started, and what would help. */
export function guardianProblem({ error, call }: NativeFailure): string {
  const name = call.replace(GUARDIAN_CALLS, '');
  const { message } = systemError(error, name);
  const remedy = name === 'clone' && error !== constants.errno.EPERM ? undefined : GUARDIAN_REMEDIES.get(name);
  return `the guardian could not be started (${message})${remedy ?? ''}`;
}

const GUARDIAN_REMEDIES: ReadonlyMap<string, string> = new Map([
  ['open', ': seccomp-launch must be beside the addon: install the package again'],
  [
    'execveat',
    ': seccomp-launch, beside the addon, must be executable for this process: chmod a+rx, and in a sandbox, paths that let it execute the package',
  ],
  ['landlock_restrict_self', ': a process can be in 16 Landlock domains, and an attached filter may deny Landlock'],
  [
    'clone',
    ': an attached filter denies clone(2). The isolation of a sandbox in which this process runs denies only ' +
      'CLONE_PARENT, which a guardian needs with a cgroup and before Linux 6.12: ' +
      'give that sandbox isolate: false (seccomp run --no-isolate)',
  ],
  ['prctl', `: ${obstacleText(filterDenies('prctl(2)'))}`],
  ['seccomp', `: ${obstacleText(filterDenies('seccomp(2)'))}`],
  ['close_range', `: ${obstacleText(filterDenies('close_range(2)'))}`],
]);

const NO_PLAN = own({});

/**
 * Node's error for a program that could not be started, with the call that failed in the property `call`.
 *
 * @param hint - What follows in the message.
 */
export function startError(
  { error, call }: NativeFailure,
  caller: string,
  file: string,
  argv: readonly string[],
  hint = '',
) {
  return define(systemError(error, caller, file, hint), { path: file, spawnargs: argv.slice(1), call });
}

/** The error where no filter can be attached at all. Undefined if the failure of `call` has another reason. */
export function noFiltersError(errno: number, call: string): SeccompError | undefined {
  if (errno !== constants.errno.ENOSYS && (call !== 'prctl' || errno !== constants.errno.EINVAL)) return undefined;
  const cause = systemError(errno, call);
  const { reason, remedy } = noFilters(call);
  const message = `${reason} (${cause.message}), and nothing was started: ${remedy}`;
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', message, { cause });
}

/** Why the kernel refuses a filter for `who` at a system call, and what to do. */
export function attachRemedy(errno: number, who: string, call = 'seccomp'): string {
  const remedies: ReadonlyMap<number, string> = new Map([
    [constants.errno.EACCES, `with noNewPrivileges: false, ${who} needs CAP_SYS_ADMIN`],
    [constants.errno.EPERM, obstacleText(filterDenies(`${call}(2)`))],
    [
      ETOOMANYREFS,
      'more descriptors of this user are on their way over sockets, in all its processes, than the child may have open: ' +
        'raise rlimits.nofile',
    ],
    [
      constants.errno.EBUSY,
      'an attached filter has a listener, and a process can have only one, which a subscriber of seccomp:violation needs too: ' +
        'leave out listenerPath, or onViolation and notify',
    ],
    [
      constants.errno.EMFILE,
      'the listener needs a descriptor, and this process or the child has reached its limit: ' +
        'close some descriptors, or raise ulimit -n or rlimits.nofile',
    ],
    [constants.errno.ENOMEM, 'too many filters are attached, or memory is insufficient'],
  ]);
  return remedies.get(errno) ?? '"seccomp doctor" reports what this kernel can do';
}

/** System calls that connect to an agent and send it the listener. */
const AGENT_CALLS: ReadonlySet<string> = new Set(['connect', 'sendmsg', 'socket']);

const AGENT_REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'the socket does not exist: start the agent'],
  ['ECONNREFUSED', 'no process listens there: start the agent'],
  ['EACCES', 'this user has no permission to connect: grant write permission to the socket'],
  ['EAGAIN', "the agent's connection queue is full: check that the agent is running"],
  ['EPIPE', 'the agent closed the connection: check why it refused it'],
  ['ECONNRESET', 'the agent closed the connection: check why it refused it'],
  ['EPROTOTYPE', 'this is not a socket of type SOCK_STREAM'],
]);

function unreachableAgentError(errno: number, call: string, path: string): SeccompError {
  const cause = systemError(errno, call);
  const remedy = AGENT_REMEDIES.get(cause.code ?? '') ?? 'the agent cannot be reached';
  const message = `listenerPath ${shownName(path)}: ${cause.message}, and nothing was started`;
  return new SeccompError('ERR_SECCOMP_AGENT', `${message}: ${remedy}, or leave listenerPath out`, { cause });
}
