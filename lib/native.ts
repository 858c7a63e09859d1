/** Loads the addon. Every other file gets it from `addon()`, and its types from here. */
import { resolve } from 'node:path';
import type { Addon } from './addon/interface.js';
import { launcherBeside, loadAddon } from './addon/load.js';
import { unsupportedReason } from './addon/platform.js';
import { once } from './util/memo.js';

export * from './addon/interface.js';
export * from './addon/notify-interface.js';
export { unsupportedReason };

/** Returns the launcher, a program that guards trees, and hands descriptors over. */
export function launcherFile(): string {
  return launcherBeside(load().file, PACKAGE);
}

/** The folder of this package: lib/ and dist/ are in it. */
export const PACKAGE = resolve(import.meta.dirname, '..');

const load = once(() => loadAddon(PACKAGE));

/**
 * Returns the addon, and loads it at the first call.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if this is not Linux or not Node; ERR_SECCOMP_ADDON if the addon is
 * missing, does not load, or was built for another version of this package.
 */
export function addon(): Addon {
  return load().exports as Addon;
}
