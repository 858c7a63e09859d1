/** The format of the definitions of built-in profiles: groups of syscalls, each with the reason for its rule. */
import { ABIS, type AbiName, abiOf } from '../../syscalls/abi.js';
import type { Capability } from '../../syscalls/capabilities.js';
import { has, own } from '../../util/own-data.js';
import { type Argument, type CheckedDocument, type Conditions, emptyDocument, type Rule } from '../document/types.js';

/** The definition of a built-in profile: the syscalls that it allows, and the reasons why others are refused. */
export interface BuiltinDefinition {
  /** Groups that are always allowed. */
  readonly allowed: Topics<Group>;
  /** Groups that depend on arguments or on the host. */
  readonly conditional: readonly Group[];
  readonly refusals: Topics<Refusal>;
  /** The errno of calls that are in no group. */
  readonly defaultErrno: number;
  /** For each native ABI, the other ABIs that its CPUs run and that the profile covers too. */
  readonly besides: Readonly<Partial<Record<AbiName, readonly AbiName[]>>>;
}

/** Lists by topic, in the order of the documentation. */
export type Topics<Item> = Readonly<Record<string, readonly Item[]>>;

/** Syscalls with the same rule, for the same reason. */
export interface Group {
  /** The purpose of the syscalls, or the reason for the rule, in one or two sentences. */
  readonly why: string;
  /** Names of syscalls, separated by whitespace. Names that an ABI lacks are ignored there. */
  readonly names: string;
  /** The group applies only if all of these requirements are met. */
  readonly when?: HostRequirement;
  /** The group does not apply if any of these requirements is met. */
  readonly unless?: HostRequirement;
  /** The group applies only to calls that pass one of these checks. A list of checks is passed if all are. */
  readonly args?: readonly (ArgumentCheck | readonly ArgumentCheck[])[];
  /** The errno of the calls. Default: they are allowed. */
  readonly errno?: number;
}

/** Requirements on the host. */
export interface HostRequirement {
  /** The process holds all of these capabilities; in `unless`, any of them. */
  readonly capabilities?: readonly Capability[];
  /** The native ABI is one of these. */
  readonly native?: readonly AbiName[];
  /** The lowest kernel version, such as `4.8`. */
  readonly kernel?: string;
}

/**
 * An unsigned check of one argument. `noneOf`: all of these bits are 0. `bits`: the bits of the mask have this value.
 */
export type ArgumentCheck = { readonly argument: number } & (
  | { readonly below: number }
  | { readonly equals: number }
  | { readonly differs: number }
  | { readonly above: number }
  | { readonly noneOf: number }
  | { readonly bits: number; readonly mask: number }
);

/**
 * The reason why syscalls are not always allowed. If a group allows them conditionally, the reason for its
 * conditions.
 */
export interface Refusal {
  /** Names of syscalls, separated by whitespace. */
  readonly names: string;
  /** One or two sentences. */
  readonly why: string;
}

/** The names in a group or a refusal. */
export function namesOf({ names }: Group | Refusal): readonly string[] {
  return names.trim().split(/\s+/);
}

/** All groups, in the order of the document's rules. */
export function groupsOf({ allowed, conditional }: BuiltinDefinition): readonly Group[] {
  return [...Object.values(allowed).flat(), ...conditional];
}

/** All refusals. */
export function refusalsOf({ refusals }: BuiltinDefinition): readonly Refusal[] {
  return Object.values(refusals).flat();
}

/** Converts a definition to a document in Docker's format. */
export function definitionToDocument(form: BuiltinDefinition): CheckedDocument {
  const { defaultErrno, besides } = form;
  const beside = own(besides);
  return {
    ...emptyDocument('SCMP_ACT_ERRNO', defaultErrno),
    archMap: [...ABIS.values()].flatMap(({ name, scmp }) => {
      const others = beside[name];
      return others ? [{ architecture: scmp, subArchitectures: others.map((other) => abiOf(other).scmp) }] : [];
    }),
    syscalls: groupsOf(form).flatMap(groupRules),
  };
}

/** One rule; or one for each entry of `args`, because the rules of a document are alternatives. */
function groupRules(group: Group): readonly Rule[] {
  const { why, when, unless, errno, args } = own(group);
  const rule: Rule = {
    names: namesOf(group),
    name: undefined,
    action: errno === undefined ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
    errnoRet: errno,
    args: [],
    comment: why,
    includes: when && conditionOf(when),
    excludes: unless && conditionOf(unless),
  };
  return args === undefined ? [rule] : args.map((test) => ({ ...rule, args: [test].flat().map(argumentOf) }));
}

function conditionOf(requirement: HostRequirement): Conditions {
  const { capabilities, native, kernel } = own(requirement);
  return { caps: capabilities, arches: native?.map((name) => abiOf(name).docker), minKernel: kernel };
}

function argumentOf(test: ArgumentCheck): Argument {
  const index = test.argument;
  const compared = (op: Argument['op'], value: number) => ({ index, op, value: BigInt(value), valueTwo: undefined });
  if (has(test, 'below')) return compared('SCMP_CMP_LT', test.below);
  if (has(test, 'above')) return compared('SCMP_CMP_GT', test.above);
  if (has(test, 'differs')) return compared('SCMP_CMP_NE', test.differs);
  if (has(test, 'equals')) return compared('SCMP_CMP_EQ', test.equals);
  const { mask, bits } = has(test, 'noneOf') ? { mask: test.noneOf, bits: 0 } : test;
  return { index, op: 'SCMP_CMP_MASKED_EQ', value: BigInt(mask), valueTwo: BigInt(bits) };
}
