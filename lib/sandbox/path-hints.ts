/** Which grant of `paths` a program probably lacked: for the errors of programs that failed for lack of one. */
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Enforcement } from '../landlock/enforcement.js';
import { AS_OPTION } from '../landlock/paths/messages.js';
import { readPaths } from '../landlock/paths/option.js';
import {
  grantText,
  type MissingGrant,
  missingGrant,
  missingInterpreter,
  type PathsProgram,
} from '../landlock/programs/missing-grants.js';
import type { NativeFailure } from '../native.js';
import { limitAboveOurs } from '../process-tree/rlimits.js';
import { shownName } from '../util/foreign-text.js';
import { has, own } from '../util/own-data.js';
import type { ProgramCall } from './arguments.js';
import { candidatePaths } from './child/native-request.js';
import type { SandboxedProcess } from './child/process/child-process.js';
import { deniedByMode } from './mode-hints.js';
import type { WithVariables } from './options/environment.js';
import type { ProgramOptions } from './options/types.js';

/** A program, and the options on which its grants depend. */
export interface StartedProgram extends Pick<ProgramCall<ProgramOptions>, 'file' | 'argv'> {
  readonly options: Pick<
    WithVariables<ProgramOptions>,
    'paths' | 'cwd' | 'env' | 'rlimits' | 'uid' | 'gid' | 'capabilities'
  >;
}

/** Describes a program under `paths`; undefined without `paths`. */
export function pathsProgram({ file, argv, options }: StartedProgram): PathsProgram | undefined {
  const { paths, cwd, env } = options;
  if (paths === undefined) return undefined;
  const variables = env ?? process.env;
  return {
    paths: readPaths(paths, AS_OPTION),
    directory: resolve(cwd ? String(cwd) : ''),
    file,
    args: argv.slice(1),
    candidates: (name) => candidatePaths(name, variables),
  };
}

/** The programs of children with `paths`. */
const programs = new WeakMap<SandboxedProcess, StartedProgram>();

/** Keeps what `grantLackedByChild` needs. */
export function keepProgram(child: SandboxedProcess, call: StartedProgram): void {
  programs.set(child, call);
}

/** Returns the grant that an ended child probably lacked; undefined if nothing is known, or its paths were not restricted. */
export function grantLackedByChild(child: SandboxedProcess): MissingGrant | undefined {
  const call = programs.get(child);
  return call && grantLackedBy(call, child.enforcement, child.exitCode);
}

/** Names the mode that may have denied a child what `paths` grants; empty if none is known. */
export function modeDenyingChild(child: SandboxedProcess): string {
  const call = programs.get(child);
  return call === undefined ? '' : deniedByMode(call.options, call.argv.slice(1));
}

/** Returns the grant that a program probably lacked; undefined if nothing is known, or its paths were not restricted. */
export function grantLackedBy(
  call: StartedProgram,
  enforcement: Enforcement,
  exitCode: number | null,
): MissingGrant | undefined {
  const { paths } = own({ ...enforcement });
  const program = paths !== undefined && has(paths, 'by') ? pathsProgram(call) : undefined;
  return program && missingGrant(program, exitCode);
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
