/** start: the last step of every start. Starts a program through the addon, and reports failures as Node does. */
import { denialsBy, type FindPathDenial } from '../../landlock/denials/path-denial.js';
import type { PrivateDirectory } from '../../landlock/paths/private-directory.js';
import { addon, type NativeFailure, type NativeLimits, type NativeRequest, SOCKET } from '../../native.js';
import type { Leaf } from '../../process-tree/leaf.js';
import { kernelLimit } from '../../process-tree/limit-reason.js';
import { programEnd } from '../../process-tree/program-end.js';
import { guardianLimit } from '../../process-tree/sampled-limits.js';
import { usageOf } from '../../process-tree/usage.js';
import { fromCaller } from '../../util/caller.js';
import { shownName } from '../../util/foreign-text.js';
import { define, has, own } from '../../util/own-data.js';
import { systemError } from '../../util/system-error.js';
import type { ProgramCall } from '../arguments.js';
import { type Ending, endingOf } from '../options/ending.js';
import type { ProgramOptions, SpawnOptions } from '../options/types.js';
import { startHint } from '../path-hints.js';
import type { FilterPlan } from '../plan/plan-filters.js';
import type { SupervisionPlan } from '../plan/supervised.js';
import { publish, publishStart } from './diagnostics.js';
import { NO_GUARDIAN, privateDirectoryFor, toNativeRequest } from './native-request.js';
import { makeProcess, type SandboxedProcess } from './process/child-process.js';
import { attachError, GUARDIAN_CALLS, guardianProblem, isSystems, startError } from './start-errors.js';
import type { OpenedStdio } from './stdio.js';

/**
 * Starts a child, and returns at once.
 *
 * @throws {SeccompError} if the filter can't be attached, or the child can't be isolated. An error of the program itself
 * is emitted as the event `error`, or thrown, as Node does with that errno; its property `call` names the system call
 * that failed.
 */
export function start(
  call: ProgramCall<SpawnOptions>,
  plan: FilterPlan,
  stdio: OpenedStdio,
  ending: Ending = endingOf(call.options),
): SandboxedProcess {
  let tmp: PrivateDirectory | undefined;
  let leaf: Leaf | undefined;
  try {
    refuseWithoutPermission(call.file);
    tmp = privateDirectoryFor(call.options, plan);
    leaf = plan.limits?.makeLeaf();
    const child = makeProcess(call, ending, plan.enforcement);
    if (tmp !== undefined) child.removeAtEnd(tmp);
    child.watchLimits(leaf, plan.limits?.sampled !== undefined);
    if (stdio.channel !== undefined) child.connect(stdio.channel);
    publish('child_process', () => ({ process: child }));
    withCgroup(leaf, (cgroup) => {
      const request = toNativeRequest(call, plan, stdio, { tmp, cgroup });
      traced(child, call.options, () => launch(child, request, plan, call));
    });
    if (has(child, 'pid')) publishStart(child);
    child.scheduleEnd();
    return child;
  } catch (error) {
    leaf?.remove();
    tmp?.removeSync();
    stdio.channel?.close();
    throw error;
  } finally {
    stdio.release();
  }
}

/**
 * The end of a child, why it had no guardian although one was planned, the limit for which the kernel ended it, and what it
 * has used.
 */
export type SyncEnd = Exclude<ReturnType<typeof startSync>, NativeFailure>;

/**
 * Starts a child, and waits for its end.
 *
 * @returns The child's result, or Node's error for a program that could not be started.
 * @throws {SeccompError} if the filter can't be attached, or the child can't be isolated.
 */
export function startSync(call: ProgramCall<SpawnOptions>, plan: FilterPlan, stdio: OpenedStdio, limits: NativeLimits) {
  let tmp: PrivateDirectory | undefined;
  let leaf: Leaf | undefined;
  try {
    refuseWithoutPermission(call.file);
    tmp = privateDirectoryFor(call.options, plan);
    leaf = plan.limits?.makeLeaf();
    const started = performance.now();
    const [ended, unguarded, findPathDenial] = withCgroup(leaf, (cgroup) => {
      const request = toNativeRequest(call, plan, stdio, { tmp, cgroup });
      const find = reportedDenials(plan.supervision, request);
      return [...guardedIfPossible(request, plan, (each) => addon().spawnSync(each, limits)), find] as const;
    });
    const ours = has(ended, 'error') ? attachError(ended, plan) : undefined;
    if (ours !== undefined) throw ours;
    if (has(ended, 'error')) return ended;
    const { code, signal, ...rest } = ended;
    const end = programEnd(code, signal);
    const sampled = guardianLimit(own(rest).treeStatus ?? 0);
    const limit = kernelLimit(end, leaf, rest.stopped !== 0, sampled, call.options.rlimits);
    const usage = usageOf(started, rest, leaf);
    return { ...rest, end, limit, usage, findPathDenial, unguarded };
  } finally {
    leaf?.remove();
    tmp?.removeSync();
    stdio.release();
  }
}

