/** The profile document: what a person writes for Docker, Podman or an OCI runtime, and what remains once it is checked. */
import { ABIS, type AbiName } from '../../syscalls/abi.js';

/**
 * A profile as it is written. Sources: the runtime specification's `linux.seccomp`, and what moby/profiles (`docker`) and
 * containers/common (`podman`) add to it.
 */
export interface ProfileDocument {
  /** A JSON schema, for editors; no runtime reads it. */
  readonly $schema?: string | null | undefined;
  /** What the profile is for; no runtime reads it. */
  readonly comment?: string | null | undefined;
  /** What happens to a call that no rule takes. */
  readonly defaultAction: ActionName;
  /** The errno of `defaultAction: SCMP_ACT_ERRNO`, or the message of SCMP_ACT_TRACE. Default 1, EPERM. */
  readonly defaultErrnoRet?: number | bigint | null | undefined;
  /** ABIs to decide beside the native one. Not together with `archMap`. */
  readonly architectures?: readonly string[] | null | undefined;
  /** For each native ABI, those to decide beside it. */
  readonly archMap?:
    | readonly { readonly architecture: string; readonly subArchitectures?: readonly string[] | null | undefined }[]
    | null
    | undefined;
  readonly syscalls?: readonly RuleDocument[] | null | undefined;
  /** Podman's: the same by name (`ENOSYS`) or in decimal; it counts before `defaultErrnoRet`. */
  readonly defaultErrno?: string | null | undefined;
  /** How the kernel installs the filter: SECCOMP_FILTER_FLAG_*. */
  readonly flags?: readonly FlagName[] | null | undefined;
  /** A Unix socket to which a runtime sends the descriptor that answers SCMP_ACT_NOTIFY. */
  readonly listenerPath?: string | null | undefined;
  /** What the runtime sends with it. */
  readonly listenerMetadata?: string | null | undefined;
}

/** A rule. Documents in Docker's older form, `name` in place of `names`, are read too. */
export interface RuleDocument {
  /** Names of syscalls, as the kernel's `__NR_` constants have them. Those an ABI does not have are left out there. */
  readonly names: readonly string[];
  readonly action: ActionName;
  /** The errno of SCMP_ACT_ERRNO, or the message of SCMP_ACT_TRACE. Default 1, EPERM. */
  readonly errnoRet?: number | bigint | null | undefined;
  /** Podman's: the same by name (`EPERM`) or in decimal; it counts before `errnoRet`. */
  readonly errno?: string | null | undefined;
  /** Comparisons that must all hold. */
  readonly args?: readonly ArgumentDocument[] | null | undefined;
  readonly comment?: string | null | undefined;
  /** The rule counts only if all of this is so. */
  readonly includes?: ConditionDocument | null | undefined;
  /** The rule does not count if any of this is so. */
  readonly excludes?: ConditionDocument | null | undefined;
}

export interface ArgumentDocument {
  /** Which argument, 0 to 5. */
  readonly index: number | bigint;
  /** 64 bits, unsigned. For SCMP_CMP_MASKED_EQ the mask. Values above 2⁵³ as a bigint. */
  readonly value: number | bigint;
  /** For SCMP_CMP_MASKED_EQ what the masked argument equals; default 0. */
  readonly valueTwo?: number | bigint | null | undefined;
  readonly op: (typeof OPERATORS)[number];
}

export interface ConditionDocument {
  /** Capabilities, `CAP_SYS_ADMIN` and so on. */
  readonly caps?: readonly string[] | null | undefined;
  /** Native architectures by Docker's names: `amd64`, `arm64`, … */
  readonly arches?: readonly string[] | null | undefined;
  /** Docker's: the kernel version that is at least needed: `4.8`. An empty one is met by every kernel. */
  readonly minKernel?: string | null | undefined;
}

export type ActionName = (typeof ACTIONS)[number];

export const ACTIONS = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_TRAP',
] as const;

export const OPERATORS = [
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_LE',
  'SCMP_CMP_LT',
  'SCMP_CMP_MASKED_EQ',
  'SCMP_CMP_NE',
] as const;

export type FlagName = (typeof FLAGS)[number];

/** Source: the flags that runc knows. */
export const FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const;

/** SCMP_ARCH_* names to ABIs. */
export const ARCHITECTURES: ReadonlyMap<string, AbiName> = new Map(
  [...ABIS.values()].map(({ name, scmp }) => [scmp, name]),
);

/** What was written, checked and in one form: only what the format reads, without nulls, an errno as its number. */
export interface CheckedDocument {
  readonly comment: string | undefined;
  readonly defaultAction: ActionName;
  readonly defaultErrnoRet: number | undefined;
  readonly architectures: readonly string[] | undefined;
  readonly archMap: readonly ArchMapEntry[] | undefined;
  readonly flags: readonly FlagName[] | undefined;
  readonly listenerPath: string | undefined;
  readonly listenerMetadata: string | undefined;
  readonly syscalls: readonly Rule[];
}

export interface ArchMapEntry {
  readonly architecture: string;
  readonly subArchitectures: readonly string[];
}

export interface Rule {
  /** From `names` or `name`. Empty in a rule that has no effect. */
  readonly names: readonly string[];
  /** A `name` beside `names`: Podman refuses the two only in a rule that counts on the host. */
  readonly name: string | undefined;
  readonly action: ActionName;
  /** Only with SCMP_ACT_ERRNO, 0 to 4094, and SCMP_ACT_TRACE, 0 to 65535. */
  readonly errnoRet: number | undefined;
  readonly args: readonly Argument[];
  readonly comment: string | undefined;
  readonly includes: Conditions | undefined;
  readonly excludes: Conditions | undefined;
}

export interface Argument {
  readonly index: number;
  readonly value: bigint;
  readonly valueTwo: bigint | undefined;
  readonly op: (typeof OPERATORS)[number];
}

export interface Conditions {
  readonly caps: readonly string[] | undefined;
  readonly arches: readonly string[] | undefined;
  /** Two numbers: `4.8`. */
  readonly minKernel: string | undefined;
}

/** No conditions on the host. */
export const ANYWHERE: Pick<Rule, 'includes' | 'excludes'> = { includes: undefined, excludes: undefined };

/** A document of a default action alone. */
export function emptyDocument(defaultAction: ActionName, defaultErrnoRet: number | undefined): CheckedDocument {
  return {
    comment: undefined,
    defaultAction,
    defaultErrnoRet,
    architectures: undefined,
    archMap: undefined,
    flags: undefined,
    listenerPath: undefined,
    listenerMetadata: undefined,
    syscalls: [],
  };
}

/**
 * Whether a rule compares one argument twice. Container runtimes then make each of its comparisons a rule of its own, so
 * that they are alternatives.
 */
export function comparesArgumentTwice({ args }: Rule): boolean {
  return new Set(args.map(({ index }) => index)).size < args.length;
}
