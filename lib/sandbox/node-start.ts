/** Tells whether a Node of fork() ended because its profile lets no Node start. */
import { basename } from 'node:path';
import { SeccompError } from '../errors.js';
import { denialLines } from '../notify/violations/denial-messages.js';
import { shownName } from '../util/foreign-text.js';
import { own } from '../util/own-data.js';
import type { ProgramCall } from './arguments.js';
import { reportError } from './channel/report-error.js';
import type { SandboxedProcess } from './child/process/child-process.js';
import { RunError } from './child/result.js';
import type { SpawnOptions } from './options/types.js';
import type { FilterPlan } from './plan/plan-filters.js';
import { run } from './run.js';

/** The Nodes that have started under a filter. */
const started = new WeakMap<object, Set<string>>();

/** Milliseconds that a Node may take which runs nothing. */
const LONGEST_START = 10_000;

/**
 * Emits `error` for a child that ends because no Node starts under its profile. `close` waits for that.
 */
export function reportFailedStart(child: SandboxedProcess, call: ProgramCall<SpawnOptions>, plan: FilterPlan): void {
  const [filter] = plan.filters;
  // Any other program could do something else with these arguments.
  const isNode = call.command === process.execPath || basename(call.command) === 'node';
  if (filter === undefined || !isNode) return;
  const nodes = started.get(filter) ?? new Set<string>();
  started.set(filter, nodes);
  child.once('exit', (code: number | null) => {
    if (code === 0 || child.hasReceived) nodes.add(call.command);
    if (nodes.has(call.command) || child.killed) return;
    const done = child.delayClose();
    void failedStart(call)
      .then((error) => {
        if (error === undefined) nodes.add(call.command);
        else reportError(child, error);
      })
      .finally(done);
  });
}

/** Has a Node run nothing under the profile. Returns the error if it does not; undefined if that can't be found out. */
async function failedStart({ command, profile, options }: ProgramCall<SpawnOptions>): Promise<Error | undefined> {
  const { notify: _, notifyTimeout: __, serialization: ___, handles: ____, ...same } = options;
  const env = own({ ...(options.env ?? process.env), NODE_OPTIONS: undefined });
  const watched = { onViolation: true, reportPaths: options.paths !== undefined || undefined };
  const ended = {
    timeout: LONGEST_START,
    killSignal: 'SIGKILL',
    signal: undefined,
    argv0: undefined,
  } as const;
  try {
    await run(
      command,
      // As for a module, the directory must be found. No file in it is read, since the child may have written it.
      ['--input-type=commonjs', '-e', 'process.cwd()'],
      profile as never,
      own({ ...same, env, ...watched, ...ended, stdio: 'ignore' }) as never,
    );
    return undefined;
  } catch (error) {
    return error instanceof RunError ? startError(error, command, profile) : undefined;
  }
}

function startError(error: RunError, command: string, profile: unknown): SeccompError | undefined {
  if (Object.hasOwn(error, 'code')) return undefined; // It was not started, or ended by this package.
  const isName = typeof profile === 'string' && !profile.trimStart().startsWith('{');
  const which = isName ? `the profile ${shownName(profile)}` : 'this profile';
  const end = error.signal ?? `exit code ${error.exitCode}`;
  const denials = denialLines(error);
  if (denials.length === 0) return undefined; // It is not the profile.
  const remedy =
    'Allow what Node needs (npx seccomp record -- node -e 0 writes a profile), or attach the profile later: by seccomp/register, or by harden() in the module';
  const message = `fork: under ${which}, ${shownName(command)} does not start (${end}): ${denials.join('; ')}. ${remedy}`;
  return new SeccompError('ERR_SECCOMP_OPTION', message, { cause: error });
}
