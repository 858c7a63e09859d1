/** Random and damaged documents: read or refused, soon, and never misread. SECCOMP_TEST_FUZZ_SECONDS says for how long. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeccompError } from '../../lib/errors.js';
import { compile } from '../../lib/filter/compile.js';
import { decode } from '../../lib/filter/instruction.js';
import { interpret } from '../../lib/filter/interpret.js';
import { actionOf, compareRestriction } from '../../lib/policy/action.js';
import { compare } from '../../lib/policy/algebra.js';
import type { Policy } from '../../lib/policy/policy.js';
import { loadProfile } from '../../lib/profile/load.js';
import type { ProfileFormat, ProfileMode } from '../../lib/profile/options.js';
import { type Profile, parseProfile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve.js';
import { stringify } from '../../lib/profile/stringify.js';
import { explain, theirAnswer } from '../peers/differences.js';
import { host, profile } from '../support/arbitrary.js';
import { callsOn, showCall } from '../support/calls.js';
import { libseccompFilter, libseccompObstacle, rulesOn, runcCutoffs, runcRules } from '../support/libseccomp.js';
import { damaged } from './documents.js';
import { type Random, randomOf } from './random.js';

const SECONDS = Number(process.env['SECCOMP_TEST_FUZZ_SECONDS'] ?? 2);
const SEED = Number(process.env['SECCOMP_TEST_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

/** Processor time in seconds after which a document counts as one that hangs: far more than any needs. */
const HANG = 15;

const x86: Host = { abi: 'x86_64', abis: ['x86', 'x32'], kernel: { major: 6, minor: 18 }, capabilities: new Set() };

const corpus = new URL('../../../shared/data/corpus/', import.meta.url);
const written = existsSync(corpus)
  ? readdirSync(corpus).map((file) => readFileSync(new URL(file, corpus), 'utf8'))
  : [];
const builtins = ['docker-default', 'podman-default'].map((name) => {
  const builtin = loadProfile(name);
  return builtin === null ? expect.fail(`${name} filters something`) : stringify(builtin);
});

/** A profile: one that somebody wrote, or a random one, which is small. */
function document(random: Random): string {
  return random.below(2) === 0 ? random.of([...written, ...builtins], '') : small(random);
}

/** A random profile, of as many rules at most. */
function small(random: Random, most = 12): string {
  const [made] = fc.sample(host.chain(profile), { seed: random.below(2 ** 31), numRuns: 1 });
  const few = { ...made, syscalls: made?.syscalls?.slice(0, most) };
  return JSON.stringify(few, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
}

/** What `work` comes to; undefined if it refuses as it should. Other errors are this package's mistakes. */
function unlessRefused<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SeccompError && error.code !== 'ERR_SECCOMP_PROOF') return undefined;
    throw error;
  }
}

/** Holds a document that is accepted to its meaning: the same when written and read again, in a filter that is proven. */
function expectMeaning(text: string, mode: ProfileMode, format?: ProfileFormat): void {
  const read = unlessRefused(() => parseProfile(text, { mode, ...(format && { format }) }));
  if (read === undefined) return;
  const again = parseProfile(stringify(read), { mode, format: read.format });
  expect(again.document).toEqual(read.document);
  const policy = unlessRefused(() => resolve(read, x86));
  if (policy === undefined) return;
  expect(compare(policy, resolve(again, x86)).relation).toBe('equal');
  unlessRefused(() => compile(policy));
}

/** Calls that ours lets further than libseccomp fed as runc feeds it, for no reason that test/peers knows. */
function looser(read: Profile, policy: Policy): readonly string[] {
  const { instructions } = compile(policy, { prove: false });
  const rules = rulesOn(read, x86);
  const theirs = decode(libseccompFilter(runcRules(read, x86)), 'little');
  const comparison = { policy, rules, theirs, cutoffs: runcCutoffs(rules, policy) };
  return [...callsOn(['x86_64', 'x86', 'x32'], policy)].flatMap((call) => {
    const ours = interpret(instructions, call, 'little').value;
    const answer = theirAnswer(comparison, call, 'little');
    if (compareRestriction(actionOf(ours), actionOf(answer)) <= 0) return [];
    if (explain(comparison, call, ours, answer) !== undefined) return [];
    return [`${showCall(call)}: ours 0x${ours.toString(16)}, theirs 0x${answer.toString(16)}`];
  });
}

/** Whether libseccomp reads the rules one by one: with several conditional ones on a call its answer is not always theirs. */
function isSimple(read: Profile): boolean {
  const names = rulesOn(read, x86).flatMap((rule) =>
    rule.args.length === 0 ? [] : rule.names.flatMap((name) => (rule.args.length > 1 ? [name, name] : [name])),
  );
  return new Set(names).size === names.length;
}

/** Feeds documents for the time that there is, and tells on which one, by its seed, something failed. */
function feed(seconds: number, feedOne: (random: Random) => void): void {
  const end = performance.now() + seconds * 1000;
  for (let seed = SEED; performance.now() < end; seed++) {
    const before = process.cpuUsage();
    try {
      feedOne(randomOf(seed));
    } catch (error) {
      throw new Error(`with SECCOMP_TEST_FUZZ_SEED=${seed}`, { cause: error });
    }
    expect(process.cpuUsage(before).user / 1e6, `seconds, with SECCOMP_TEST_FUZZ_SEED=${seed}`).toBeLessThan(HANG);
  }
}

const FORMATS: readonly (ProfileFormat | undefined)[] = [undefined, 'docker', 'podman', 'oci'];

describe(`documents, for ${SECONDS} s`, { timeout: SECONDS * 1000 + 120_000 }, () => {
  test('are read or refused, and mean the same when written and read again', () => {
    feed(SECONDS / 2, (random) => {
      const text = damaged(random, document(random), document(random));
      expectMeaning(text, random.of(['strict', 'compat'], 'compat'), random.of(FORMATS, undefined));
    });
  });

  const reason = libseccompObstacle();
  test.skipIf(reason !== undefined)(
    `let nothing through that runc would not${reason ? ` (skipped: ${reason})` : ''}`,
    () => {
      feed(SECONDS / 2, (random) => {
        const text = damaged(random, document(random), document(random));
        const read = unlessRefused(() => parseProfile(text, { mode: 'compat', format: 'docker' }));
        const policy = read && isSimple(read) ? unlessRefused(() => resolve(read, x86)) : undefined;
        if (read !== undefined && policy !== undefined) expect(looser(read, policy).slice(0, 5)).toEqual([]);
      });
    },
  );
});
