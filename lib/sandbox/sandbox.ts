/** Sandbox: node:child_process's own functions, under one profile. */
import type * as ChildProcessModule from 'node:child_process';
import { publicFunction, runAs } from '../util/caller.js';
import { bindProfile, type SandboxDefaults } from './node-api/methods.js';
import type { FilterSource } from './plan/resolve-sources.js';

type Node = typeof ChildProcessModule;

/**
 * The functions of node:child_process, with its signatures, callbacks and promisified forms, and our options besides. They
 * may be taken from the object.
 */
export class Sandbox {
  readonly spawn: Node['spawn'];
  readonly spawnSync: Node['spawnSync'];
  readonly execFile: Node['execFile'];
  readonly execFileSync: Node['execFileSync'];
  readonly exec: Node['exec'];
  readonly execSync: Node['execSync'];
  readonly fork: Node['fork'];

  /**
   * Files and objects that `profile` names are read here: what changes in them later changes nothing. An option of a call
   * goes before its default; one that is undefined leaves it.
   * @throws ProfileError, SeccompError if the profile or a default is not valid.
   */
  constructor(profile: FilterSource, defaults: SandboxDefaults = {}) {
    const family = runAs(Sandbox, () => bindProfile(profile, defaults));
    this.spawn = asNode(family.spawn);
    this.spawnSync = asNode(family.spawnSync);
    this.execFile = asNode(family.execFile);
    this.execFileSync = asNode(family.execFileSync);
    this.exec = asNode(family.exec);
    this.execSync = asNode(family.execSync);
    this.fork = asNode(family.fork);
  }
}

/** Node's overloads are more than the compiler can check; test/compat/ does. */
function asNode<Overloads>(implementation: (...parameters: readonly unknown[]) => unknown): Overloads {
  return publicFunction(implementation) as Overloads;
}
