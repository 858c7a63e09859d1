/** Our filter for a profile beside libseccomp's: what each decides on the same calls. */
import { describe, expect, test } from 'vitest';
import { BPF, decodeInstructions, type Instruction } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { actionOf as actionFor, compareRestriction, returnValue } from '../../lib/policy/action.js';
import type { Policy, PolicyCall } from '../../lib/policy/policy.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../lib/profile/source.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { callsAbout, callsOn, showCall } from '../support/calls.js';
import { corpusOn } from '../support/corpus.js';
import { libseccompFilter, type Optimize, rulesOn, runcCutoffs, runcRules } from '../support/libseccomp.js';
import { type Comparison, explain, theirAnswer } from './differences.js';

/** Machines by their ABIs, the native one first. libseccomp knows all of them on any. */
export const MACHINES: readonly (readonly AbiName[])[] = [
  ['x86_64', 'x86', 'x32'],
  ['aarch64', 'arm'],
  ['s390x', 's390'],
  ['riscv64'],
  ['ppc64le'],
];

/** Calls of ABIs that are tested on every machine, listed or not. */
const OTHERS = [...callsOn(['x86', 'x32', 'arm'])];

/** The calls on which the two are compared. */
export type Calls = (abis: readonly AbiName[], policy: Policy) => readonly PolicyCall[];

export const unlistedCalls: Calls = (abis) => {
  const listed = new Set(abis.map((abi) => abiOf(abi).audit));
  return OTHERS.filter(({ arch }) => !listed.has(arch));
};

/** Of ABIs that are not listed, which both decide without a look at the numbers, every so many-th. */
const someUnlisted: Calls = (abis, policy) => unlistedCalls(abis, policy).filter((_, i) => i % 64 === 0);

/** All that the policy or an ABI names. */
export const allCalls: Calls = (abis, policy) => [...callsOn(abis, policy), ...someUnlisted(abis, policy)];

/** Those that the policy names, with the numbers beside them: enough for one with few rules. */
export const fewCalls: Calls = (abis, policy) => [...callsAbout(abis, policy), ...someUnlisted(abis, policy)];

export function hostOf([abi = 'x86_64', ...abis]: readonly AbiName[], capabilities: readonly string[] = []): Host {
  return { abi, abis, kernel: { major: 6, minor: 18 }, capabilities: new Set(capabilities) };
}

/** Our policy for a profile, and the filter that libseccomp makes of the rules that runc passes to it. */
export function readBoth(source: Profile, host: Host, optimize?: Optimize): Comparison {
  const policy = resolve(source, host);
  const rules = rulesOn(source, host);
  const program = decodeInstructions(libseccompFilter(runcRules(source, host, optimize)), abiOf(host.abi).endian);
  return { policy, rules, theirs: repaired(program, policy), cutoffs: runcCutoffs(rules, policy) };
}

/** As container runtimes read it. */
export const compat = (document: ProfileDocument) => profileOf(document, { mode: 'compat' });

/**
 * Made for the other byte order, some returns of libseccomp's are swapped once too often (2.6.0; a machine of that
 * order swaps nothing). They are recognized as values that are not actions of the policy.
 */
function repaired(program: readonly Instruction[], policy: Policy): readonly Instruction[] {
  const decisions = policy.abis.flatMap(({ syscalls }) => [...syscalls.values()].flat());
  const values = new Set([policy.defaultAction, ...decisions.map(({ action }) => action)].map(returnValue));
  return program.map((instruction) => {
    const swapped = Buffer.from(Uint32Array.of(instruction.k).buffer).readUInt32BE();
    const isSwapped = instruction.code === BPF.ret && !values.has(instruction.k) && values.has(swapped);
    return isSwapped ? { ...instruction, k: swapped } : instruction;
  });
}

export interface Outcome {
  readonly calls: number;
  /** How often each listed difference occurs. */
  readonly seen: ReadonlyMap<string, number>;
  /** Calls that differ for no listed reason, with both answers. */
  readonly unexplained: readonly string[];
}

/** Whether our action is at least as restrictive as theirs, which then needs no other reason. */
export function isStricter(ours: number, theirs: number): boolean {
  return compareRestriction(actionFor(ours), actionFor(theirs)) <= 0;
}

/** Compares the decisions of both. */
export function compare(
  comparison: Comparison,
  callsFor = allCalls,
  isFine: (ours: number, theirs: number) => boolean = () => false,
): Outcome {
  const { policy } = comparison;
  const filter = compilePolicy(policy);
  const { endian } = abiOf(filter.abis[0] ?? 'x86_64');
  const seen = new Map<string, number>();
  const unexplained: string[] = [];
  const calls = callsFor(filter.abis, policy);
  for (const call of calls) {
    const ourAnswer = interpret(filter.instructions, call, endian).value;
    const answer = theirAnswer(comparison, call, endian);
    if (ourAnswer === answer) continue;
    const difference = isFine(ourAnswer, answer) ? 'stricter' : explain(comparison, call, ourAnswer, answer)?.name;
    if (difference !== undefined) seen.set(difference, (seen.get(difference) ?? 0) + 1);
    else unexplained.push(`${showCall(call)}: ours 0x${ourAnswer.toString(16)}, theirs 0x${answer.toString(16)}`);
  }
  return { calls: calls.length, seen, unexplained };
}

/** Expects both filters to decide alike, but for the listed differences. */
export function expectAgreement(source: Profile, host: Host, callsFor = allCalls, optimize?: Optimize): void {
  const { calls, unexplained } = compare(readBoth(source, host, optimize), callsFor);
  expect(unexplained.slice(0, 5), `of ${calls} calls`).toEqual([]);
  expect(calls).toBeGreaterThan(callsFor === allCalls ? 1000 : 30);
}

/** The capabilities that Docker gives a container by default, as far as its profile refers to them. */
const DOCKER_CAPABILITIES = ['CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_AUDIT_WRITE', 'CAP_NET_RAW'];

/** Tests built-in profiles with the capabilities and optimizations whose position is taken. */
export function testBuiltins(abis: readonly AbiName[], isTaken: (position: number) => boolean): void {
  const all = [
    ['no capabilities', 1, []],
    ['no capabilities', 2, []],
    ['those of a container', 2, DOCKER_CAPABILITIES],
    ['CAP_SYS_ADMIN and more', 2, ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_BPF']],
  ] as const;
  describe.each(['docker-default', 'podman-default'])('for %s', (name) => {
    test.each(all.filter((_, i) => isTaken(i)))('with %s, CTL_OPTIMIZE=%i', (_, optimize, capabilities) => {
      expectAgreement(loadProfile(name), hostOf(abis, capabilities), allCalls, optimize);
    });
  });
}

/** Tests the profiles of other projects whose position is taken. */
export function testCorpus(host: Host, isTaken: (position: number) => boolean): void {
  for (const entry of corpusOn(host, isTaken)) {
    if ('refusal' in entry) test(`for ${entry.name}`, ({ skip }) => skip(`it is refused: ${entry.refusal}`));
    else test(`for ${entry.name}`, () => expectAgreement(entry.profile, host));
  }
}