/**
 * Replaces this process by a program. Does not return.
 *
 * @param beforeExec - Called when the request is complete: with a ruleset, if there are paths.
 * @throws {SeccompError} if the filter can't be attached, or the program can't be isolated; the system's error for a
 * program that can't be executed. This process then continues unchanged, without a filter.
 */
export function startInPlace(
  call: ProgramCall<ProgramOptions>,
  plan: FilterPlan,
  stdio: OpenedStdio,
  beforeExec: () => void,
): never {
  refuseWithoutPermission(call.file);
  const request = toNativeRequest(call, plan, stdio, { tmp: undefined, cgroup: undefined });
  beforeExec();
  const [failure] = guardedIfPossible<NativeFailure>(request, plan, (each) => addon().execve(each));
  const { error, call: failed } = failure;
  throw (
    attachError(failure, plan) ??
    define(systemError(error, 'execve', call.file, startHint(failure, call)), { path: call.file, call: failed })
  );
}

/** Calls `begin` with a descriptor of the cgroup's directory; undefined without a cgroup. */
function withCgroup<Result>(leaf: Leaf | undefined, begin: (cgroup?: number) => Result): Result {
  return leaf === undefined ? begin() : leaf.withDescriptor(begin);
}

/** Node's permission model applies to this package's functions as to Node's own. */
function refuseWithoutPermission(file: string): void {
  const permission = Object.hasOwn(process, 'permission') ? process.permission : undefined;
  if (permission?.has('child') ?? true) return;
  const message = `Node's permission model does not allow starting ${shownName(file)}: start node with --allow-child-process`;
  const properties = { code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess', resource: file };
  throw define(fromCaller(new Error(message)), properties);
}

/** The errnos that Node emits as an event. It throws all others. */
const EMITTED = new Set(['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT']);

/** Starts a child. Returns the error that is emitted, if there is one. */
function launch(
  child: SandboxedProcess,
  request: NativeRequest,
  plan: FilterPlan,
  call: ProgramCall<SpawnOptions>,
): Error | undefined {
  const [started, unguarded] = guardedIfPossible(request, plan, (each) =>
    addon().spawn(
      each,
      (code, signal, cpuTime, maxRss) => child.exited(code, signal, { cpuTime, maxRss }),
      (status) => child.guardianEnded(status),
    ),
  );
  if (!has(started, 'error')) {
    child.unguarded = unguarded;
    const { supervision } = plan;
    const { listener } = own(started);
    if (listener !== undefined && supervision !== undefined)
      child.supervise(listener, supervision, reportedDenials(supervision, request));
    try {
      child.attach(started);
    } catch (error) {
      started.watch.end();
      throw error;
    }
    return undefined;
  }
  const ours = attachError(started, plan);
  if (ours !== undefined) throw ours;
  const hint = startHint(started, call);
  const failure = define(systemError(started.error, 'spawn', undefined, hint), { call: started.call });
  if (failure.code === undefined || !EMITTED.has(failure.code)) throw failure;
  const error = startError(started, 'spawn', call.file, call.argv, hint);
  child.fail(
    error,
    request.stdio.map((descriptor) => descriptor === SOCKET),
  );
  return error;
}

/**
 * Starts a program. If its guardian can't be started because of what this system is, starts it without, unless it was asked
 * for. A shortage of this moment is an error.
 */
function guardedIfPossible<Started extends object>(
  request: NativeRequest,
  { tree, isolation, paths }: FilterPlan,
  begin: (request: NativeRequest) => Started | NativeFailure,
): readonly [started: Started | NativeFailure, unguarded: string | undefined] {
  const started = begin(request);
  if (!request.guarded || tree?.required || !has(started, 'error')) return [started, undefined];
  const { call, error } = started as NativeFailure;
  if (!call.startsWith(GUARDIAN_CALLS) && call !== 'landlock_restrict_self') return [started, undefined];
  if (!isSystems(error)) return [started, undefined];
  const domainRequired = paths?.required === true || isolation?.request.isolation === true;
  const unguarded = guardianProblem(started as NativeFailure);
  return [begin(own({ ...request, ...NO_GUARDIAN, domainRequired })), unguarded];
}

/** What tells which calls the ruleset of a child denies, if these are reported. */
function reportedDenials(
  supervision: SupervisionPlan | undefined,
  { ruleset }: NativeRequest,
): FindPathDenial | undefined {
  return supervision?.reportsPaths && ruleset !== undefined ? denialsBy(ruleset) : undefined;
}

/**
 * Publishes a start and its result, as Node ≥ 24.15 does. `begin` returns the error that is emitted, if there is one.
 */
function traced(child: SandboxedProcess, options: SpawnOptions, begin: () => Error | undefined): void {
  const failed = (error: unknown) => publish('tracing:child_process.spawn:error', () => ({ process: child, error }));
  publish('tracing:child_process.spawn:start', () => ({
    process: child,
    options: { ...options, file: child.spawnfile, args: child.spawnargs },
  }));
  try {
    const error = begin();
    if (error === undefined) publish('tracing:child_process.spawn:end', () => ({ process: child }));
    else failed(error);
  } catch (error) {
    failed(error);
    throw error;
  }
}
