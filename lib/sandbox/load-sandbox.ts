/** loadSandbox(): reads a sandbox, which stands where a profile does. */

import { fileURLToPath } from 'node:url';
import type { Isolate } from '../landlock/domain.js';
import type { Paths } from '../landlock/paths/option.js';
import type { Limits } from '../process-tree/limits.js';
import type { ResourceLimits } from '../process-tree/rlimits.js';
import type { Descendants } from '../process-tree/tree.js';
import type { ProfileInput } from '../profile/document/types.js';
import type { Profile } from '../profile/profile.js';
import { kindOfString } from '../profile/source-names.js';
import { argumentError } from '../util/node-error.js';
import { describe } from '../util/option-errors.js';
import { isPlain, notPlain } from '../util/own-data.js';
import { LoadedSandbox } from './file/loaded-sandbox.js';
import {
  builtinSandbox,
  type ReadSandbox,
  readSandboxFile,
  readSandboxObject,
  readSandboxText,
  sandboxIn,
} from './file/read.js';

/**
 * The content of a sandbox file. Every key may be left out. See docs/reference/sandbox-file.md.
 *
 * @example
 * import { loadSandbox, spawnSync } from 'seccomp';
 *
 * const sandbox = loadSandbox({ extends: 'untrusted', env: { LANG: 'C.UTF-8' }, timeout: 5000 });
 * console.log(spawnSync('echo', ['hello'], sandbox, { cwd: '/usr', encoding: 'utf8' }).stdout);
 */
export interface SandboxInput {
  /** The address of the schema, for editors. It has no other effect. */
  readonly $schema?: string;
  /**
   * The sandbox that this one adds to: `'untrusted'`, or the path of a sandbox file. `paths`, `env`, `limits` and `rlimits`
   * add to its entries; every other key replaces it. Default: none.
   */
  readonly extends?: string;
  /**
   * The profile: a built-in's name, a path, a document, a `Profile`, or a list of 1 to 8 of these, of which the strictest answer counts.
   * Default: that of `extends`, or `'docker-default'`.
   */
  readonly profile?: string | ProfileInput | Profile | readonly (string | ProfileInput | Profile)[];
  /** As the option of `spawn`. */
  readonly isolate?: Isolate;
  /**
   * As the option of `spawn`. Paths in a file are relative to its directory, those of an object and of a text to the
   * program's working directory.
   */
  readonly paths?: Paths;
  /** As the option of `spawn`. */
  readonly network?: 'none';
  /** As the option of `spawn`. */
  readonly limits?: Limits;
  /** As the option of `spawn`. */
  readonly rlimits?: ResourceLimits;
  /**
   * The environment: variables by name, or the names of those of this process that are passed on. The value `'@tmp'` is
   * the path of the program's private directory, which `paths` must grant. Default: all variables are passed on.
   */
  readonly env?: Readonly<Record<string, string>> | readonly string[];
  /** As the option of `spawn`. */
  readonly timeout?: number;
  /** As the option of `spawn`. */
  readonly descendants?: Descendants;
  /** As the option of `spawn`. */
  readonly capabilities?: readonly string[];
}

/**
 * Loads a sandbox: a profile with everything else that is enforced on a program. It stands where a profile does, and the
 * options of a call replace what it says. A built-in's name can stand there itself: `run('ls', [], 'untrusted')`.
 *
 * @param source - The path or file URL of a sandbox file, the name of a built-in (`'untrusted'`), JSON text, or an object.
 * A string that begins with `{` is JSON text; any other one with a `/` or a `.` is a path.
 * @returns The sandbox. Later changes of its file have no effect.
 * @throws {SandboxFileError} ERR_SECCOMP_SANDBOX if it is not valid; `issues` lists all problems with their positions.
 * @throws {SeccompError} ERR_SECCOMP_FILE if the file can't be read, ERR_SECCOMP_BUILTIN if no built-in sandbox has this
 * name.
 * @example
 * import { writeFileSync } from 'node:fs';
 * import { loadSandbox, run, Sandbox } from 'seccomp';
 *
 * writeFileSync('sandbox.json', '{ "paths": { "read": ["@system", "."] }, "network": "none", "timeout": 10000 }');
 * const sandbox = loadSandbox('./sandbox.json');
 * console.log((await run('ls', [], sandbox)).stdout);
 * const { execSync } = new Sandbox(sandbox);
 * console.log(execSync('echo hello', { encoding: 'utf8' }));
 */
export function loadSandbox(source: string | URL | SandboxInput | LoadedSandbox): LoadedSandbox {
  if (LoadedSandbox.is(source)) return source;
  if (typeof source === 'string' && source !== '' && kindOfString(source) === 'name') return builtinSandbox(source);
  return sandboxIn(readSandbox(source));
}

/** Reads a sandbox, without an error for one that is not valid. */
export function readSandbox(source: unknown): ReadSandbox {
  if (source instanceof URL) return readSandboxFile(fileURLToPath(source), source.href);
  if (typeof source === 'string' && source !== '')
    return kindOfString(source) === 'text' ? readSandboxText(source, 'inline') : readSandboxFile(source, source);
  if (isPlain(source)) return readSandboxObject(source);
  const received = typeof source === 'object' && source !== null ? notPlain(source) : describe(source);
  const kinds = "a path, a file URL, the name of a built-in such as 'untrusted', JSON text or an object";
  throw argumentError(source === '' ? 'value' : 'type', `The "source" argument must be ${kinds}. Received ${received}`);
}
