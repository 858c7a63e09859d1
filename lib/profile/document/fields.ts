/**
 * The fields of a profile document. Everything else about the format follows from this table: the types, the check for
 * unknown keys, validation, the JSON Schema, the merging of repeated keys, and the text that is written.
 */
import { ABIS, type AbiName } from '../../syscalls/abi.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import { foldKey } from '../json/value.js';
import type { ProblemKind } from './diagnostics.js';
import type { ProfileFormat } from './options.js';

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

/** Source: the flags that runc knows. */
export const FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const;

/** ABIs by their SCMP_ARCH_* names. */
export const ARCHITECTURES: ReadonlyMap<string, AbiName> = new Map(
  [...ABIS.values()].map(({ name, scmp }) => [scmp, name]),
);

/**
 * A kernel version: two numbers of 8 bits that are not both 0, or an empty string. Source: KernelVersion of
 * moby/profiles.
 */
export const KERNEL_VERSION =
  /^(?!0+\.0+$)(?:0*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])\.0*(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?$/;

/** Default limit on the elements of an array: far more than there are names of any kind. */
export const LONGEST = 16_384;

/** Limit on the comparisons of a rule: as many as a filter can have instructions. */
const MOST_ARGUMENTS = 4096;

interface Text {
  readonly type: 'text';
}

/** The name of a syscall. An unknown name is valid, and has no effect. */
interface SyscallField {
  readonly type: 'syscall';
}

interface KernelVersion {
  readonly type: 'kernel-version';
}

/** An unsigned integer from 0 to `maximum`, at most 2⁵³ − 1. */
export interface Unsigned {
  readonly type: 'unsigned';
  readonly maximum: number;
  readonly what: string;
}

/** An unsigned integer of 64 bits; a checked document has a bigint. */
export interface Uint64 {
  readonly type: 'uint64';
  readonly what: string;
}

/** The errno or the tracer's message that an action returns. Its range depends on the action. */
export interface ReturnData {
  readonly type: 'return-data';
  readonly what: string;
}

/**
 * One of several names. Runtimes refuse an unknown name; with `isOnlyCompared`, they accept it, and it never matches.
 */
export interface Name<Known extends string = string> {
  readonly type: 'name';
  readonly what: string;
  readonly names: readonly Known[];
  readonly isOnlyCompared: boolean;
}

export interface List<Of extends Kind = Kind> {
  readonly type: 'list';
  readonly of: Of;
  readonly what: string;
  readonly longest: number;
}

export interface Struct<Of extends FieldTable = FieldTable> {
  readonly type: 'struct';
  readonly fields: Of;
  /** The same in a list, which is faster to read. */
  readonly all: readonly (readonly [name: string, field: Field])[];
  /** The fields that a checked document has. */
  readonly kept: readonly (readonly [name: string, field: Field])[];
  /** Names of fields by their folded keys. */
  readonly byFoldedKey: ReadonlyMap<string, string>;
}

/** A kind of value. */
export type Kind = Text | SyscallField | KernelVersion | Unsigned | Uint64 | ReturnData | Name | List | Struct;

/**
 * Whether a field must be there, and what a checked document has for it:
 *
 * - `required`: the field.
 * - `optional`: the field, or undefined.
 * - `list`: the field, or an empty list.
 * - `expected`: the same; but a document without it is probably a mistake, so the types require it.
 * - `older`: as `optional`; the types leave it out, since it is the older form of another field.
 * - `merged`: nothing: its value becomes that of another field.
 * - `ignored`: nothing.
 */
export type Role = 'required' | 'optional' | 'list' | 'expected' | 'older' | 'merged' | 'ignored';

export interface Field<Of extends Kind = Kind, In extends Role = Role> {
  readonly kind: Of;
  readonly role: In;
  /** The formats that read the field; undefined for all formats. */
  readonly formats: readonly ProfileFormat[] | undefined;
  /** How the field is reported in a document of another format; undefined for a comment, which is not reported. */
  readonly whenUnread: readonly [kind: ProblemKind, message: string] | undefined;
  /** Whether an empty list is left out when a document is written. */
  readonly omitsEmpty: boolean;
  /** Whether a checked document has the field. */
  readonly isKept: boolean;
}

export type FieldTable = Readonly<Record<string, Field>>;

type Details = Partial<Pick<Field, 'formats' | 'whenUnread' | 'omitsEmpty'>>;

function field<const Of extends Kind, const In extends Role>(role: In, kind: Of, details: Details = {}): Field<Of, In> {
  const isKept = role !== 'merged' && role !== 'ignored';
  return { kind, role, isKept, formats: undefined, whenUnread: undefined, omitsEmpty: false, ...details };
}

const required = <const Of extends Kind>(kind: Of) => field('required', kind);
export const optional = <const Of extends Kind>(kind: Of, details?: Details) => field('optional', kind, details);

function list<const Of extends Kind>(of: Of, what: string, longest = LONGEST): List<Of> {
  return { type: 'list', of, what, longest };
}

export function struct<Of extends FieldTable>(fields: Of): Struct<Of> {
  const all = Object.entries<Field>(fields);
  const kept = all.filter(([, { isKept }]) => isKept);
  const byFoldedKey = new Map(Object.keys(fields).map((name) => [foldKey(name), name]));
  return { type: 'struct', fields, all, kept, byFoldedKey };
}

function oneOf<const Known extends string>(what: string, names: readonly Known[]): Name<Known> {
  return { type: 'name', what, names, isOnlyCompared: false };
}

function comparedWith(what: string, names: readonly string[]): Name {
  return { type: 'name', what, names, isOnlyCompared: true };
}

const TEXT: Text = { type: 'text' };
const UINT64: Uint64 = { type: 'uint64', what: 'a 64-bit value' };
const ERRNO: ReturnData = { type: 'return-data', what: 'an errno' };
const ACTION = oneOf('action', ACTIONS);
const ARCHITECTURE = oneOf('architecture', [...ARCHITECTURES.keys()]);

const NOT_OCI: readonly ProfileFormat[] = ['docker', 'podman'];

const ERRNO_NAME: Details = {
  formats: ['podman'],
  whenUnread: ['notice', 'is ignored in this format: use errnoRet or defaultErrnoRet'],
};

const HOST_CONDITION: Details = {
  formats: NOT_OCI,
  whenUnread: ['widens', 'is ignored in this format: the rule applies on every host'],
};

/** A comparison of an argument. */
export const ARGUMENT = struct({
  /** Which argument, 0 to 5. */
  index: required({ type: 'unsigned', maximum: 5, what: 'an argument index' }),
  /** An unsigned 64-bit integer; above 2⁵³ − 1, a bigint. For SCMP_CMP_MASKED_EQ, the mask. */
  value: required(UINT64),
  /** For SCMP_CMP_MASKED_EQ, what the masked argument must equal; default 0. */
  valueTwo: optional(UINT64),
  op: required(oneOf('operator', OPERATORS)),
});

/** Conditions on the host. */
export const CONDITION = struct({
  /** Capabilities: `CAP_SYS_ADMIN` and so on. */
  caps: optional(list(comparedWith('capability', CAPABILITIES), 'capabilities')),
  /** Native architectures by Docker's names: `amd64`, `arm64` and so on. */
  arches: optional(
    list(
      comparedWith(
        'architecture',
        [...ABIS.values()].map(({ docker }) => docker),
      ),
      'architectures',
    ),
  ),
  /** Docker only. The oldest kernel version that meets the condition: `4.8`. An empty string is met by every kernel. */
  minKernel: optional(
    { type: 'kernel-version' },
    { formats: ['docker'], whenUnread: ['widens', 'is ignored in this format: the rule applies on every kernel'] },
  ),
});

export const RULE = struct({
  /** Names of syscalls, without the `__NR_` of the kernel's constants. A name that an ABI lacks has no effect there. */
  names: field('expected', list({ type: 'syscall' }, 'strings')),
  /** Docker's older form of `names`. */
  name: field(
    'older',
    { type: 'syscall' },
    { formats: NOT_OCI, whenUnread: ['drops', 'is ignored in this format: use names'] },
  ),
  /** What happens to a call that the rule matches. */
  action: required(ACTION),
  /** The errno of SCMP_ACT_ERRNO, 0 to 4094, or the message of SCMP_ACT_TRACE, 0 to 65535. Default 1, EPERM. */
  errnoRet: optional(ERRNO),
  /** Podman only. The errno by name (`EPERM`) or as decimal digits; takes precedence over `errnoRet`. */
  errno: field('merged', TEXT, ERRNO_NAME),
  /** The reason for the rule. `explain` and violations quote it. */
  comment: optional(TEXT, { formats: NOT_OCI }),
  /** Comparisons that must all be true. */
  args: field('list', list(ARGUMENT, 'argument comparisons', MOST_ARGUMENTS), { omitsEmpty: true }),
  /** The rule only applies if the host meets all of these conditions. */
  includes: optional(CONDITION, HOST_CONDITION),
  /** The rule does not apply if the host meets any of these conditions. */
  excludes: optional(CONDITION, HOST_CONDITION),
});

const ARCH_MAP_ENTRY = struct({
  architecture: required(ARCHITECTURE),
  subArchitectures: field('list', list(ARCHITECTURE, 'architectures')),
});

export const DOCUMENT = struct({
  /** A JSON Schema, for editors. No runtime reads it. */
  $schema: field('ignored', TEXT, { formats: [] }),
  /** What the profile is for. No runtime reads it. */
  comment: optional(TEXT, { formats: [] }),
  /** What happens to a call that no rule matches. */
  defaultAction: required(ACTION),
  /** The errno of SCMP_ACT_ERRNO, or the message of SCMP_ACT_TRACE, as `defaultAction`. Default 1, EPERM. */
  defaultErrnoRet: optional(ERRNO),
  /** Podman only. The errno by name (`ENOSYS`) or as decimal digits; takes precedence over `defaultErrnoRet`. */
  defaultErrno: field('merged', TEXT, ERRNO_NAME),
  /** ABIs that the filter covers in addition to the native one. Not together with `archMap`. */
  architectures: optional(list(ARCHITECTURE, 'architectures')),
  /** For each native ABI, those that the filter covers in addition to it. */
  archMap: optional(list(ARCH_MAP_ENTRY, '{ architecture, subArchitectures }'), {
    formats: NOT_OCI,
    whenUnread: ['notice', 'is ignored in this format: the filter covers the native ABI only; use architectures'],
  }),
  /** How the kernel attaches the filter: SECCOMP_FILTER_FLAG_*. */
  flags: optional(list(oneOf('flag', FLAGS), 'flags')),
  /**
   * A Unix socket. A runtime sends it the listener's descriptor, which receives the notifications of SCMP_ACT_NOTIFY.
   */
  listenerPath: optional(TEXT),
  /** What the runtime sends with the descriptor. */
  listenerMetadata: optional(TEXT),
  /** The rules. */
  syscalls: field('list', list(RULE, 'rules', Number.POSITIVE_INFINITY)),
});
