/**
 * The types of a profile document, as it is written and as it is when checked. They follow from the table of fields.
 */
import type {
  ACTIONS,
  ARGUMENT,
  CONDITION,
  DOCUMENT,
  FieldTable,
  Kind,
  List,
  Name,
  ReturnData,
  Role,
  RULE,
  Struct,
  Uint64,
  Unsigned,
} from './fields.js';

/** The type of a value as it is written. */
type Written<Of extends Kind> =
  Of extends Name<infer Known>
    ? Known
    : Of extends Unsigned | Uint64 | ReturnData
      ? number | bigint
      : Of extends List<infer Item>
        ? readonly Written<Item>[]
        : Of extends Struct<infer Inner>
          ? WrittenFields<Inner>
          : string;

/** Names of the fields that have one of these roles. */
type InRole<Of extends FieldTable, In extends Role> = {
  [Key in keyof Of]: Of[Key]['role'] extends In ? Key : never;
}[keyof Of];

type Mandatory<Of extends FieldTable, Key extends keyof Of> = { readonly [Each in Key]: Written<Of[Each]['kind']> };
type Nullable<Of extends FieldTable, Key extends keyof Of> = {
  readonly [Each in Key]?: Written<Of[Each]['kind']> | null | undefined;
};

/** An object as people write it. */
export type WrittenFields<Of extends FieldTable> = Mandatory<Of, InRole<Of, 'required' | 'expected'>> &
  Nullable<Of, InRole<Of, 'optional' | 'list' | 'merged' | 'ignored'>>;

/** The type of a value in a document that is still to be checked. Editors suggest the known names. */
type Input<Of extends Kind> =
  Of extends Name<infer Known>
    ? string extends Known
      ? string
      : Known | (string & {})
    : Of extends List<infer Item>
      ? readonly Input<Item>[]
      : Of extends Struct<infer Inner>
        ? InputFields<Inner>
        : Written<Of>;

/** An object of a document that is still to be checked: names are strings, and only required fields must be there. */
export type InputFields<Of extends FieldTable> = {
  readonly [Key in InRole<Of, 'required'>]: Input<Of[Key]['kind']>;
} & { readonly [Key in Exclude<keyof Of, InRole<Of, 'required'>>]?: Input<Of[Key]['kind']> | null | undefined };

/** The type of a value in a checked document. */
type Checked<Of extends Kind> = Of extends Uint64
  ? bigint
  : Of extends Unsigned | ReturnData
    ? number
    : Of extends List<infer Item>
      ? readonly Checked<Item>[]
      : Of extends Struct<infer Inner>
        ? CheckedFields<Inner>
        : Written<Of>;

/** An object of a checked document. It has no nulls, and has every field: an absent one is undefined. */
export type CheckedFields<Of extends FieldTable> = {
  readonly [Key in InRole<Of, 'required' | 'expected' | 'list'>]: Checked<Of[Key]['kind']>;
} & { readonly [Key in InRole<Of, 'optional' | 'older'>]: Checked<Of[Key]['kind']> | undefined };

export type ActionName = (typeof ACTIONS)[number];

/**
 * A profile as people write it. Sources: `linux.seccomp` of the OCI runtime specification, and what moby/profiles
 * (`docker`) and containers/common (`podman`) add to it.
 */
export interface ProfileDocument extends WrittenFields<(typeof DOCUMENT)['fields']> {}

/** A rule as people write it. Documents in Docker's older form, with `name` in place of `names`, are read too. */
export interface RuleDocument extends WrittenFields<(typeof RULE)['fields']> {}

/**
 * A profile as the functions that read profiles accept it. In a variable without a declared type and in an imported
 * JSON file, names such as `SCMP_ACT_ALLOW` have the type `string`. The functions check them; for the compiler to check
 * them too, declare a `ProfileDocument`.
 */
export interface ProfileInput extends InputFields<(typeof DOCUMENT)['fields']> {}

export interface ArgumentDocument extends WrittenFields<(typeof ARGUMENT)['fields']> {}

export interface ConditionDocument extends WrittenFields<(typeof CONDITION)['fields']> {}

/** A valid document in its normal form: only the fields that the format reads, without nulls, errnos as numbers. */
export interface CheckedDocument extends CheckedFields<(typeof DOCUMENT)['fields']> {}

/**
 * A rule of a checked document. `names` has the name that was given as `name`, and is empty if the rule has no effect.
 * A `name` in addition to `names` is kept: Podman only refuses the two in a rule that applies to the host.
 */
export interface Rule extends CheckedFields<(typeof RULE)['fields']> {}

export interface Argument extends CheckedFields<(typeof ARGUMENT)['fields']> {}

/** Conditions of a rule. `minKernel` is two numbers, `4.8`, and `0.0` where it was empty. */
export interface Conditions extends CheckedFields<(typeof CONDITION)['fields']> {}

/** No conditions on the host. */
export const ANYWHERE: Pick<Rule, 'includes' | 'excludes'> = { includes: undefined, excludes: undefined };

/** A document without rules. */
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
 * Whether a rule compares one argument twice. Container runtimes then turn each comparison into a separate rule, so
 * that they are alternatives.
 */
export function comparesArgumentTwice({ args }: Rule): boolean {
  return new Set(args.map(({ index }) => index)).size < args.length;
}
