/** Assertions about programs that run under a profile. */
import { constants } from 'node:os';
import { SeccompError } from '../errors.js';
import { callInWords, denialLines } from '../notify/violations/denial-messages.js';
import { denialsIn } from '../notify/violations/fallback.js';
import { normalizeArguments } from '../sandbox/arguments.js';
import type { SandboxedProcess } from '../sandbox/child/process/child-process.js';
import { RunError, type RunResult } from '../sandbox/child/result.js';
import { readOptions } from '../sandbox/options/table.js';
import { hasNotify } from '../sandbox/plan/notifications.js';
import { resolveSources, type StartSource } from '../sandbox/plan/resolve-sources.js';
import { type RunOptions, runCall } from '../sandbox/run.js';
import { own } from '../util/own-data.js';
import { clearTimeout, setTimeout } from '../util/timers.js';
import { readCommandLine } from './command.js';
import type { Verdict } from './verdict.js';

/** Decides whether `command` ends with exit code 0 under `profile`, whose filter alone answers its calls. */
export async function runs(command: readonly string[], profile: StartSource, options?: RunOptions): Promise<Verdict> {
  const { text, ended, answered } = await watchedRun(command, profile, options);
  if (answered !== undefined) return { holds: undefined, message: answered };
  if (ended instanceof RunError) return failureVerdict(ended);
  return { holds: true, message: `${text} runs under the profile, and should not` };
}

