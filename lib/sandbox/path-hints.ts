/** Which grant of `paths` a program probably lacked: for the errors of programs that failed for lack of one. */
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Enforcement } from '../landlock/enforcement.js';
import { readPaths } from '../landlock/paths/option.js';
import {
  grantText,
  type MissingGrant,
  missingGrant,
  missingInterpreter,
  type PathsProgram,
} from '../landlock/programs/missing-grants.js';
import type { NativeFailure } from '../native.js';
import { hintAt } from '../notify/violations/denial-messages.js';
import { limitAboveOurs } from '../process-tree/rlimits.js';
import { shownName } from '../util/foreign-text.js';
import { has, own } from '../util/own-data.js';
import type { ProgramCall } from './arguments.js';
import { candidatePaths } from './child/native-request.js';
import { deniedByMode } from './mode-hints.js';
import type { WithVariables } from './options/environment.js';
import type { ProgramOptions } from './options/types.js';

/** A program, and the options on which its grants depend. */
export interface StartedProgram extends Pick<ProgramCall<ProgramOptions>, 'file' | 'args' | 'argv'> {
  readonly options: Pick<
    WithVariables<ProgramOptions>,
    'paths' | 'cwd' | 'env' | 'rlimits' | 'uid' | 'gid' | 'capabilities'
  >;
}

/** What children were started with. It is not a property of theirs, as the variables may be secret. */
const programs = new WeakMap<object, StartedProgram>();

/** Remembers what a child is started with, for `endedProgram`. */
export function rememberProgram(child: object, program: StartedProgram): void {
  programs.set(child, program);
}

/** Returns how a child's program has ended. */
export function endedProgram(child: Omit<EndedProgram, 'program'>): EndedProgram {
  const { enforcement, exitCode, signalCode } = child;
  return { program: programs.get(child) as StartedProgram, enforcement, exitCode, signalCode };
}

/** Describes a program under `paths`; undefined without `paths`. */
export function pathsProgram({ file, argv, options }: StartedProgram): PathsProgram | undefined {
  const { paths, cwd, env } = options;
  if (paths === undefined) return undefined;
  const variables = env ?? process.env;
  return {
    paths: readPaths(paths),
    directory: resolve(cwd ? String(cwd) : ''),
    file,
    args: argv.slice(1),
    candidates: (name) => candidatePaths(name, variables),
  };
}

/** A program that has ended. */
export interface EndedProgram {
  readonly program: StartedProgram;
  /** Undefined if it was not started. */
  readonly enforcement: Enforcement | undefined;
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
}

/** Names the mode that may have denied a program what `paths` grants; empty if none is known. */
export function denyingMode({ program: { options, args } }: EndedProgram): string {
  return deniedByMode(options, args);
}

/** Returns the grant that a program probably lacked; undefined if nothing is known, or its paths were not restricted. */
export function grantLackedBy({ program: call, enforcement, exitCode }: EndedProgram): MissingGrant | undefined {
  const { paths } = own({ ...enforcement });
  const program = paths !== undefined && has(paths, 'by') ? pathsProgram(call) : undefined;
  return program && missingGrant(program, exitCode);
}

/**
 * A hint at a grant of `paths` that a failed program probably lacked, at a denied call, or at a mode; empty if nothing is
 * known.
 *
 * @param isFiltered - Whether the profile may have denied a call.
 * @param isWatched - Whether denied calls are reported.
 */
export function endHint(ended: EndedProgram, isFiltered: boolean, isWatched: boolean): string {
  const missing = grantLackedBy(ended);
  const grant = missing === undefined ? '' : grantText(missing);
  const hint = isFiltered || grant !== '' ? hintAt(ended.exitCode, ended.signalCode, isWatched, grant) : '';
  const mode = hint === '' ? denyingMode(ended) : '';
  return mode === '' ? hint : `hint: ${mode}`;
}

/**
 * Returns what kept a program from being started, as the end of a message: what `paths` may not grant, or a limit that is
 * above this process's own, or its working directory. The error is otherwise that of Node, which names the program alone.
 */
export function startHint({ error, call: syscall }: NativeFailure, call: StartedProgram): string {
  if (error === constants.errno.EPERM && syscall === 'prlimit') return limitAboveOurs(call.options.rlimits);
  if (syscall === 'chdir') return directoryProblem(error, call.options.cwd);
  const program = error === constants.errno.EACCES && syscall === 'execve' ? pathsProgram(call) : undefined;
  const missing = program && missingInterpreter(program);
  return missing === undefined ? '' : `: ${grantText(missing)}`;
}

const DIRECTORY_PROBLEMS: ReadonlyMap<number, string> = new Map([
  [constants.errno.ENOENT, 'does not exist'],
  [constants.errno.ENOTDIR, 'is not a directory'],
]);

function directoryProblem(errno: number, cwd: ProgramOptions['cwd']): string {
  if (cwd === undefined) return '';
  return `: the working directory ${shownName(String(cwd))} ${DIRECTORY_PROBLEMS.get(errno) ?? "can't be entered"}`;
}
