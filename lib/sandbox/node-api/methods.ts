/** What a Sandbox carries its functions out with: child_process's calls, turned into this package's. */
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
import { callBack, outputOf } from './exec-file.js';
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

/** Defaults of a Sandbox: options of any of its functions. Each uses those that it has. */
export type SandboxDefaults = RunOptions;

const EXEC_FILE_OPTIONS: readonly string[] = [
  // Node's execFile leaves argv0 aside.
  ...PROGRAM_OPTIONS.filter((name) => name !== 'argv0'),
  ...['shell', 'signal', 'timeout', 'killSignal', 'forceKillAfter', 'encoding', 'maxBuffer'],
  ...SUPERVISOR_OPTIONS,
];

/** The functions without Node's types. */
class Family {
  readonly #sources: Sources;
  readonly #defaults: Options;

  constructor(profile: unknown, defaults: unknown) {
    this.#sources = loadSources(profile);
    this.#defaults = readAnyOptions(defaults);
    const host: SandboxDefaults = this.#defaults;
    checkDefaults(host);
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
    return outputOf(this.#spawnSync(call), [argv0 || call.file, ...call.args].join(' '), !stdio);
  };

  readonly execSync = (...parameters: readonly unknown[]) => {
    const call = this.#inShell(normalizeExec(parameters));
    const { stdio } = this.#merge(call.options, SPAWN_SYNC_OPTIONS);
    return outputOf(this.#spawnSync(call), call.file, !stdio);
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
    // To leave it aside would be to let the calls through that it is for.
    if ((options['notify'] ?? this.#defaults['notify']) !== undefined)
      throw new SeccompError(
        'ERR_SECCOMP_OPTION',
        `options.notify: ${file}: handlers can't run while this thread waits: use spawn or execFile`,
      );
    return startSync(this.#call(file, args, this.#merge(options, SPAWN_SYNC_OPTIONS), SPAWN_SYNC_OPTIONS));
  }

  #execFile({ file, args, options, callback }: NormalizedCall): SandboxedProcess {
    const merged: RunOptions = this.#merge(options, EXEC_FILE_OPTIONS);
    // An encoding that is given as undefined means bytes, in Node.
    const isBytes = Object.hasOwn(merged, 'encoding') && merged.encoding === undefined;
    const settings = outputLimits(own({ ...merged, encoding: isBytes ? null : merged.encoding }));
    const others = own({
      ...merged,
      timeout: undefined,
      killSignal: undefined,
      encoding: undefined,
      maxBuffer: undefined,
    });
    const call = this.#call<SpawnOptions>(file, args, others, SPAWN_OPTIONS);
    const child = start(call);
    callBack(child, [call.command, ...call.args], settings, callback);
    return child;
  }

  /** The same call with a shell: the one that is named, or sh. */
  #inShell(call: NormalizedCall): NormalizedCall {
    const shell = call.options['shell'] ?? this.#defaults['shell'];
    return { ...call, options: own({ ...call.options, shell: typeof shell === 'string' ? shell : true }) };
  }
}

/** @throws What the functions would throw for an option that they take from the defaults. */
function checkDefaults(defaults: SandboxDefaults): void {
  checkProgramOptions(defaults);
  outputLimits(defaults);
  checkSupervisor(defaults);
  checkEncoding(defaults.encoding);
  stdioEntries(defaults.stdio);
}

/** The functions under one profile; those that take callbacks with their promisified forms. */
export function bindProfile(profile: unknown, defaults: unknown) {
  const { spawn, spawnSync, execFile, execFileSync, exec, execSync, fork } = new Family(profile, defaults);
  return { spawn, spawnSync, execFile: withPromise(execFile), execFileSync, exec: withPromise(exec), execSync, fork };
}

/** Adds what util.promisify gives for it: a promise of both outputs, whose property `child` is the process. */
function withPromise(start: (...parameters: readonly unknown[]) => SandboxedProcess) {
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
