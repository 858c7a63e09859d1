/** node:child_process's functions under a fixed profile and with default options: the methods of a Sandbox. */
import type { ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { SeccompError } from '../../errors.js';
import { runAs } from '../../util/caller.js';
import { define, own } from '../../util/own-data.js';
import type { Invocation } from '../arguments.js';
import type { SandboxedProcess } from '../child/child-process.js';
import { checkEncoding, outputLimits } from '../child/output.js';
import { stdioEntries } from '../child/stdio.js';
import { forkUnder, OPTIONS_AT_FORK } from '../fork.js';
import {
  checkCommand,
  checkProgramOptions,
  GATED,
  PROGRAM_OPTIONS,
  readOptions,
  SPAWN_OPTIONS,
  type SpawnOptions,
  SUPERVISOR_OPTIONS,
} from '../options/options.js';
import { handed } from '../plan/agent-handoff.js';
import { isolationFor } from '../plan/isolation.js';
import { loadSources, prepare, type Sources } from '../plan/plan-filters.js';
import { checkSupervisor } from '../plan/supervised.js';
import type { RunOptions } from '../run.js';
import { start } from '../spawn.js';
import { SPAWN_SYNC_OPTIONS, startSync } from '../spawn-sync.js';
import { outputOrThrow, reportOutput } from './exec-file.js';
import {
  type Callback,
  mergeOptions,
  type NormalizedCall,
  normalizeExec,
  normalizeExecFile,
  normalizeFork,
  normalizeSpawn,
  type Options,
  readAnyOptions,
} from './overloads.js';

/** Default options of a Sandbox's functions. Each function uses those that it takes, and ignores the others. */
export type SandboxDefaults = RunOptions;

const EXEC_FILE_OPTIONS: readonly string[] = [
  // Node's execFile ignores argv0.
  ...PROGRAM_OPTIONS.filter((name) => name !== 'argv0'),
  ...['shell', 'signal', 'timeout', 'killSignal', 'forceKillAfter', 'encoding', 'maxBuffer'],
  ...SUPERVISOR_OPTIONS,
];

/** The functions, without Node's types. */
class BoundMethods {
  readonly #sources: Sources;
  readonly #defaults: Options;

  constructor(profile: unknown, defaults: unknown) {
    this.#sources = loadSources(profile);
    this.#defaults = readAnyOptions(defaults);
    const host: SandboxDefaults = this.#defaults;
    checkDefaults(host);
    // Compiled now, so that an invalid profile is reported here, and the first call finds the filter in the cache.
    const isolated = isolationFor(host, this.#sources.all.length > 0) !== undefined;
    if (handed(this.#sources, host, host, isolated) === undefined) prepare(this.#sources, host, GATED, isolated);
  }

  readonly spawn = (...parameters: readonly unknown[]): SandboxedProcess => {
    const { file, args, options } = normalizeSpawn(parameters);
    return start(this.#call(file, args, this.#merge(options, SPAWN_OPTIONS), SPAWN_OPTIONS));
  };

  readonly spawnSync = (...parameters: readonly unknown[]) => this.#spawnSync(normalizeSpawn(parameters));

  readonly execFile = (...parameters: readonly unknown[]): SandboxedProcess =>
    this.#execFile(normalizeExecFile(parameters));

  readonly exec = (...parameters: readonly unknown[]): SandboxedProcess =>
    this.#execFile(this.#inShell(normalizeExec(parameters)));

  readonly execFileSync = (...parameters: readonly unknown[]) => {
    const call = normalizeExecFile(parameters);
    const { stdio, argv0 } = this.#merge(call.options, SPAWN_SYNC_OPTIONS);
    return outputOrThrow(this.#spawnSync(call), [argv0 || call.file, ...call.args].join(' '), !stdio);
  };

  readonly execSync = (...parameters: readonly unknown[]) => {
    const call = this.#inShell(normalizeExec(parameters));
    const { stdio } = this.#merge(call.options, SPAWN_SYNC_OPTIONS);
    return outputOrThrow(this.#spawnSync(call), call.file, !stdio);
  };

  readonly fork = (...parameters: readonly unknown[]): ChildProcess => {
    const { modulePath, args, options } = normalizeFork(parameters);
    return forkUnder(this.#sources, modulePath, args, this.#merge(options, OPTIONS_AT_FORK));
  };

  #merge(options: Options, taken: readonly string[]): Options {
    return mergeOptions(this.#defaults, options, taken);
  }

  #call<Kind extends object>(
    file: unknown,
    args: object,
    options: Options,
    known: readonly string[],
  ): Invocation<Kind> {
    return { ...checkCommand(file, args), sources: this.#sources, options: readOptions<Kind>(options, known) };
  }

  #spawnSync({ file, args, options }: NormalizedCall) {
    // Ignoring `notify` would let the calls through that its handlers are for.
    if ((options['notify'] ?? this.#defaults['notify']) !== undefined) {
      const message = `options.notify: ${file}: handlers can't run while this thread waits: use spawn or execFile`;
      throw new SeccompError('ERR_SECCOMP_OPTION', message);
    }
    return startSync(this.#call(file, args, this.#merge(options, SPAWN_SYNC_OPTIONS), SPAWN_SYNC_OPTIONS));
  }

  #execFile({ file, args, options, callback }: NormalizedCall): SandboxedProcess {
    const merged: RunOptions = this.#merge(options, EXEC_FILE_OPTIONS);
    // In Node, an encoding that is set to undefined means bytes.
    const isBytes = Object.hasOwn(merged, 'encoding') && merged.encoding === undefined;
    const limits = outputLimits(own({ ...merged, encoding: isBytes ? null : merged.encoding }));
    // The output's buffer obeys these, not the child.
    const obeyed = { timeout: undefined, killSignal: undefined, encoding: undefined, maxBuffer: undefined };
    const call = this.#call<SpawnOptions>(file, args, own({ ...merged, ...obeyed }), SPAWN_OPTIONS);
    const child = start(call);
    reportOutput(child, [call.command, ...call.args], limits, callback);
    return child;
  }

  /** Returns the same call with a shell: the one that `shell` names, or sh. */
  #inShell(call: NormalizedCall): NormalizedCall {
    const shell = call.options['shell'] ?? this.#defaults['shell'];
    return { ...call, options: own({ ...call.options, shell: typeof shell === 'string' ? shell : true }) };
  }
}

/** @throws What the functions would throw for these options. */
function checkDefaults(defaults: SandboxDefaults): void {
  checkProgramOptions(defaults);
  outputLimits(defaults);
  checkSupervisor(defaults);
  checkEncoding(defaults.encoding);
  stdioEntries(defaults.stdio);
}

/** Binds the functions to a profile. Those that take a callback have a promisified form, for util.promisify. */
export function bindProfile(profile: unknown, defaults: unknown) {
  const { spawn, spawnSync, execFile, execFileSync, exec, execSync, fork } = new BoundMethods(profile, defaults);
  return {
    spawn,
    spawnSync,
    execFile: promisifiable(execFile),
    execFileSync,
    exec: promisifiable(exec),
    execSync,
    fork,
  };
}

/** Adds the promisified form: a promise of `{ stdout, stderr }` whose property `child` is the process, as Node's has. */
function promisifiable(start: (...parameters: readonly unknown[]) => SandboxedProcess) {
  const promised = (...parameters: readonly unknown[]) => {
    let done: Callback = () => {};
    const output = new Promise((resolve, reject) => {
      done = (error, stdout, stderr) =>
        error === null ? resolve({ stdout, stderr }) : reject(define(error, { stdout, stderr }));
    });
    return define(output, { child: runAs(promised, () => start(...parameters, done)) });
  };
  return Object.defineProperty(
    (...parameters: readonly unknown[]) => start(...parameters),
    promisify.custom,
    own({ value: promised }),
  );
}
