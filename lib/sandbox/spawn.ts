/** spawn(): starts a program under a profile, with node:child_process's options, events and errors. */
import { channel, hasSubscribers } from 'node:diagnostics_channel';
import { constants } from 'node:os';
import { SeccompError } from '../errors.js';
import type { Filter } from '../filter/filter.js';
import { ATTACH_FLAGS, listenerFlags } from '../host.js';
import { isolationError } from '../landlock/domain.js';
import type { Enforcement } from '../landlock/enforcement.js';
import { addon, type NativeFailure, type NativeRequest, SOCKET } from '../native.js';
import { define, has, own, propertyOf } from '../util/own-data.js';
import { type Invocation, invocation } from './arguments.js';
import { type Ending, SandboxedProcess } from './child/child-process.js';
import { type ChildEventHandlers, NO_EVENT_HANDLERS } from './child/events.js';
import { attachRemedy, noFiltersError, systemError } from './child/start-errors.js';
import { withStdio } from './child/stdio.js';
import {
  checkNull,
  type FilterOptions,
  GATED,
  invalidType,
  invalidValue,
  notThatMany,
  outOfRange,
  programRequest,
  SPAWN_OPTIONS,
  type SpawnOptions,
} from './options/options.js';
import { signalNumber } from './options/signals.js';
import { agentError, agentRequest, type Handed, handed } from './plan/agent-handoff.js';
import { enforcementOf, isolationFor } from './plan/isolation.js';
import { type FilterSource, prepare, type SingleSource, type Sources } from './plan/plan-filters.js';
import { checkSupervisor, observed, supervise, supervisedRequest } from './plan/supervised.js';

/**
 * Starts `command` under `profile`. The filter is on before the program's first instruction; if it can't be put on, the
 * program does not start.
 * @throws ProfileError, SeccompError if the profile or an option is not valid, or the kernel refuses the filter. A command
 * that can't be started is reported as Node does it: by the event `error`, or for rare reasons by an exception; its
 * property `call` names the call that failed.
 */
export function spawn(command: string, profile: SingleSource, options?: SpawnOptions): SandboxedProcess;
export function spawn(
  command: string,
  args: readonly string[],
  profile: FilterSource,
  options?: SpawnOptions,
): SandboxedProcess;
export function spawn(...parameters: readonly unknown[]): SandboxedProcess {
  return start(invocation<SpawnOptions>(parameters, SPAWN_OPTIONS));
}

/** The same with its parameters sorted out. */
export function start({ command, args, sources, options }: Invocation<SpawnOptions>): SandboxedProcess {
  const ending = limits(options);
  const { file, request, heard, enforced } = childRequest(command, args, sources, options);
  const child = new SandboxedProcess(file, request.args, ending, enforced);
  announce('child_process', () => ({ process: child }));
  withStdio(options.stdio, (stdio) => traced(child, options, () => launch(child, own({ ...request, stdio }), heard)));
  child.limit();
  return child;
}

/** Starts a program that is not filtered, and whose every call is counted. */
export function spawnObserved(command: string, args: readonly string[], options: SpawnOptions): SandboxedProcess {
  const ending = limits(options);
  const program = withShell(command, args, options);
  const isolated = isolationFor(options, true);
  const request = {
    ...programRequest(program.file, program.args, options),
    ...isolated?.request,
    ...supervisedRequest(observed()),
  };
  const enforced = (isolationError: number) => enforcementOf(options, isolated, isolationError);
  const child = new SandboxedProcess(program.file, request.args, ending, enforced);
  withStdio(options.stdio, (stdio) =>
    launch(child, own({ ...request, detached: options.detached ?? false, stdio }), undefined),
  );
  child.limit();
  return child;
}

/** Tells those who watch Node's own children; see child_process in the documentation of node:diagnostics_channel. */
function announce(name: string, message: () => object): void {
  // Without making the channel, which a read-only `name` on Object.prototype would keep from being made.
  if (hasSubscribers(name)) channel(name).publish(message());
}

