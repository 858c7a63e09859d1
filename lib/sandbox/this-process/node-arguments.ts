/** Arguments of Node: what a Node that is started with them does first. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { SeccompError } from '../../errors.js';
import { shownName } from '../../util/foreign-text.js';

/** The arguments of Node that make it run text instead of a file: -e, -p, -pe, --eval and --print. */
const EVAL = /^(-p?e|-p|--eval|--print)(=|$)/;

/** Returns whether Node runs text that is among these arguments, which are its `execArgv`. */
export function hasEval(execArgv: readonly string[]): boolean {
  return execArgv.some((option) => EVAL.test(option));
}

/** Returns the arguments without the last option that makes Node run text, and without that text. */
export function withoutEval(execArgv: readonly string[]): readonly string[] {
  const place = execArgv.findLastIndex((option) => EVAL.test(option));
  if (place < 0) return execArgv;
  return execArgv.toSpliced(place, execArgv[place]?.includes('=') ? 1 : 2);
}

/**
 * Options with which the Node that is started does not preload anything first: it does something else than to run a
 * module, has another Node run it, or runs functions of a snapshot before. A configuration file may contain `watch`.
 */
const WITHOUT_PRELOAD =
  /^--(build-snapshot(-config)?|snapshot-blob|build-sea|experimental-sea-config|run|prof-process|watch(-path)?|experimental(-default)?-config-file)(=|$)/;

/** @throws {SeccompError} ERR_SECCOMP_OPTION if Node would not first load the file that attaches the filters. */
export function refuseWithoutPreload(place: string, options: readonly string[]): void {
  const option = options.find((each) => WITHOUT_PRELOAD.test(each.replaceAll('_', '-')));
  if (option === undefined) return;
  const message = `${place}: with ${option}, the Node that is started does not load the file that attaches the filter first`;
  throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: leave it out, or start Node with spawn`);
}

/** Splits the value of NODE_OPTIONS at white space, quoted or not, without its quotes. */
export function splitNodeOptions(value: string): readonly string[] {
  return value.replace(/["\\]/g, '').split(/\s+/);
}

const ENV_FILE = /^--env-file(?:-if-exists)?(?:=(.*))?$/s;

/**
 * Refuses a file of `--env-file` that sets NODE_OPTIONS. fork() sets NODE_OPTIONS in the environment of its child, so
 * Node would ignore what the file sets.
 *
 * @param options - Arguments of Node, in the order of its command line.
 * @param folder - The working directory of that Node.
 * @throws {SeccompError} ERR_SECCOMP_OPTION if a file sets NODE_OPTIONS. Node itself reports a file that can't be read.
 */
export function refuseFileWithNodeOptions(options: readonly string[], folder: string): void {
  options.forEach((option, i) => {
    const match = ENV_FILE.exec(option);
    const file = match && (match[1] ?? options[i + 1]);
    if (!file || !setsNodeOptions(resolve(folder, file))) return;
    const message = `${option}: fork does not take NODE_OPTIONS from a file, and ${shownName(file)} sets it`;
    const remedy = 'set NODE_OPTIONS in options.env, or pass its options as execArgv';
    throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: ${remedy}`);
  });
}

function setsNodeOptions(file: string): boolean {
  try {
    return statSync(file).isFile() && Object.hasOwn(parseEnv(readFileSync(file, 'utf8')), 'NODE_OPTIONS');
  } catch {
    return false;
  }
}

/**
 * @throws {SeccompError} ERR_SECCOMP_OPTION if the program to run is a single executable application, which this process
 * is: it runs its own module and leaves options of Node to that.
 */
export function refuseSingleExecutable(execPath: string): void {
  if (execPath !== process.execPath || process.getBuiltinModule('node:sea')?.isSea() !== true) return;
  const message = 'options.execPath: this program is a single executable application, which loads no file first';
  throw new SeccompError('ERR_SECCOMP_OPTION', `${message}: set execPath to the path of a Node`);
}
