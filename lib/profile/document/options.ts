/** Options of loading a profile: how to read it, and how to understand what the document leaves open. */

import { refuseIn, SeccompError } from '../../errors.js';
import { member, printableJson } from '../../util/foreign-text.js';
import { argumentError } from '../../util/node-error.js';
import { copyFields, emptyFields, type Fields } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';

/**
 * Whose format a document has: Docker's (moby/profiles), Podman's (containers/common), or that of `linux.seccomp` in
 * the OCI runtime specification.
 */
export type ProfileFormat = 'docker' | 'podman' | 'oci';

/** `strict` refuses likely mistakes; `compat` does what the format's runtime does, and warns. */
export type ProfileMode = 'strict' | 'compat';

/** Options that settle what a document leaves open. */
export interface MeaningOptions {
  /**
   * How many bits of an argument are compared: as many as the kernel reads, or all 64, as libseccomp does. Default
   * `kernel`.
   */
  readonly argumentWidth: 'kernel' | 64;
  /** What happens to a call of an ABI that the profile does not cover. Default `kill-process`. */
  readonly foreignAction: 'kill-process' | 'kill-thread';
  /**
   * What happens to syscalls newer than every syscall that the profile names: ENOSYS, as with runc, or the default
   * action. Default `enosys`.
   */
  readonly newerCalls: 'enosys' | 'default';
}

/** Options of `parseProfile` and `loadProfile`. */
export interface ProfileOptions extends Partial<MeaningOptions> {
  /** The name of the profile in error messages. Default: its path, the built-in's name, or `inline`. */
  readonly source?: string;
  /** The format of the document. Default: recognized by its fields. */
  readonly format?: ProfileFormat;
  /** Whether likely mistakes are errors. Default `strict`. */
  readonly mode?: ProfileMode;
  /** The directory of Kubernetes' `Localhost/…` profiles. Default `/var/lib/kubelet/seccomp`. */
  readonly root?: string;
}

const CHOICES: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ['format', ['docker', 'podman', 'oci']],
  ['mode', ['strict', 'compat']],
  ['argumentWidth', ['kernel', 64]],
  ['foreignAction', ['kill-process', 'kill-thread']],
  ['newerCalls', ['enosys', 'default']],
]);
const TEXTS: readonly string[] = ['source', 'root'];

/** Options that were read: every name, with undefined for an option that was not given. */
export type ReadOptions = { readonly [Name in keyof ProfileOptions]-?: ProfileOptions[Name] | undefined };

/**
 * Validates and copies options. Reads each property once.
 *
 * @param others - Names of the caller's own options, which are skipped.
 * @throws {SeccompError} ERR_SECCOMP_OPTION for an unknown option.
 * @throws {TypeError} for an invalid value.
 */
export function readProfileOptions(options: unknown, others: readonly string[] = []): ReadOptions {
  const fields = optionFields(options);
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || others.includes(key)) continue;
    const choices = CHOICES.get(key);
    if (choices?.includes(value) || (TEXTS.includes(key) && typeof value === 'string')) continue;
    const message = `options${member(key)}: ${problem(key, value, choices)}`;
    if (TEXTS.includes(key)) throw argumentError('type', message);
    throw choices === undefined ? new SeccompError('ERR_SECCOMP_OPTION', message) : argumentError('value', message);
  }
  const { source, format, mode, root, argumentWidth, foreignAction, newerCalls }: ProfileOptions = fields;
  return { source, format, mode, root, argumentWidth, foreignAction, newerCalls };
}

/** Copies an options object. @throws {TypeError} if it is not a plain object. */
export function optionFields(options: unknown): Fields {
  if (options === undefined) return emptyFields();
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const kind = options === null ? 'null' : Array.isArray(options) ? 'an array' : typeof options;
    throw argumentError('type', `options: must be an object, not ${kind}`);
  }
  return copyFields(options, refuseIn('options'));
}

/**
 * Refuses options that have no effect on `what`.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION
 */
export function refuseOptions<Name extends string>(
  options: { readonly [Each in Name]?: unknown },
  names: readonly Name[],
  what: string,
): void {
  const unused = names.find((name) => options[name] !== undefined);
  if (unused === undefined) return;
  throw new SeccompError('ERR_SECCOMP_OPTION', `options.${unused}: has no effect on ${what}: leave it out`);
}

/**
 * Refuses all options, for a function that has none. `remedy` is advice on what to do instead.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION
 */
export function refuseAnyOption(options: unknown, what: string, remedy: string): void {
  const fields = optionFields(options);
  const unused = Object.keys(fields).find((name) => fields[name] !== undefined);
  if (unused === undefined) return;
  throw new SeccompError('ERR_SECCOMP_OPTION', `options${member(unused)}: ${what} takes no options: ${remedy}`);
}

function problem(key: string, value: unknown, choices: readonly unknown[] | undefined): string {
  if (TEXTS.includes(key)) return `must be a string, not ${typeof value}`;
  const known = [...CHOICES.keys(), ...TEXTS];
  if (choices === undefined) return `unknown option${suggest(key, known)}`;
  return `must be one of ${choices.map((choice) => printableJson(choice)).join(', ')}`;
}

/** Returns the options that say how to understand a document, or their defaults. */
export function meaningOf(options: ReadOptions): MeaningOptions {
  const { argumentWidth = 'kernel', foreignAction = 'kill-process', newerCalls = 'enosys' } = options;
  return { argumentWidth, foreignAction, newerCalls };
}
