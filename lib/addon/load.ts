/** Finds the addon among the files of this package, and loads it. */
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SeccompError } from '../errors.js';
import { type FailedFile, launcherError, loadError, missingError, versionError } from './failure.js';
import type { Addon } from './interface.js';
import { unsupportedReason } from './platform.js';

/** The addon's exports, before anything is known of them. */
export interface LoadedAddon {
  readonly file: string;
  readonly exports: object;
}

/**
 * The folders that may contain the addon, in the order in which they are searched: prebuilt for this CPU; built in a
 * checkout; built in place in an installed package.
 */
const addonFolders = (): readonly string[] => [
  `prebuilds/${process.platform}-${process.arch}`,
  'build/Release',
  'native/build/Release',
];

/**
 * Loads the first addon that this process can load.
 *
 * @param folder - The folder of this package.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED on a system where no addon works; ERR_SECCOMP_ADDON if no file was found
 * or none can be loaded, and for an addon of another version of this package.
 */
export function loadAddon(folder: string): LoadedAddon {
  const unsupported = unsupportedReason();
  if (unsupported !== undefined) {
    const message = `${unsupported}: profiles can be checked and compiled here, but not attached`;
    throw new SeccompError('ERR_SECCOMP_UNSUPPORTED', message);
  }
  const require = createRequire(import.meta.filename);
  const failed: FailedFile[] = [];
  for (const each of addonFolders()) {
    const file = join(folder, each, 'seccomp.node');
    if (!existsSync(file)) continue;
    const exports = open(() => require(file), file, failed);
    if (exports === undefined) continue;
    const expected = versionIn(() => require(join(folder, 'package.json')));
    const found = versionIn(() => exports);
    if (found !== expected) throw versionError(folder, file, found, expected);
    openGuardian(exports as Pick<Addon, 'openGuardian'>, file);
    return { file, exports };
  }
  throw failed[0] === undefined ? missingError(folder, addonFolders()) : loadError(folder, failed[0]);
}

function open(load: () => object, file: string, failed: FailedFile[]): object | undefined {
  try {
    return load();
  } catch (error) {
    failed.push({ file, error });
    return undefined;
  }
}

function versionIn(load: () => { readonly version?: unknown }): string {
  try {
    return String(load().version ?? 'unknown');
  } catch {
    return 'unknown';
  }
}

/** The launcher is the guardians' program too. It is opened now, so that its path may vanish later. */
function openGuardian(addon: Pick<Addon, 'openGuardian'>, addonFile: string): void {
  addon.openGuardian(join(dirname(addonFile), 'seccomp-launch')); // If that fails, a start that needs a guardian does.
}

/**
 * Returns the launcher that was built with an addon.
 * @throws {SeccompError} ERR_SECCOMP_ADDON if this process cannot execute it.
 */
export function launcherBeside(addonFile: string, folder: string): string {
  const file = join(dirname(addonFile), 'seccomp-launch');
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch (error) {
    throw launcherError(folder, { file, error });
  }
}
