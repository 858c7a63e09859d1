/** The option that names a sandbox, and what the other options of `seccomp run` change about it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { describeIssue } from '../../errors.js';
import { type LoadedSandbox, loadSandbox, type ProgramOptions, type SpawnOptions } from '../../index.js';
import { readPaths } from '../../landlock/paths/option.js';
import { mergedLimits, mergedPaths, mergedVariables, optionsUnder } from '../../sandbox/file/apply.js';
import { filesByFolder, writeWarning } from '../../sandbox/file/file-names.js';
import { partsIn } from '../../sandbox/file/loaded-sandbox.js';
import { shownName } from '../../util/foreign-text.js';
import { printMessage } from '../output/print.js';

export interface SandboxFlags {
  readonly sandbox?: string;
}

/** Adds the option to a command. */
export function withSandboxOption(command: Command): Command {
  return command.option(
    '-s, --sandbox <file>',
    'run COMMAND in this sandbox, under its profile instead of --profile: a sandbox file, or untrusted; --read, --write, --execute and --env add to what it grants, other options replace its settings',
  );
}

/** Loads the sandbox that is named, and reports what is probably a mistake in it. */
export function loadNamedSandbox(name: string): LoadedSandbox {
  const sandbox = loadSandbox(name);
  for (const issue of sandbox.warnings) printMessage(`warning: ${describeIssue(sandbox.source, issue)}`);
  return sandbox;
}

/**
 * Warns that flags let COMMAND change a file that says what it may do.
 *
 * @param own - What the first of the files is called.
 */
export function warnOfOwnFiles(paths: ProgramOptions['paths'], files: readonly string[], own?: string): void {
  const folders = filesByFolder(files);
  for (const { access, path } of paths === undefined ? [] : readPaths(paths).given) {
    const warning = access === 'write' ? writeWarning(resolve(path), files, folders, own) : undefined;
    if (warning !== undefined) printMessage(`warning: --write ${shownName(path)} ${warning}`);
  }
}

/** The options under a sandbox. */
export function optionsOfRun(
  sandbox: LoadedSandbox,
  flags: ProgramOptions & Pick<SpawnOptions, 'limits' | 'timeout'>,
): ProgramOptions & SpawnOptions {
  const { paths, limits, env, files } = partsIn(sandbox);
  warnOfOwnFiles(flags.paths, files);
  return optionsUnder(
    sandbox,
    {
      ...flags,
      paths: mergedPaths(paths, flags.paths),
      limits: mergedLimits(limits, flags.limits),
      env: mergedVariables(env, flags.env),
    },
    undefined,
  );
}
