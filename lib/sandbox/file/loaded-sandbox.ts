/** A sandbox: a profile with everything else that is enforced on a program, as a file or a built-in's name gives it. */
import type { ProfileIssue } from '../../errors.js';
import { BY_SCOPES_ALONE, type Isolate } from '../../landlock/domain.js';
import { ACCESSES, type CheckedPaths, type Paths } from '../../landlock/paths/option.js';
import { type CheckedLimits, type Limits, valuesOf } from '../../process-tree/limits.js';
import type { ResourceLimits } from '../../process-tree/rlimits.js';
import type { Descendants } from '../../process-tree/tree.js';
import { toNumber } from '../../profile/document/stringify.js';
import type { Profile } from '../../profile/profile.js';
import { nodeError } from '../../util/node-error.js';
import { freeze, own, withoutUndefined } from '../../util/own-data.js';
import type { PRIVATE_DIRECTORY } from '../options/environment.js';

/** The environment of a program: variables of this process by name, and values. */
export interface SandboxEnvironment {
  readonly names: readonly string[];
  readonly values: ReadonlyMap<string, string | typeof PRIVATE_DIRECTORY>;
}

/** What a sandbox consists of, checked. What is undefined is as without a sandbox. */
export interface SandboxParts {
  /** The files that it was read from, without symbolic links: sandbox files, and profiles. */
  readonly files: readonly string[];
  readonly profile: Profile | readonly Profile[];
  readonly isolate?: Isolate | undefined;
  readonly paths?: CheckedPaths | undefined;
  readonly network?: 'none' | undefined;
  readonly limits?: CheckedLimits | undefined;
  readonly rlimits?: ResourceLimits | undefined;
  readonly env?: SandboxEnvironment | undefined;
  readonly timeout?: number | undefined;
  readonly descendants?: Descendants | undefined;
  readonly capabilities?: readonly string[] | undefined;
}

/** What a sandbox says beside its profile, as a sandbox file would. Paths of a file are absolute. */
export interface SandboxContents {
  /** Whether the program is isolated. Absent: as far as this kernel can. */
  readonly isolate?: Isolate;
  /** The files that it may reach. Absent: all. */
  readonly paths?: Paths;
  /** `'none'`: it makes no sockets. Absent: its network is not restricted. */
  readonly network?: 'none';
  /** Limits of the program and all that it starts together. */
  readonly limits?: Limits;
  /** Limits of each process. */
  readonly rlimits?: ResourceLimits;
  /** The variables that have values of their own, and under `pass` the names of those that are passed on. Absent: all are. */
  readonly env?: { readonly values: Readonly<Record<string, string>>; readonly pass: readonly string[] };
  /** Milliseconds until the program is ended. */
  readonly timeout?: number;
  /** What becomes of its descendants. Absent: as the function that starts it does. */
  readonly descendants?: Descendants;
  /** The capabilities that it keeps. Absent: those of this process. */
  readonly capabilities?: readonly string[];
}

let isConstructing = false;
let readParts: (sandbox: LoadedSandbox) => SandboxParts;

/** Makes a sandbox. The constructor refuses all other callers. */
export function makeSandbox(source: string, parts: SandboxParts, warnings: readonly ProfileIssue[]): LoadedSandbox {
  isConstructing = true;
  return new LoadedSandbox(source, parts, warnings);
}

/**
 * A sandbox that `loadSandbox` has read: a profile together with isolation, files, network, limits and environment. It
 * stands where a profile does: `run`, `spawn`, `spawnSync`, `execve`, `fork` and `new Sandbox` take it. It never changes.
 *
 * @example
 * import { loadSandbox, run } from 'seccomp';
 *
 * const sandbox = loadSandbox({ paths: { read: ['@system', '.'] }, network: 'none', timeout: 10_000 });
 * const { stdout } = await run('ls', [], sandbox);
 * console.log(stdout, sandbox.contents.network);
 */
export class LoadedSandbox {
  /** Where it comes from: a path, the name of a built-in, or `inline`. */
  readonly source: string;
  /** Its profile, or several, of which the strictest answer counts. */
  readonly profile: Profile | readonly Profile[];
  /** Everything else that it says, for a person or a program to review. */
  readonly contents: SandboxContents;
  /** Likely mistakes that are not errors. */
  readonly warnings: readonly ProfileIssue[];
  readonly #parts: SandboxParts;

  /**
   * Returns whether a value is a `LoadedSandbox` of this copy of the package.
   *
   * @param value - Any value.
   */
  static is(value: unknown): value is LoadedSandbox {
    return typeof value === 'object' && value !== null && #parts in value;
  }

  /** @internal */
  constructor(source: string, parts: SandboxParts, warnings: readonly ProfileIssue[]) {
    const isOurs = isConstructing;
    isConstructing = false;
    if (!isOurs)
      throw nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor: sandboxes are made by loadSandbox()');
    this.source = source;
    this.profile = freeze(parts.profile);
    this.contents = freeze(contentsOf(parts));
    this.warnings = freeze(warnings);
    this.#parts = parts;
    Object.freeze(this);
  }

  static {
    readParts = (sandbox) => sandbox.#parts;
  }
}

/** What a sandbox consists of. Not a property, as nobody may change it. */
export const partsIn = (sandbox: LoadedSandbox): SandboxParts => readParts(sandbox);

function contentsOf(parts: SandboxParts): SandboxContents {
  const { isolate, paths, network, limits, rlimits, env, timeout, descendants, capabilities } = parts;
  const all = {
    isolate: isolate === BY_SCOPES_ALONE ? true : typeof isolate === 'object' ? { ...isolate } : isolate,
    paths: paths && listsOf(paths),
    network,
    limits: limits && limitsOf(limits),
    rlimits: rlimits && { ...rlimits },
    env: env && { values: textsOf(env), pass: [...env.names] },
    timeout,
    descendants,
    capabilities: capabilities && [...capabilities],
  };
  return withoutUndefined(all);
}

function textsOf({ values }: SandboxEnvironment): Readonly<Record<string, string>> {
  return own(Object.fromEntries([...values].map(([name, value]) => [name, String(value)])));
}

/** Memory as a number, as far as that is exact, since JSON has no bigints. */
function limitsOf(limits: CheckedLimits): Limits {
  const { memory, ...others } = { memory: undefined, ...valuesOf(limits) };
  return { ...(memory !== undefined && { memory: toNumber(memory) }), ...others };
}

function listsOf({ all }: CheckedPaths): Paths {
  const lists = ACCESSES.map((list) => {
    const entries = all.filter(({ access }) => access === list);
    return [list, entries.map(({ path, optional }) => (optional ? { path, optional } : path))] as const;
  });
  return Object.fromEntries(lists.filter(([, entries]) => entries.length > 0));
}
