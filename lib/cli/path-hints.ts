/** Hints at the options for files that a program lacks, before it replaces the command and when it can't be started. */
import { writeSync } from 'node:fs';
import type { ProgramOptions } from '../index.js';
import { grantText, missingInterpreter, missingLibraries } from '../landlock/programs/missing-grants.js';
import { pathsProgram } from '../sandbox/path-hints.js';
import { printableLine } from '../util/foreign-text.js';
import { codeOf } from '../util/system-error.js';
import { pathFlag } from './output/path-flags.js';
import { printMessage } from './output/print.js';

/**
 * Reports that a program can't load its libraries. The dynamic linker's own message does not say why, and after execve(2)
 * this process can't say it.
 */
export function reportMissingLibraries(command: string, { paths }: ProgramOptions): void {
  const program = pathsProgram({ file: command, args: [], argv: [command], options: { paths } });
  const missing = program && missingLibraries(program);
  if (missing === undefined) return;
  try {
    // Without process.stderr, which can make the program's stderr non-blocking.
    writeSync(2, `seccomp: ${printableLine(grantText(missing, pathFlag))}\n`);
  } catch {} // The message is lost.
}

/** Reports what may not be granted to a program that could not be started. */
export function reportMissingInterpreter(command: string, { paths }: ProgramOptions, error: unknown): void {
  if (codeOf(error) !== 'EACCES') return;
  const program = pathsProgram({ file: command, args: [], argv: [command], options: { paths } });
  const missing = program && missingInterpreter(program);
  if (missing !== undefined) printMessage(grantText(missing, pathFlag));
}
