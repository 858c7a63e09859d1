/** The errors for an addon or a launcher that is missing or cannot be loaded. Each names the command that helps. */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { SeccompError } from '../errors.js';
import { shownName } from '../util/foreign-text.js';
import { propertyOf } from '../util/own-data.js';
import { buildCommand, reinstallCommand } from './package-manager.js';
import { shellWord } from './shell-word.js';

/** A file that exists but cannot be loaded or executed. */
export interface FailedFile {
  readonly file: string;
  readonly error: unknown;
}

const TOOLS = 'which needs python3, make, g++, tar and gzip, and on Alpine linux-headers';

/** The error for a package without an addon for this system. */
export function missingError(folder: string, folders: readonly string[]): SeccompError {
  const looked = `no seccomp.node in ${folders.join(', ')} of ${shownName(folder)}`;
  const isPrebuilt = existsSync(join(folder, folders[0] ?? ''));
  return addonError(`there is no addon for ${thisSystem()}: ${looked}`, missingRemedy(folder, isPrebuilt));
}

/** @param isPrebuilt - Whether the package has the folder of a prebuilt addon, which is incomplete then. */
function missingRemedy(folder: string, isPrebuilt: boolean): string {
  return isPrebuilt && !isCheckout(folder) ? reinstalling(folder) : rebuilding(folder);
}

/** The error for an addon that exists but cannot be loaded. */
export function loadError(folder: string, { file, error }: FailedFile): SeccompError {
  if (codeOf(error) === 'ERR_DLOPEN_DISABLED') {
    const remedy = 'start it without --no-addons, and with --allow-addons if it has --permission';
    return addonError('this Node loads no addons, and seccomp needs one', remedy, error);
  }
  const reason = messageOf(error);
  const message = `the addon for ${thisSystem()} does not load (${reason.includes(file) ? '' : `${shownName(file)}: `}${reason})`;
  return addonError(message, loadRemedy(folder, file, reason), error);
}

function loadRemedy(folder: string, file: string, reason: string): string {
  if (/GLIBC\w*_[\d.]+'? not found/.test(reason)) return `it needs a newer libc: ${rebuilding(folder)}`;
  // glibc does not open a file for another CPU. The file exists: the loader looked for it.
  const isRefused = reason.includes(`${file}: cannot open shared object file: No such file`);
  if (isRefused || /exec format|ELF|file too short|[Ii]nput file is/i.test(reason))
    return `the file is damaged, or built for another CPU: ${restoring(folder, file)}`;
  if (/failed to map segment|operation not permitted/i.test(reason))
    return 'its file system may be mounted with noexec: install the package where files can be executed';
  if (/permission denied/i.test(reason)) return `give this user permission to read ${shownName(file)}`;
  if (/too many open files|cannot allocate memory/i.test(reason))
    return 'close some files, or raise the limits of this process (ulimit -n, ulimit -v)';
  return rebuilding(folder);
}

/** The error for an addon that was built for another version of this package. */
export function versionError(folder: string, file: string, found: string, expected: string): SeccompError {
  const message = `the addon was built for version ${found} of seccomp, and this is ${expected} (${shownName(file)})`;
  return addonError(message, restoring(folder, file));
}

/** The error for a launcher that is missing or cannot be executed. */
export function launcherError(folder: string, { file, error }: FailedFile): SeccompError {
  if (codeOf(error) === 'ENOENT')
    return addonError(
      `the launcher is missing beside the addon (no ${shownName(file)})`,
      restoring(folder, file),
      error,
    );
  return addonError(
    `the launcher can't be executed (${messageOf(error)})`,
    `run "chmod a+rx ${shellWord(file)}"`,
    error,
  );
}

function addonError(message: string, remedy: string, cause?: unknown): SeccompError {
  return new SeccompError('ERR_SECCOMP_ADDON', `${message}: ${remedy}`, cause === undefined ? undefined : { cause });
}

/** Also the text of Error in scripts/build/dist.mjs, for ES modules that were moved. */
const MOVED =
  'seccomp was moved out of its package, as bundlers do: mark it as external (esbuild: --external:seccomp), and install it beside the program';

/** Whether a folder is that of this package, and not that of a program into which this code was bundled. */
function isPackage(folder: string): boolean {
  try {
    const { name }: { readonly name?: unknown } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return name === 'seccomp';
  } catch {
    return false;
  }
}

/** A package has no binding.gyp at its root, since npm would run node-gyp for it. */
const isCheckout = (folder: string) => existsSync(join(folder, 'binding.gyp'));
const hasSources = (folder: string) => existsSync(join(folder, 'native/binding.gyp'));

/** Replaces a file of the package: builds it again if it was built here, else installs the package again. */
function restoring(folder: string, file: string): string {
  const isPrebuilt = relative(folder, file).startsWith('prebuilds');
  return isPrebuilt || !(isCheckout(folder) || hasSources(folder)) ? reinstalling(folder) : rebuilding(folder);
}

function rebuilding(folder: string): string {
  if (!isPackage(folder)) return MOVED;
  if (isCheckout(folder)) return `run "npm run build", ${TOOLS}`;
  return hasSources(folder) ? `run "${buildCommand(folder)}", ${TOOLS}` : reinstalling(folder);
}

function reinstalling(folder: string): string {
  if (!isPackage(folder)) return MOVED;
  const command = reinstallCommand(folder);
  return command === undefined
    ? `install the package in ${shownName(folder)} again`
    : `install the package again: "${command}"`;
}

/** Describes this system, as in `linux x64 with glibc 2.41`. */
function thisSystem(): string {
  return `${process.platform} ${process.arch} with ${libc()}`;
}

/** The C library, as Node's diagnostic report has it. The report takes some milliseconds, so only errors use it. */
function libc(): string {
  const { report } = process;
  const before = propertyOf(report, 'excludeNetwork');
  try {
    Reflect.set(report, 'excludeNetwork', true); // It would look up the names of all peers.
    const { header, sharedObjects }: PartialReport = report.getReport();
    const version = header?.glibcVersionRuntime;
    if (version !== undefined) return `glibc ${version}`;
    return sharedObjects?.some((file) => file.includes('musl')) ? 'musl' : 'a libc other than glibc';
  } catch {
    return 'an unknown libc';
  } finally {
    Reflect.set(report, 'excludeNetwork', before);
  }
}

interface PartialReport {
  readonly header?: { readonly glibcVersionRuntime?: string };
  readonly sharedObjects?: readonly string[];
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).trim();
