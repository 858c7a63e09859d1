/** What a Sandbox carries its functions out with: child_process's calls, turned into this package's. */
import type { ChildProcess } from 'node:child_process';
import { promisify } from 'node:util';
import { SeccompError } from '../errors.js';
import { handed } from './agent.js';
import type { SandboxedProcess } from './child.js';
import { collectorSettings } from './collect.js';
import { callBack, outputOf } from './exec-file.js';
import { FORK_OPTIONS, forkUnder } from './fork.js';
import { GATED, hostOptions, PROGRAM_OPTIONS, SPAWN_OPTIONS, SUPERVISOR_OPTIONS } from './options.js';
import { type FilterSource, prepare, settle } from './prepare.js';
import type { RunOptions } from './run.js';
import type { SandboxDefaults } from './sandbox.js';
import {
  type Callback,
  checkKnown,
  execCall,
  execFileCall,
  type FamilyCall,
  forkCall,
  mergeOptions,
  type Options,
  spawnCall,
} from './signatures.js';
import { spawn } from './spawn.js';
import { SPAWN_SYNC_OPTIONS, spawnSync } from './spawn-sync.js';

const EXEC_FILE_OPTIONS: readonly string[] = [
  // Node's execFile leaves argv0 aside.
  ...PROGRAM_OPTIONS.filter((name) => name !== 'argv0'),
  ...['shell', 'signal', 'timeout', 'killSignal', 'forceKillAfter', 'encoding', 'maxBuffer'],
  ...SUPERVISOR_OPTIONS,
];

/** Those that fork can't carry out are not left aside, but refused by it. */
const OPTIONS_AT_FORK: readonly string[] = [...FORK_OPTIONS, 'capabilities', 'rlimits', ...SUPERVISOR_OPTIONS];

/** The functions without Node's types. */
class Family {
  readonly #profile: FilterSource;
  readonly #defaults: Options;

  constructor(profile: FilterSource, defaults: SandboxDefaults) {
    this.#profile = settle(profile);
    this.#defaults = { ...defaults };
    checkKnown(this.#defaults);
    if (handed(this.#profile, hostOptions(defaults)) === undefined)
      prepare(this.#profile, hostOptions(defaults), GATED);
  }

  readonly spawn = (...parameters: readonly unknown[]): SandboxedProcess => {
    const { file, args, options } = spawnCall(parameters);
    return spawn(file, args.map(String), this.#profile, this.#merge(options, SPAWN_OPTIONS));
  };

  readonly spawnSync = (...parameters: readonly unknown[]) => this.#spawnSync(spawnCall(parameters));

  readonly execFile = (...parameters: readonly unknown[]): SandboxedProcess => this.#execFile(execFileCall(parameters));

  readonly exec = (...parameters: readonly unknown[]): SandboxedProcess =>
    this.#execFile(this.#inShell(execCall(parameters)));

  readonly execFileSync = (...parameters: readonly unknown[]) => {
    const call = execFileCall(parameters);
    const { stdio, argv0 } = this.#merge(call.options, SPAWN_SYNC_OPTIONS);
    return outputOf(this.#spawnSync(call), [argv0 || call.file, ...call.args].join(' '), !stdio);
  };

  readonly execSync = (...parameters: readonly unknown[]) => {
    const call = this.#inShell(execCall(parameters));
    const { stdio } = this.#merge(call.options, SPAWN_SYNC_OPTIONS);
    return outputOf(this.#spawnSync(call), call.file, !stdio);
  };

  readonly fork = (...parameters: readonly unknown[]): ChildProcess => {
    const { modulePath, args, options } = forkCall(parameters);
    return forkUnder(this.#profile, modulePath, args, this.#merge(options, OPTIONS_AT_FORK));
  };

  #merge(options: Options, taken: readonly string[]): Options {
    return mergeOptions(this.#defaults, options, taken);
  }

  #spawnSync({ file, args, options }: FamilyCall) {
    // To leave it aside would be to let the calls through that it is for.
    if ((options['notify'] ?? this.#defaults['notify']) !== undefined)
      throw new SeccompError(
        'ERR_SECCOMP_OPTION',
        `options.notify: ${file}: handlers can't run while this thread waits: use spawn or execFile`,
      );
    return spawnSync(file, args.map(String), this.#profile, this.#merge(options, SPAWN_SYNC_OPTIONS));
  }

  #execFile({ file, args, options, callback }: FamilyCall): SandboxedProcess {
    const merged: RunOptions = this.#merge(options, EXEC_FILE_OPTIONS);
    // An encoding that is given as undefined means bytes, in Node.
    const bytes = 'encoding' in merged && merged.encoding === undefined ? { encoding: null } : {};
    const settings = collectorSettings({ ...merged, ...bytes });
    const { timeout, killSignal, encoding, maxBuffer, ...others } = merged;
    const texts = args.map(String);
    const child = spawn(file, texts, this.#profile, others);
    callBack(child, [file, ...texts], settings, callback);
    return child;
  }

  /** The same call with a shell: the one that is named, or sh. */
  #inShell(call: FamilyCall): FamilyCall {
    const { shell = this.#defaults['shell'] } = call.options;
    return { ...call, options: { ...call.options, shell: typeof shell === 'string' ? shell : true } };
  }
}

/** The functions under one profile; those that take callbacks with their promisified forms. */
export function familyUnder(profile: FilterSource, defaults: SandboxDefaults) {
  const { spawn, spawnSync, execFile, execFileSync, exec, execSync, fork } = new Family(profile, defaults);
  return { spawn, spawnSync, execFile: withPromise(execFile), execFileSync, exec: withPromise(exec), execSync, fork };
}

/** Adds what util.promisify gives for it: a promise of both outputs, whose property `child` is the process. */
function withPromise(start: (...parameters: readonly unknown[]) => SandboxedProcess) {
  const promised = (...parameters: readonly unknown[]) => {
    let done: Callback = () => {};
    const output = new Promise((resolve, reject) => {
      done = (error, stdout, stderr) =>
        error === null ? resolve({ stdout, stderr }) : reject(Object.assign(error, { stdout, stderr }));
    });
    return Object.assign(output, { child: start(...parameters, done) });
  };
  return Object.defineProperty((...parameters: readonly unknown[]) => start(...parameters), promisify.custom, {
    value: promised,
  });
}
