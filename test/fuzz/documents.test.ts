/**
 * Random and damaged documents are read or refused, and never misread. SECCOMP_TEST_FUZZ_DOCUMENTS is their number in each
 * test (default: 60), SECCOMP_TEST_SEED the seed of the first one.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import { decodeInstructions, type Instruction } from '../../lib/filter/bpf/instruction.js';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { actionOf, compareRestriction } from '../../lib/policy/action.js';
import { compare } from '../../lib/policy/algebra.js';
import type { Policy } from '../../lib/policy/policy.js';
import type { ProfileFormat, ProfileMode } from '../../lib/profile/document/options.js';
import type { Argument, ConditionDocument, Rule } from '../../lib/profile/document/types.js';
import { type Profile, stringify } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile, parseProfile } from '../../lib/profile/source.js';
import { explain, REFUSAL, theirAnswer } from '../peers/differences.js';
import { host, profile } from '../support/arbitrary.js';
import { callsAbout, showCall } from '../support/calls.js';
import { corpusFiles } from '../support/corpus.js';
import {
  alternativesOf,
  libseccompFilter,
  libseccompObstacle,
  actionOf as ruleAction,
  rulesOn,
  runcCutoffs,
  runcRules,
} from '../support/libseccomp.js';
import { SEED } from '../support/seed.js';
import { damaged } from './documents.js';
import { type Random, randomOf } from './random.js';

const DOCUMENTS = Number(process.env['SECCOMP_TEST_FUZZ_DOCUMENTS'] ?? 60);

const x86: Host = { abi: 'x86_64', abis: ['x86', 'x32'], kernel: { major: 6, minor: 18 }, capabilities: new Set() };

/** The same host, but with the ABIs that the document lists. */
const machine: Host = { abi: 'x86_64', kernel: { major: 6, minor: 1 }, capabilities: new Set(['CAP_CHOWN']) };

const written = corpusFiles.map(({ text }) => text);
const builtins = ['docker-default', 'podman-default'].map((name) => stringify(loadProfile(name)));

/** A profile of the corpus, a built-in, or a small random one. */
function document(random: Random): string {
  return random.below(2) === 0 ? random.of([...written, ...builtins], '') : small(random);
}

/** A random profile with at most `most` rules. */
function small(random: Random, most = 12): string {
  const [made] = fc.sample(host.chain(profile), { seed: random.below(2 ** 31), numRuns: 1 });
  const few = { ...made, syscalls: made?.syscalls?.slice(0, most) };
  return JSON.stringify(few, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
}

/** Adds conditions on the host, ABIs and flags to a document. */
function richer(random: Random, text: string): string {
  const parsed = parsedOrNull(text);
  if (typeof parsed !== 'object' || parsed === null || !('syscalls' in parsed) || !Array.isArray(parsed.syscalls))
    return text;
  const condition = () => random.of(CONDITIONS, {});
  const syscalls = parsed.syscalls.map((rule) =>
    random.below(3) > 0 ? rule : { ...rule, [random.of(['includes', 'excludes'], 'includes')]: condition() },
  );
  return JSON.stringify({ ...parsed, ...random.of(HEADS, {}), syscalls });
}

/** Three profiles of the corpus are not JSON. */
function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const CONDITIONS: readonly ConditionDocument[] = [
  { caps: ['CAP_CHOWN'] },
  { caps: ['CAP_CHOWN', 'CAP_SYS_ADMIN'] },
  { arches: ['amd64'] },
  { arches: ['arm64', 'x86'] },
  { minKernel: '4.8' },
  { minKernel: '6.2' },
  { minKernel: '' },
  { caps: [], arches: ['amd64'], minKernel: '6.1' },
];

const HEADS: readonly object[] = [
  {},
  { archMap: undefined, architectures: ['SCMP_ARCH_X86'] },
  { archMap: undefined, architectures: ['SCMP_ARCH_X32', 'SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] },
  { architectures: undefined, archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X32'] }] },
  { architectures: undefined, archMap: [{ architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] }] },
  { flags: [] },
  { flags: ['SECCOMP_FILTER_FLAG_LOG'] },
];

/** Returns the result of `work`, or undefined if it refuses its input. Other errors are bugs of this package. */
function unlessRefused<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SeccompError && error.code !== 'ERR_SECCOMP_PROOF') return undefined;
    throw error;
  }
}

/** Expects an accepted document to mean the same when it is written and read again, and its filter to be proven. */
function expectMeaning(text: string, mode: ProfileMode, format?: ProfileFormat): void {
  const read = unlessRefused(() => parseProfile(text, { mode, ...(format && { format }) }));
  if (read === undefined || read.isUnconfined) return;
  const again = parseProfile(stringify(read), { mode, format: read.format });
  expect(again.document).toEqual(read.document);
  const policy = unlessRefused(() => resolve(read, x86));
  if (policy === undefined) return;
  expect(compare(policy, resolve(again, x86)).relation).toBe('equal');
  unlessRefused(() => compilePolicy(policy));
}

