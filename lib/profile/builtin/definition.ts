/** The format of the definitions of built-in profiles: groups of syscalls, each with the reason for its rule. */
import { ABIS, type AbiName, abiOf } from '../../syscalls/abi.js';
import type { Capability } from '../../syscalls/capabilities.js';
import { has, own } from '../../util/own-data.js';
import { type Argument, type CheckedDocument, type Conditions, emptyDocument, type Rule } from '../document/types.js';

/** The definition of a built-in profile: the syscalls that it allows, and the reasons why others are refused. */
export interface BuiltinDefinition {
  /** Groups that are always allowed. */
  readonly allowed: Topics;
  /** Groups that depend on arguments or on the host. */
  readonly conditional: readonly Group[];
  /** The reasons why syscalls are not always allowed, and those for the conditions of groups. */
  readonly refusals: Topics;
  /** The errno of calls that are in no group. */
  readonly defaultErrno: number;
  /** For each native ABI, the other ABIs that its CPUs run and that the profile covers too. */
  readonly besides: Readonly<Partial<Record<AbiName, readonly AbiName[]>>>;
}

/** Reasons by topic, in the order of the documentation. */
export type Topics = Readonly<Record<string, Reasons>>;

/**
 * The names of syscalls, separated by whitespace, by the reason for what happens to them: one or two sentences. Names
 * that an ABI lacks are ignored there.
 */
export type Reasons = Readonly<Record<string, string>>;

/** Syscalls, and the reason for what happens to them. */
export interface Reason {
  readonly why: string;
  /** Names of syscalls, separated by whitespace. */
  readonly names: string;
}

/** Syscalls with the same rule, for the same reason. */
export interface Group extends Reason {
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

/** The names of the syscalls. */
export function namesOf({ names }: Pick<Reason, 'names'>): readonly string[] {
  return names.trim().split(/\s+/);
}

/** All groups, in the order of the document's rules. */
export function groupsOf({ allowed, conditional }: BuiltinDefinition): readonly Group[] {
  return [...reasonsIn(allowed), ...conditional];
}

/** All refusals. */
export function refusalsOf({ refusals }: BuiltinDefinition): readonly Reason[] {
  return reasonsIn(refusals);
}

/** All reasons of all topics. */
export function reasonsIn(topics: Topics): readonly Reason[] {
  return Object.values(topics).flatMap((reasons) => Object.entries(reasons).map(([why, names]) => ({ why, names })));
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
