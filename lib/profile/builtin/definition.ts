/** The form in which built-in profiles are written: groups of syscalls, each with one sentence of why. */
import { ABIS, type AbiName, abiOf } from '../../syscalls/abi.js';
import type { Capability } from '../../syscalls/capabilities.js';
import { has, own } from '../../util/own-data.js';
import { type Argument, type CheckedDocument, type Conditions, emptyDocument, type Rule } from '../document/types.js';

/** What a built-in profile says: all that is allowed, and why the rest is not. */
export interface BuiltinDefinition {
  /** What is allowed always. */
  readonly allowed: Topics<Group>;
  /** What is decided by arguments, or by facts of the host. */
  readonly conditional: readonly Group[];
  readonly refusals: Topics<Refusal>;
  /** With what a call fails that is in no group. */
  readonly defaultErrno: number;
  /** For a native ABI, the others that its CPUs run too and that are decided beside it. */
  readonly besides: Readonly<Partial<Record<AbiName, readonly AbiName[]>>>;
}

/** Lists by what they are about, in a sensible order. */
export type Topics<Item> = Readonly<Record<string, readonly Item[]>>;

/** Source: asm-generic/errno-base.h, asm-generic/errno.h. */
export const EPERM = 1;
export const EACCES = 13;
export const EINVAL = 22;
export const ENOSYS = 38;

/** Syscalls that are decided alike, for one reason. */
export interface Group {
  /** One sentence: what they are for, or why they are decided so. */
  readonly why: string;
  /** Names of syscalls, separated by whitespace. One that an ABI lacks is left out there. */
  readonly names: string;
  /** The group counts only if all of this is so. */
  readonly when?: HostRequirement;
  /** The group does not count if any of this is so. */
  readonly unless?: HostRequirement;
  /** The group counts only for a call that passes one of these tests; a list of them is passed if all are. */
  readonly args?: readonly (ArgumentCheck | readonly ArgumentCheck[])[];
  /** The calls fail with this errno. Default: they are allowed. */
  readonly errno?: number;
}

/** Facts of a host. */
export interface HostRequirement {
  /** The process holds all of these capabilities; in `unless`, any of them. */
  readonly capabilities?: readonly Capability[];
  /** The native ABI is one of these. */
  readonly native?: readonly AbiName[];
  /** The kernel has at least this version, `4.8`. */
  readonly kernel?: string;
}

/**
 * A test of one argument, unsigned: `noneOf` that all of these bits are 0, `bits` that those of a mask are these, the
 * others as they say.
 */
export type ArgumentCheck = { readonly argument: number } & (
  | { readonly below: number }
  | { readonly equals: number }
  | { readonly differs: number }
  | { readonly above: number }
  | { readonly noneOf: number }
  | { readonly bits: number; readonly mask: number }
);

/** Why calls are not plainly allowed. Where a group allows them after all, this is what its conditions guard against. */
export interface Refusal {
  /** Names of syscalls, separated by whitespace. */
  readonly names: string;
  /** One sentence. */
  readonly why: string;
}

/** The names of a group or a refusal. */
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

/** The document that says the same, as reading one in Docker's form would give it. */
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

/** One rule, or one for each test of `args`: the rules of a document are alternatives. */
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

function conditionOf(circumstances: HostRequirement): Conditions {
  const { capabilities, native, kernel } = own(circumstances);
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