/** Returns libseccomp's program; undefined if it refuses the rules for a known reason. */
function theirFilter(read: Profile, rules: readonly Rule[], policy: Policy): readonly Instruction[] | undefined {
  try {
    return decodeInstructions(libseccompFilter(runcRules(read, machine)), 'little');
  } catch (error) {
    const [, name] = /^rule \w+ (\w+).*: File exists$/m.exec(String(error)) ?? [];
    if (name !== undefined && REFUSAL.explains(name, rules, policy)) return undefined;
    throw error;
  }
}

/** Calls that our filter lets further than runc's does, for no reason that test/peers knows. */
function looser(read: Profile, policy: Policy): readonly string[] {
  const rules = rulesOn(read, machine);
  const theirs = theirFilter(read, rules, policy);
  if (theirs === undefined) return [];
  const { instructions } = compilePolicy(policy, { prove: false });
  const comparison = { policy, rules, theirs, cutoffs: runcCutoffs(rules, policy) };
  const abis = policy.abis.map(({ abi }) => abi.name);
  return [...callsAbout(['x86_64', 'x86', ...abis], policy)].flatMap((call) => {
    const ours = interpret(instructions, call, 'little').value;
    const answer = theirAnswer(comparison, call, 'little');
    if (compareRestriction(actionOf(ours), actionOf(answer)) <= 0) return [];
    if (explain(comparison, call, ours, answer) !== undefined) return [];
    return [`${showCall(call)}: ours 0x${ours.toString(16)}, theirs 0x${answer.toString(16)}`];
  });
}

/**
 * Whether libseccomp reads all rules right: on each call one with arguments, or several of one action that ask for
 * equality, or several that look at one argument of 32 bits. With others its answer is not always that of the rules.
 */
function isSimple(read: Profile): boolean {
  const byName = new Map<string, { readonly rule: Rule; readonly args: readonly Argument[] }[]>();
  for (const rule of rulesOn(read, machine)) {
    for (const name of new Set(rule.names)) {
      const statements = alternativesOf(rule).flatMap((args) => (args.length === 0 ? [] : { rule, args }));
      byName.set(name, [...(byName.get(name) ?? []), ...statements]);
    }
  }
  return [...byName.values()].every((statements) => {
    const [first] = statements;
    const isAlike = statements.every(({ rule }) =>
      isDeepStrictEqual(ruleAction(rule), first && ruleAction(first.rule)),
    );
    const all = statements.flatMap(({ args }) => args);
    const isEquality = all.every(({ op }) => op === 'SCMP_CMP_EQ' || op === 'SCMP_CMP_MASKED_EQ');
    const isNarrow = all.every(({ value, valueTwo = 0n }) => value < 2n ** 32n && valueTwo < 2n ** 32n);
    const isSingle = statements.every(({ args }) => args.length === 1);
    return statements.length <= 1 || (isAlike && isEquality) || (isSingle && isNarrow);
  });
}

/** Tests one document after the other; an error names the seed of its document. */
function feed(feedOne: (random: Random) => void): void {
  for (let seed = SEED; seed < SEED + DOCUMENTS; seed++) {
    try {
      feedOne(randomOf(seed));
    } catch (error) {
      // Continuous integration always shows the first line of an error.
      const [reason] = String(error instanceof Error ? error.message : error).split('\n');
      throw new Error(`with SECCOMP_TEST_SEED=${seed}: ${reason}`, { cause: error });
    }
  }
}

const FORMATS: readonly (ProfileFormat | undefined)[] = [undefined, 'docker', 'podman', 'oci'];

describe(`${DOCUMENTS} documents, from seed ${SEED} on`, { timeout: 180_000 + 1000 * DOCUMENTS }, () => {
  test('are read or refused, and keep their meaning when written and read again', () => {
    feed((random) => {
      const text = damaged(random, document(random), document(random));
      expectMeaning(text, random.of(['strict', 'compat'], 'compat'), random.of(FORMATS, undefined));
    });
  });

  test('allow nothing that runc would deny', ({ skip }) => {
    const obstacle = libseccompObstacle();
    skip(obstacle !== undefined, obstacle);
    feed((random) => {
      const text = damaged(random, richer(random, document(random)), document(random));
      const format = random.of(FORMATS, undefined);
      const read = unlessRefused(() => parseProfile(text, { mode: 'compat', ...(format && { format }) }));
      if (read === undefined || read.isUnconfined) return; // runc attaches no filter either.
      const policy = isSimple(read) ? unlessRefused(() => resolve(read, machine)) : undefined;
      if (policy === undefined) return;
      const found = looser(read, policy);
      if (found.length > 0) throw new Error(`${found.slice(0, 5).join('; ')}, for ${text}`);
    });
  });
});