/** Tells of a start and of what became of it, as Node ≥ 24.15 does; `begin` gives the error that comes as an event. */
function traced(child: SandboxedProcess, options: SpawnOptions, begin: () => Error | undefined): void {
  const given = () => ({ ...options, file: child.spawnfile, args: child.spawnargs });
  const failed = (error: unknown) => announce('tracing:child_process.spawn:error', () => ({ process: child, error }));
  announce('tracing:child_process.spawn:start', () => ({ process: child, options: given() }));
  try {
    const error = begin();
    if (error === undefined) announce('tracing:child_process.spawn:end', () => ({ process: child }));
    else failed(error);
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** The program that is to be started, what the addon is told of it, but for its descriptors, and who hears of its calls. */
interface ChildRequest {
  readonly file: string;
  readonly request: Omit<NativeRequest, 'stdio'>;
  readonly heard: ChildEventHandlers | undefined;
  /** What is enforced on the child, if its domain failed with this errno, or 0. */
  enforced(isolationError: number): Enforcement;
}

export function childRequest(
  command: string,
  args: readonly string[],
  sources: Sources,
  options: Omit<SpawnOptions, 'stdio' | 'signal'>,
): ChildRequest {
  const program = withShell(command, args, options);
  const asked = checkSupervisor(options);
  const isolated = isolationFor(options, sources.all.length > 0 || asked.names.length > 0);
  const request = {
    ...programRequest(program.file, program.args, options),
    ...isolated?.request,
    detached: options.detached ?? false,
  };
  const enforced = (isolationError: number) => enforcementOf(options, isolated, isolationError);
  const others = { file: program.file, heard: undefined, enforced };
  const agents = handed(sources, options, options, isolated !== undefined);
  if (agents !== undefined)
    return { ...others, request: own({ ...request, ...handedRequest(agents, options, request.cwd) }) };
  const supervised = supervise(sources, options, asked, isolated !== undefined);
  if (supervised === undefined) {
    const filters = prepare(sources, options, GATED, isolated !== undefined);
    return { ...others, request: own({ ...request, ...filterRequest(filters, options) }) };
  }
  const { filterFlags } = filterRequest([supervised.filter], options);
  const listening = supervisedRequest(supervised);
  return {
    ...others,
    request: own({ ...request, ...listening, filterFlags: filterFlags | listening.filterFlags }),
    heard: { supervised, onViolation: asked.onViolation, handlers: asked.handlers, timeout: asked.notifyTimeout },
  };
}

/** What the addon is told of filters. */
export function filterRequest(filters: readonly Filter[], { log = false }: Pick<FilterOptions, 'log'>) {
  return {
    unconfined: filters.length === 0,
    filters: filters.map(({ bytes, gate }) => ({
      bytes,
      gate: gate.flatMap(({ instruction, half }) => [instruction, half]),
    })),
    filterFlags: [...(log ? (['LOG'] as const) : []), ...filters.flatMap(({ flags }) => flags)].reduce(
      (bits, name) => bits | ATTACH_FLAGS[name],
      0,
    ),
  } satisfies Partial<NativeRequest>;
}

/** The same of a filter whose listener an agent is sent. */
export function handedRequest({ filter, agent }: Handed, options: FilterOptions, cwd: string | undefined) {
  const request = filterRequest([filter], options);
  return { ...request, filterFlags: request.filterFlags | listenerFlags(), agent: agentRequest(agent, cwd) };
}

/** Calls that put a filter on, and have its listener served. */
const OURS: ReadonlySet<string> = new Set(['seccomp', 'prctl', 'getrandom', 'sendmsg', 'ioctl', 'epoll_ctl']);

/** The error for a call that is ours to make: anything between the child's birth and its program. */
export function attachError(failure: NativeFailure, agent?: NativeRequest['agent']): SeccompError | undefined {
  const { error, call } = failure;
  const unreached = agent && agentError(failure, agent.path);
  if (unreached !== undefined) return unreached;
  if (call.startsWith('landlock_')) return isolationError(error);
  if (!OURS.has(call)) return undefined;
  const unsupported = noFiltersError(error, call);
  if (unsupported !== undefined) return unsupported;
  const cause = systemError(error, call);
  const message = `the filter was not put on (${cause.message}), and nothing was started: ${attachRemedy(error, 'the child')}`;
  return new SeccompError('ERR_SECCOMP_ATTACH', message, { cause });
}

/** Node throws for other errors, and lets these come as an event. */
const REPORTED = new Set(['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT']);

/** Gives the error that is told by an event, if there is one. */
function launch(
  child: SandboxedProcess,
  request: NativeRequest,
  heard: ChildEventHandlers | undefined,
): Error | undefined {
  const started = addon().spawn(request, (code, signal) => child.exited(code, signal));
  if (!has(started, 'error')) {
    const { listener } = own(started);
    if (listener !== undefined) child.supervise(listener, heard ?? NO_EVENT_HANDLERS);
    try {
      child.attach(started);
    } catch (error) {
      started.watch.end();
      throw error;
    }
    return undefined;
  }
  const ours = attachError(started, request.agent);
  if (ours !== undefined) throw ours;
  const failure = define(systemError(started.error, 'spawn'), { call: started.call });
  if (failure.code === undefined || !REPORTED.has(failure.code)) throw failure;
  const error = startError(started, `spawn ${child.spawnfile}`, child.spawnfile, child.spawnargs);
  child.fail(
    error,
    request.stdio.map((entry) => entry === SOCKET),
  );
  return error;
}

/** The error of a program that could not be started, as Node has it, and the call that failed. */
export function startError({ error, call }: NativeFailure, syscall: string, file: string, args: readonly string[]) {
  return define(systemError(error, syscall), { path: file, spawnargs: args.slice(1), call });
}

/** The command as a shell runs it, if `shell` asks for one. */
function withShell(command: string, args: readonly string[], { shell }: Pick<SpawnOptions, 'shell'>) {
  if (shell === undefined || shell === null || shell === false || shell === '') return { file: command, args };
  if (shell !== true && typeof shell !== 'string')
    throw invalidType('options.shell', 'one of type boolean or string', shell);
  const file = shell === true ? '/bin/sh' : shell;
  checkNull(file, 'options.shell');
  return { file, args: ['-c', [command, ...args].join(' ')] };
}

/** Checks the options that end a child, and some that Node checks with them. */
export function limits(options: SpawnOptions, longest = LONGEST_TIMER): Ending {
  const { signal, serialization } = options;
  const timeout = checkTimeout(options.timeout, longest);
  checkSignal(signal);
  for (const name of ['detached', 'windowsHide', 'windowsVerbatimArguments'] as const) {
    const value = options[name] ?? false;
    if (typeof value !== 'boolean') throw invalidType(`options.${name}`, 'of type boolean', value);
  }
  if (serialization !== undefined && serialization !== 'json' && serialization !== 'advanced')
    throw invalidValue('options.serialization', serialization, "must be one of: undefined, 'json', 'advanced'");
  const forceKillAfter = checkForceKillAfter(options.forceKillAfter);
  return { timeout, signal, killSignal: checkKillSignal(options.killSignal), forceKillAfter };
}

/** @returns Milliseconds, 0 for never. */
export function checkTimeout(timeout: number | null | undefined, longest = LONGEST_TIMER): number {
  const milliseconds = timeout ?? 0;
  if (!Number.isInteger(milliseconds) || milliseconds < 0)
    throw notThatMany('timeout', 'an unsigned integer', milliseconds);
  if (milliseconds > longest)
    throw outOfRange('options.timeout', `at most ${longest}; 0, or leaving it out, is for ever`, milliseconds);
  return milliseconds;
}

/** As in Node, an AbortSignal of another make will do. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (
    typeof signal !== 'object' ||
    signal === null ||
    propertyOf(signal, 'aborted') === undefined ||
    typeof propertyOf(signal, 'addEventListener') !== 'function'
  )
    throw invalidType('options.signal', 'an instance of AbortSignal', signal);
}

/** What a timer of Node's can wait, 24 days: more fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** @returns Milliseconds, Infinity for never. */
export function checkForceKillAfter(value: number | false = 5_000): number {
  if (value === false) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'number') throw invalidType('options.forceKillAfter', 'of type number or false', value);
  if (Number.isInteger(value) && value >= 0 && value <= LONGEST_TIMER) return value;
  throw outOfRange('options.forceKillAfter', `an integer >= 0 && <= ${LONGEST_TIMER}, or false`, value);
}

function checkKillSignal(signal: unknown): number {
  if (signal === undefined || signal === null) return constants.signals.SIGTERM;
  if (typeof signal !== 'string' && typeof signal !== 'number')
    throw invalidType('options.killSignal', 'one of type string or number', signal);
  return signalNumber(signal);
}
