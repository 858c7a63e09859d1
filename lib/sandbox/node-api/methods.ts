/** node:child_process's functions under a fixed profile and with default options: the methods of a Sandbox. */
import type { ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { runAs } from '../../util/caller.js';
import { define, own } from '../../util/own-data.js';
import { refuseWithoutEffect } from '../arguments.js';
import { outputLimits } from '../child/output.js';
import type { SandboxedProcess } from '../child/process/child-process.js';
import { optionsUnder, sandboxOf } from '../file/apply.js';
import { forkProgram } from '../fork.js';
import { type FunctionName, readOptions } from '../options/table.js';
import { planFilters } from '../plan/plan-filters.js';
import { type LoadedSources, resolveSources } from '../plan/resolve-sources.js';
import type { ProgramParameters } from '../positions.js';
import type { RunOptions } from '../run.js';
import { startProgram } from '../spawn.js';
import { startProgramSync } from '../spawn-sync.js';
import { hideViolations, outputOrThrow, reportOutput } from './exec-file.js';
import {
  type Callback,
  type GivenCall,
  mergeOptions,
  type NormalizedCall,
  normalizeExec,
  normalizeExecFile,
  normalizeFork,
  normalizeSpawn,
  optionReader,
  type ReadOptions,
  readDefaults,
  type UncheckedOptions,
} from './overloads.js';

/** Default options of a Sandbox's functions. Each function uses those that it takes, and ignores the others. */
export interface SandboxDefaults extends RunOptions {
  /**
   * Encoding of the output; `'buffer'` or null for a Buffer. Default: `'utf8'` for `run`, `exec` and `execFile`, `'buffer'` for
   * `spawnSync`, `execSync` and `execFileSync`, as in Node.
   */
  readonly encoding?: RunOptions['encoding'];
  /**
   * Whether the functions leave out an option of a call that none of them has, as Node does, for libraries that pass
   * their own options on. Default false: it is an error.
   */
  readonly allowUnknownOptions?: boolean | undefined;
}

/** The functions of a Sandbox, without Node's types. Those that take a callback have a promisified form, for util.promisify. */
export class BoundMethods {
  readonly #profile: LoadedSources;
  readonly #defaults: UncheckedOptions;
  readonly #readOptions: ReadOptions;

  constructor(profile: unknown, defaults: unknown) {
    const sandbox = sandboxOf(profile);
    const given = readDefaults(defaults);
    this.#defaults = sandbox === undefined ? given : optionsUnder(sandbox, own({ ...given }), undefined);
    this.#readOptions = optionReader(this.#defaults['allowUnknownOptions'] === true);
    const sources = resolveSources(sandbox === undefined ? profile : sandbox.profile, this.#defaults);
    // Compiled now, so that an invalid profile is reported here, and the first call finds the filter in the cache.
    planFilters(sources, this.#defaults, 'child');
    this.#profile = sources.loaded;
  }

  readonly spawn = (...parameters: readonly unknown[]): SandboxedProcess =>
    startProgram(this.#parameters('spawn', normalizeSpawn(parameters, this.#readOptions)));

  readonly spawnSync = (...parameters: readonly unknown[]) =>
    hideViolations(
      startProgramSync(this.#parameters('spawnSync', normalizeSpawn(parameters, this.#readOptions))).result,
    );

  readonly execFile = promisifiable((...parameters: readonly unknown[]) =>
    this.#execFile(normalizeExecFile(parameters, this.#readOptions)),
  );

  readonly execFileSync = (...parameters: readonly unknown[]) => {
    const call = normalizeExecFile(parameters, this.#readOptions);
    const given = this.#parameters('spawnSync', call);
    const { stdio, argv0 } = given.options;
    return outputOrThrow(startProgramSync(given), [argv0 || call.file, ...call.args.map(String)].join(' '), !stdio);
  };

  readonly exec = promisifiable((...parameters: readonly unknown[]) =>
    this.#execFile(this.#inShell(normalizeExec(parameters, this.#readOptions))),
  );

  readonly execSync = (...parameters: readonly unknown[]) => {
    const call = this.#inShell(normalizeExec(parameters, this.#readOptions));
    const given = this.#parameters('spawnSync', call);
    return outputOrThrow(startProgramSync(given), call.file, !given.options['stdio']);
  };

  readonly fork = (...parameters: readonly unknown[]): ChildProcess =>
    forkProgram(this.#parameters('fork', normalizeFork(parameters, this.#readOptions)));

  /** Returns the parameters of one of this package's functions, whose options include the defaults that it takes. */
  #parameters(
    by: FunctionName,
    { file, args, options }: GivenCall,
  ): ProgramParameters & { readonly options: UncheckedOptions } {
    const merged = mergeOptions(this.#defaults, options, by);
    const { notifyTimeout, bestEffort, reportPaths } = options;
    const asked = { notifyTimeout: isSupervised(by) ? notifyTimeout : undefined, bestEffort, reportPaths };
    refuseWithoutEffect(own({ ...merged, ...asked }));
    return { command: file, args, profile: this.#profile, options: merged };
  }

  #execFile(call: NormalizedCall): SandboxedProcess {
    const given = this.#parameters('execFile', call);
    const options = readOptions<RunOptions>('execFile', given.options);
    // In Node, an encoding that is set to undefined means bytes.
    const isBytes = Object.hasOwn(options, 'encoding') && options.encoding === undefined;
    const limits = outputLimits(own({ ...options, encoding: isBytes ? null : options.encoding }));
    // These apply to the output, not to the child.
    const ofOutput = { timeout: undefined, killSignal: undefined, encoding: undefined, maxBuffer: undefined };
    const child = startProgram({ ...given, options: own({ ...options, ...ofOutput }) });
    reportOutput(child, [call.file, ...call.args.map(String)], limits, call.callback);
    return child;
  }

  /** Returns the same call with a shell: the one that `shell` names, or sh. */
  #inShell(call: NormalizedCall): NormalizedCall {
    const shell = call.options['shell'] ?? this.#defaults['shell'];
    return { ...call, options: own({ ...call.options, shell: typeof shell === 'string' ? shell : true }) };
  }
}

/** Whether the function has handlers. The others ignore a timeout of these. */
const isSupervised = (by: FunctionName) => by === 'spawn' || by === 'execFile' || by === 'fork';

/**
 * Adds the promisified form: a promise of `{ stdout, stderr }` whose property `child` is the process, as Node's has.
 */
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
