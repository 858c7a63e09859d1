/** delegateCgroup(): makes room for the cgroups of children, by moving this process into a subgroup of its own. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuseIn, SeccompError } from '../errors.js';
import type { Obstacle } from '../kernel/obstacle.js';
import { shownName } from '../util/foreign-text.js';
import { invalidType, invalidValue } from '../util/option-errors.js';
import { copyFields, has } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import { codeOf, reasonOf } from '../util/system-error.js';
import { type Cgroup, enableController, MOVE, ownCgroup, placeForLeaves, wordsIn } from './cgroup.js';
import { CONTROLLERS } from './limits.js';

/** Options of `delegateCgroup`. */
export interface DelegateOptions {
  /**
   * What happens if this process's cgroup has other processes: `refuse` is an error, `move` moves them into the subgroup as
   * well. Default `refuse`.
   */
  readonly others?: 'refuse' | 'move' | undefined;
}

/** What `delegateCgroup` has done. */
export interface DelegatedCgroup {
  /** The path of the cgroup in which those of children are made. */
  readonly cgroup: string;
  /** The controllers that are enabled for them: of memory, pids and cpu, those that the cgroup has. */
  readonly controllers: readonly string[];
  /** The IDs of the processes that were moved into a subgroup of it. Empty if none had to be. */
  readonly moved: readonly number[];
}

/** The subgroup into which this process moves. */
const SUBGROUP = 'seccomp-parent';
/** How often processes are moved that were started while others were. */
const MOST_ROUNDS = 100;

/**
 * Moves this process into a subgroup of its cgroup, so that children can have the option `limits`: the kernel limits cgroups
 * only beneath one that has no processes itself. To be called once, where this process is alone in a cgroup that it owns: that
 * of a container, or of `systemd-run --scope -p Delegate=yes`. Where no move is needed, it only enables the controllers. See
 * docs/reference/limits.md.
 *
 * @param options - Options. Optional.
 * @returns What was moved, and what is enabled.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if there is no cgroup of version 2, this process may not change it, or it has
 * other processes. Nothing is moved then.
 * @example
 * import { delegateCgroup, SeccompError } from 'seccomp';
 *
 * try {
 *   console.log(delegateCgroup().cgroup);
 * } catch (error) {
 *   if (!(error instanceof SeccompError)) throw error;
 *   console.log(error.message); // It says what is missing here.
 * }
 */
export function delegateCgroup(options?: DelegateOptions): DelegatedCgroup {
  const others = readOthers(options);
  const found = ownCgroup();
  const place = placeForLeaves(found);
  if (!has(place, 'reason')) return { cgroup: place.path, controllers: enableAll(place), moved: [] };
  if (has(found, 'reason') || place.remedy !== MOVE) throw refusal(place);
  return move(found, others);
}

function readOthers(options: unknown): 'refuse' | 'move' {
  if (options === undefined) return 'refuse';
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'of type object', options);
  const refuse = refuseIn('options');
  const { others = 'refuse', ...unknown } = copyFields(options, refuse);
  const [name] = Object.keys(unknown);
  if (name !== undefined) refuse([name], `is unknown${suggest(name, ['others'])}`);
  if (others === 'refuse' || others === 'move') return others;
  throw invalidValue('options.others', others, "must be one of: undefined, 'refuse', 'move'");
}

function move(own: Cgroup, others: 'refuse' | 'move'): DelegatedCgroup {
  const inIt = membersOf(own);
  const strangers = inIt.filter((pid) => pid !== process.pid);
  if (others === 'refuse' && strangers.length > 0)
    throw refusal({
      reason: `the cgroup ${shownName(own.path)} has other processes (${strangers.map(described).join(', ')})`,
      remedy: "start this process alone in a cgroup, or pass { others: 'move' }, which moves these as well",
    });
  const subgroup = join(own.directory, SUBGROUP);
  const moved: number[] = [];
  try {
    makeDirectory(subgroup);
    for (let round = 0; round < MOST_ROUNDS && membersOf(own).length > 0; round++)
      for (const pid of membersOf(own)) if (moveTo(subgroup, pid)) moved.push(pid);
    return { cgroup: own.path, controllers: enableAll(own), moved: [...new Set(moved)] };
  } catch (error) {
    for (const pid of moved) moveTo(own.directory, pid);
    removeDirectory(subgroup);
    if (error instanceof SeccompError) throw error;
    const reason = `processes can't be moved from ${shownName(own.path)} to ${SUBGROUP} (${reasonOf(error)})`;
    throw refusal({ reason, remedy: 'start this process in a delegated cgroup (docs/reference/limits.md)' });
  }
}

/** The processes of a cgroup. 0 is one of another PID namespace. */
const membersOf = ({ directory }: Cgroup) => wordsIn(directory, 'cgroup.procs').map(Number);

/** Moves a process. Returns false if it has ended. */
function moveTo(directory: string, pid: number): boolean {
  try {
    writeFileSync(join(directory, 'cgroup.procs'), String(pid), { flag: 'r+' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error; // From an earlier process.
  }
}

function removeDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It does not exist, or has processes of others.
  }
}

/** Enables the controllers that there are. */
function enableAll(place: Cgroup): readonly string[] {
  const obstacles = Object.values(CONTROLLERS).map((name) => ({ name, obstacle: enableController(place, name) }));
  const enabled = obstacles.filter(({ obstacle }) => obstacle === undefined).map(({ name }) => name);
  const first = obstacles.find(({ obstacle }) => obstacle !== undefined)?.obstacle;
  if (enabled.length === 0 && first !== undefined) throw refusal(first);
  return enabled;
}

function described(pid: number): string {
  if (pid === 0) return 'one of another PID namespace';
  try {
    return `${pid} ${shownName(readFileSync(`/proc/${pid}/comm`, 'utf8').replace(/\n$/, ''))}`;
  } catch {
    return String(pid);
  }
}

function refusal({ reason, remedy }: Obstacle): SeccompError {
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', `delegateCgroup: ${reason}; ${remedy}`);
}
