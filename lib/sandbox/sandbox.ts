/** Sandbox: the functions of node:child_process, under one profile. */
import { refuseMore } from '../util/argument-count.js';
import { publicFunction, runAs } from '../util/caller.js';
import { define } from '../util/own-data.js';
import { BoundMethods, type SandboxDefaults } from './node-api/methods.js';
import type {
  SandboxExec,
  SandboxExecFile,
  SandboxExecFileSync,
  SandboxExecSync,
  SandboxFork,
  SandboxSpawn,
  SandboxSpawnSync,
} from './node-api/signatures.js';
import type { StartSource } from './plan/resolve-sources.js';

/**
 * The functions of node:child_process under one profile: with Node's signatures, callbacks and promisified forms, and
 * this package's options beside Node's. They can be passed on as they are, without `bind`.
 *
 * @example
 * import { promisify } from 'node:util';
 * import { Sandbox } from 'seccomp';
 *
 * const { execFile, execSync } = new Sandbox('docker-default', { timeout: 10_000 });
 * const { stdout } = await promisify(execFile)('uname', ['-s']);
 * console.log(stdout, execSync('echo hello', { encoding: 'utf8' }));
 */
export class Sandbox {
  /** Starts a program, as child_process.spawn does. */
  declare readonly spawn: SandboxSpawn;
  /** Starts a program and waits for its end, as child_process.spawnSync does. */
  declare readonly spawnSync: SandboxSpawnSync;
  /** Starts a program and passes its output to a callback, as child_process.execFile does. */
  declare readonly execFile: SandboxExecFile;
  /** Starts a program and returns its output, as child_process.execFileSync does. */
  declare readonly execFileSync: SandboxExecFileSync;
  /** Starts a shell and passes its output to a callback, as child_process.exec does. */
  declare readonly exec: SandboxExec;
  /** Starts a shell and returns its output, as child_process.execSync does. */
  declare readonly execSync: SandboxExecSync;
  /** Starts a Node with a channel for messages, as child_process.fork does. */
  declare readonly fork: SandboxFork;

  /**
   * Loads and compiles the profile. Later changes of its files and objects have no effect.
   *
   * @param profile - As for `spawn`.
   * @param defaults - Default options. Each function uses those that it takes. An option of a call that is undefined
   * does not replace its default.
   * @throws {ProfileError} if the profile is not valid.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a default that is unknown or can't be honored.
   */
  constructor(profile: StartSource, defaults?: SandboxDefaults);
  constructor(profile: unknown, ...others: readonly unknown[]) {
    const bound = runAs(Sandbox, () => {
      refuseMore('Sandbox', 2, [profile, ...others]);
      return new BoundMethods(profile, others[0]);
    });
    // The compiler can't check Node's overloads; test/compat/ does.
    for (const [name, implementation] of Object.entries(bound))
      define(this, { [name]: publicFunction(implementation) });
  }
}
