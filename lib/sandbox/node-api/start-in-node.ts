/**
 * Starts a program as node:child_process does, by its own functions: for `unconfined` where this system has no seccomp.
 */
import { type SpawnOptions as SpawnOptionsOfNode, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { unsupportedReason } from '../../native.js';
import { kernelLimit, type LimitReason } from '../../process-tree/limit-reason.js';
import { UNKNOWN_USAGE, usageOf } from '../../process-tree/usage.js';
import { fromCaller } from '../../util/caller.js';
import { has, own } from '../../util/own-data.js';
import { codeOf } from '../../util/system-error.js';
import type { ProgramCall } from '../arguments.js';
import { forwardedChannel } from '../channel/node-channel.js';
import { publishResult, publishStart } from '../child/diagnostics.js';
import { makeProcess, type SandboxedProcess } from '../child/process/child-process.js';
import { refuseChannel } from '../child/stdio.js';
import { type Ending, endingOf } from '../options/ending.js';
import { isOfNode } from '../options/table.js';
import type { SpawnOptions } from '../options/types.js';
import type { FilterPlan } from '../plan/plan-filters.js';
import { unsupportedOption } from '../plan/unsupported-options.js';

/** As they are before a program replaces them by the functions of a Sandbox. */
const spawnOfNode = spawn;
const spawnSyncOfNode = spawnSync;

/** Starts a child, and returns at once. It ends as other children of this package do: see `Ending`. */
export function startInNode(
  call: ProgramCall<SpawnOptions>,
  plan: FilterPlan,
  by: 'spawn' | 'run' = 'spawn',
  ending: Ending = endingOf(call.options),
): SandboxedProcess {
  const { stdio } = call.options;
  if (Array.isArray(stdio) && stdio.includes('ipc')) refuseChannel(stdio, stdio.indexOf('ipc'), by);
  // The child's own object ends it, so that SIGKILL follows.
  const withoutEnding = { timeout: undefined, signal: undefined, killSignal: undefined };
  const started = inNode(() =>
    spawnOfNode(call.command, call.args, optionsOfNode({ ...call.options, ...withoutEnding })),
  );
  const { spawnfile: file, spawnargs: argv } = started;
  const child = makeProcess({ file, args: call.args, argv, options: call.options }, ending, plan.enforcement);
  if (started.connected) child.connect(forwardedChannel(started));
  child.adopt(started, {
    kill: (signal) => (started.kill(signal) ? 0 : constants.errno.ESRCH),
    ref: () => started.ref(),
    unref: () => started.unref(),
    end: () => void started.kill('SIGKILL'),
  });
  if (has(child, 'pid')) publishStart(child);
  child.scheduleEnd();
  return child;
}

/**
 * Starts a child, and waits for its end.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED for `forceKillAfter`: Node's spawnSync sends one signal.
 */
export function startSyncInNode({ command, args, file, argv, options }: ProgramCall<SpawnOptions>, plan: FilterPlan) {
  const { forceKillAfter = false } = options;
  if (forceKillAfter !== false)
    throw unsupportedOption(
      'forceKillAfter',
      `${unsupportedReason()}, and Node's spawnSync sends one signal`,
      "leave it out, or give killSignal: 'SIGKILL'",
    );
  const started = performance.now();
  const { error, status, signal, output, pid, stdout, stderr } = inNode(() =>
    spawnSyncOfNode(command, args, optionsOfNode(options)),
  );
  const usage = pid > 0 ? usageOf(started, UNKNOWN_USAGE, undefined) : null;
  const none = { limit: limitOf(error, signal), usage, violations: [], unlistedViolations: 0, unseenCalls: [] };
  const ended = { status, signal, output: output ?? null, pid, stdout: stdout ?? null, stderr: stderr ?? null };
  const failure: { readonly error?: NodeJS.ErrnoException } = error === undefined ? {} : { error };
  const result = { ...failure, ...ended, ...none };
  // A program that was not started has no enforcement, and is not published.
  return pid <= 0
    ? result
    : publishResult(
        { file, argv },
        pid,
        () => plan.enforcement(0),
        () => result,
      );
}

/** The limit that ended a program which Node itself has started. */
function limitOf(error: Error | undefined, signal: NodeJS.Signals | null): LimitReason | null {
  const code = error === undefined ? undefined : codeOf(error);
  if (code === 'ETIMEDOUT') return 'time';
  return code === 'ENOBUFS' ? 'output' : kernelLimit({ code: null, signal }, undefined, false);
}

function optionsOfNode(options: object): SpawnOptionsOfNode {
  return own(Object.fromEntries(Object.entries(options).filter(([name]) => isOfNode(name))));
}

/** The stacks of Node's errors begin at this package's caller. */
function inNode<Result>(start: () => Result): Result {
  try {
    return start();
  } catch (error) {
    throw error instanceof Error ? fromCaller(error) : error;
  }
}
