/** Sandbox: the functions of node:child_process, under one profile. */
import { refuseMore } from '../util/argument-count.js';
import { publicFunction, runAs } from '../util/caller.js';
import { bindProfile, type SandboxDefaults } from './node-api/methods.js';
import type {
  SandboxExec,
  SandboxExecFile,
  SandboxExecFileSync,
  SandboxExecSync,
  SandboxFork,
  SandboxSpawn,
  SandboxSpawnSync,
} from './node-api/signatures.js';
import type { FilterSource } from './plan/resolve-sources.js';

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
  readonly spawn: SandboxSpawn;
  readonly spawnSync: SandboxSpawnSync;
  readonly execFile: SandboxExecFile;
  readonly execFileSync: SandboxExecFileSync;
  readonly exec: SandboxExec;
  readonly execSync: SandboxExecSync;
  readonly fork: SandboxFork;

  /**
   * Loads and compiles the profile. Later changes of its files and objects have no effect.
   *
   * @param profile - As for `spawn`.
   * @param defaults - Default options. Each function uses those that it takes. An option of a call that is undefined
   * does not replace its default.
   * @throws {ProfileError} if the profile is not valid.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for a default that is unknown or can't be honored.
   */
  constructor(profile: FilterSource, defaults?: SandboxDefaults);
  constructor(profile: unknown, ...others: readonly unknown[]) {
    const bound = runAs(Sandbox, () => {
      refuseMore('Sandbox', 2, [profile, ...others]);
      return bindProfile(profile, others[0]);
    });
    this.spawn = asNode(bound.spawn);
    this.spawnSync = asNode(bound.spawnSync);
    this.execFile = asNode(bound.execFile);
    this.execFileSync = asNode(bound.execFileSync);
    this.exec = asNode(bound.exec);
    this.execSync = asNode(bound.execSync);
    this.fork = asNode(bound.fork);
  }
}

/** The compiler can't check Node's overloads; test/compat/ does. */
function asNode<Overloads>(implementation: (...parameters: readonly unknown[]) => unknown): Overloads {
  return publicFunction(implementation) as Overloads;
}