/** Decides whether `command` ends with exit code 0 under `profile`, and makes no call that is denied. */
export async function makesNoDeniedCalls(
  command: readonly string[],
  profile: StartSource,
  options?: RunOptions,
): Promise<Verdict> {
  const { text, ended, unseenCalls, answered } = await watchedRun(command, profile, options, true);
  const { violations, unlistedViolations } = ended;
  const lines = denialLines({ violations, unlistedViolations, unseenCalls });
  const denied = denialsIn(violations);
  const more = denied.length + unlistedViolations - NAMED_CALLS;
  const names = denied.slice(0, NAMED_CALLS).map(callInWords);
  const first = `${text} made denied calls: ${names.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
  if (denied.length > 0) return { holds: false, message: [first, ...lines].join('\n') };
  if (answered !== undefined) return { holds: undefined, message: answered };
  if (ended instanceof RunError) return { holds: undefined, message: ended.message };
  if (unseenCalls.length > 0) return { holds: undefined, message: [`${text}:`, ...lines].join('\n') };
  // A program could fill the list with calls that don't count.
  const unlisted = `${text} made ${unlistedViolations} denied calls of kinds that violations does not list`;
  if (unlistedViolations > 0) return { holds: undefined, message: unlisted };
  return { holds: true, message: `${text} makes no denied call, and should make one` };
}

/** How many calls the first line of a message names. */
const NAMED_CALLS = 3;

/** A program that has ended. */
interface WatchedRun {
  /** The command, for messages. */
  readonly text: string;
  readonly ended: RunResult<unknown> | RunError<unknown>;
  /** Why denied calls may be missing, those of processes that outlived the program included. */
  readonly unseenCalls: readonly string[];
  /** Why the calls show nothing of the profile: a handler answered some. Undefined if none did. */
  readonly answered: string | undefined;
}

/**
 * Runs a program to its end, and collects denied calls.
 *
 * @param needsViolations - Whether nothing can be told without them.
 * @throws {RunError} if `needsViolations` is set and the program was not started.
 */
async function watchedRun(
  command: readonly string[],
  profile: StartSource,
  options: RunOptions | undefined,
  needsViolations = false,
): Promise<WatchedRun> {
  const { file, args, text } = readCommandLine(command);
  const read = readOptions<RunOptions>('run', options);
  const onViolation = read.onViolation ?? true; // For the denied calls in the error's message, and for a negation.
  for (const [name, given] of Object.entries({ onViolation, reportPaths: read.reportPaths }))
    if (needsViolations && given === false)
      throw new SeccompError('ERR_SECCOMP_OPTION', `options.${name}: denied calls are what is asserted: leave it out`);
  if (needsViolations && read.descendants === 'leave')
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      "options.descendants: 'leave': what they do after the end of the program would not be seen: leave it out",
    );
  if (needsViolations && read.bestEffort)
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      'options.bestEffort: what is not enforced denies no call, so that nothing would be asserted: leave it out',
    );
  const call = normalizeArguments<RunOptions>('run', {
    command: file,
    args,
    profile,
    options: own({ ...read, onViolation }),
  });
  const sources = resolveSources(call.profile, call.options);
  const { profiles, policy } = sources;
  if (policy !== undefined && hasNotify(policy) && profiles.some(({ document }) => document.listenerPath))
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      'listenerPath: its agent may answer calls: assert under a profile without it',
    );
  const { notify, answered } = countedHandlers(call.options.notify);
  const reportPaths = onViolation !== false && call.options.paths !== undefined;
  const watched = { ...call, profile: sources.loaded, options: own({ reportPaths, ...call.options, notify }) };
  const outliving = new Outliving();
  const watch = needsViolations ? (child: SandboxedProcess) => outliving.watch(child) : undefined;
  const ended = await runCall(watched, watch).catch((error: unknown) => {
    if (!(error instanceof RunError)) throw error;
    const isStarted = error.exitCode !== null || error.signal !== null || error.timedOut;
    if (needsViolations && !isStarted) throw error;
    return error;
  });
  const unseenCalls = needsViolations ? [...ended.unseenCalls, ...outliving.unseen] : ended.unseenCalls;
  const by = `${text}: a handler of options.notify answered ${[...answered].join(', ')}, not the profile`;
  return { text, ended, unseenCalls, answered: answered.size === 0 ? undefined : by };
}

/** For how many milliseconds the calls of processes that outlive the program are awaited. */
const GRACE = 2000;

/** Processes that outlive a program: what they do is awaited, and then they are ended. */
class Outliving {
  #tree: SandboxedProcess['tree'];
  #goOn = false;

  async watch(child: SandboxedProcess): Promise<void> {
    this.#tree = child.tree;
    await new Promise((resolve) => child.once('exit', resolve));
    this.#goOn = !(await settlesWithin(GRACE, child.listener?.ended));
    this.#tree?.signal(constants.signals.SIGKILL);
  }

  /** Why calls of theirs may not have been seen. To be read when the tree has ended. */
  get unseen(): readonly string[] {
    return [...(this.#goOn ? [WENT_ON] : []), ...(this.#tree?.isCutShort ? [CUT_SHORT] : [])];
  }
}

const OTHERS = 'processes that the program had started';
const WENT_ON = `${OTHERS} went on for longer than two seconds after its end: let the program wait for them`;
const CUT_SHORT = `${OTHERS} were ended for a limit: raise options.limits`;

async function settlesWithin(milliseconds: number, promise: Promise<unknown> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  return await Promise.race([Promise.resolve(promise).then(() => true), late]).finally(() => clearTimeout(timer));
}

function failureVerdict(error: RunError<unknown>): Verdict {
  return isDenied(error)
    ? { holds: false, message: error.message }
    : { holds: undefined, message: error.message, unproven: `${error.message}\n${UNEXPLAINED}` };
}

/**
 * Whether a program failed by itself after one of its calls was denied, other than one whose denial programs expect. One
 * that is missing, is ended from outside, or fails under any profile shows nothing about this one.
 */
function isDenied(error: RunError<unknown>): boolean {
  const { code } = own(error);
  const { exitCode, signal, limit, violations, unlistedViolations } = error;
  const isByItself = exitCode !== null || (signal !== null && FAULTS.has(signal));
  return (
    code === undefined &&
    limit === null &&
    isByItself &&
    (violations.some(({ fallback }) => !fallback) || unlistedViolations > 0)
  );
}

/** The signals that a denial or a failed check raises. */
const FAULTS: ReadonlySet<string> = new Set(['SIGSYS', 'SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGBUS', 'SIGFPE', 'SIGSEGV']);

const UNEXPLAINED =
  'nothing shows that this is because of the profile: for .not, a call must be denied, and the program must end by itself';

/** Returns handlers that note the names of the calls that they get. */
function countedHandlers(handlers: RunOptions['notify']) {
  const answered = new Set<string>();
  if (handlers === undefined) return { notify: undefined, answered };
  const counted = Object.entries(handlers).map(([name, handler]): [string, typeof handler] => [
    name,
    (call) => {
      answered.add(name);
      return handler(call);
    },
  ]);
  return { notify: own(Object.fromEntries(counted)), answered };
}
