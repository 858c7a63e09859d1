/** The running kernel against the interpreter and the evaluator: three answers to the same calls, which must be one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import { compiledOf, filterOf } from '../../lib/filter/filter.js';
import { denialsPolicy } from '../../lib/policy/confinement-denials.js';
import { denialsFor } from '../../lib/policy/denials.js';
import type { Policy, PolicyCall } from '../../lib/policy/policy.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../lib/profile/source.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { once } from '../../lib/util/memo.js';
import {
  allDisagreements,
  checkCorpusOn,
  disagreements,
  inquiry,
  kernelAnswers,
  misreadings,
} from '../support/agreement.js';
import { policyOfAny, profile } from '../support/arbitrary.js';
import { callsOn, showCall, tellingCalls } from '../support/calls.js';
import { corpusOn } from '../support/corpus.js';
import { describeUnless } from '../support/describe-unless.js';
import { statusOf } from '../support/processes.js';

const SEED = 20_260_901;

const host: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };
const withAllAbis: Host = { ...host, abis: ['x86', 'x32'] };

/** Denies every call, by one errno. */
const nothing: Policy = { abis: [], defaultAction: { kind: 'errno', errno: 1000 }, foreignAction: { kind: 'allow' } };
const denyAll = (() => {
  const everywhere = ['x86_64', 'x86', 'x32'] as const;
  return compilePolicy({
    ...nothing,
    abis: everywhere.map((name) => ({ abi: abiOf(name), syscalls: new Map() })),
    foreignAction: nothing.defaultAction,
  });
})();

/** Calls that the kernel does not pass to filters, since 6.11 and 6.18. Source: kernel/seccomp.c. */
const EXEMPT = new Set<number | undefined>(['uretprobe', 'uprobe'].map((name) => syscallNumber('x86_64', name)));
const isExempt = ({ arch, number }: PolicyCall) => arch === abiOf('x86_64').audit && EXEMPT.has(number);

/** The reason why the kernel can't be tested here; undefined if it can. */
function obstacle(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'needs Linux on x86_64';
  const calls = [...callsOn(['x86_64'])].filter((call) => !isExempt(call));
  const other = kernelAnswers(denyAll, calls).findIndex((answer) => answer !== 1000);
  if (other === -1 || statusOf('self').get('Seccomp') !== '2') return undefined;
  return 'another filter, on this process already, answers first';
}

/** The ABIs that this kernel supports: x86 is a build option. */
function askable(): readonly AbiName[] {
  const [getpid = 0] = kernelAnswers(denyAll, [
    { arch: abiOf('x86').audit, number: 20, args: [0n, 0n, 0n, 0n, 0n, 0n] },
  ]);
  return getpid === 1000 ? ['x86_64', 'x32', 'x86'] : ['x86_64', 'x32'];
}

const reason = obstacle();
const abis = reason === undefined ? askable() : [];

/** Every number of the supported ABIs. */
const callsFor = (policy: Policy) => [...callsOn(abis, policy)].filter((call) => !isExempt(call));

/** Profiles of other projects. */
const known = corpusOn(host);
const parsed = known.flatMap((entry, i) => ('profile' in entry ? [{ ...entry, i }] : []));

function expectAgreement(policy: Policy, calls = callsFor(policy), atLeast = 3000): void {
  const asked = inquiry(policy, calls);
  const witnesses = disagreements(asked, kernelAnswers(asked.denyingFilter, asked.calls));
  expect(witnesses.slice(0, 5), `of ${asked.calls.length} calls`).toEqual([]);
  expect(asked.calls.length).toBeGreaterThan(atLeast);
}

describeUnless(reason, `kernel = interpreter = evaluator, on ${abis.join(' + ')}`, () => {
  const dockerDefault = loadProfile('docker-default');
  test('for all that is denied to a child whatever its profile allows', () => {
    const gaps = { unixSockets: true, truncation: true, deviceIoctls: true };
    expectAgreement(denialsPolicy(abis, { ...denialsFor(true, gaps), supervised: true }));
  });

  test.each([
    ['no capabilities', []],
    ['CAP_SYS_ADMIN and CAP_SYS_PTRACE', ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE']],
  ] as const)('for docker-default with %s', (_, capabilities) => {
    expectAgreement(resolve(dockerDefault, { ...withAllAbis, capabilities: new Set(capabilities) }));
  });

  const random = fc.sample(profile(withAllAbis), { seed: SEED, numRuns: 6 });
  test.each(random.map((document, i) => ({ i, document })))('for random profile $i', ({ document }) => {
    expectAgreement(policyOfAny(document, withAllAbis));
  });

  // One process is asked about all of these.
  const answered = once(() => {
    const all = parsed.map(({ name, profile, i }) => {
      const policy = resolve(profile, i % 2 === 0 ? host : withAllAbis);
      const calls = [...tellingCalls(abis, policy)].filter((call) => !isExempt(call));
      return { name, asked: inquiry(policy, calls) };
    });
    const wrong = allDisagreements(all.map(({ asked }) => asked));
    return new Map(all.map(({ name, asked }, i) => [name, { asked, wrong: wrong[i] }]));
  });

  for (const [i, entry] of known.entries()) {
    if ('refusal' in entry) test(`for ${entry.name}`, ({ skip }) => skip(`it is refused: ${entry.refusal}`));
    else
      test(`for ${entry.name}, on ${i % 2 === 0 ? 'its own ABIs' : 'all ABIs'}`, () => {
        const { asked, wrong } = answered().get(entry.name) ?? {};
        expect(wrong?.slice(0, 5), `of ${asked?.calls.length} calls`).toEqual([]);
        expect(asked?.calls.length).toBeGreaterThan(150);
      });
  }

  test('covers most profiles of the corpus', () => {
    expect(parsed.length).toBeGreaterThan(known.length / 2);
  });

  test('a filter that decides one call differently is detected', () => {
    const policy = resolve(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }), withAllAbis);
    const asked = inquiry(policy, callsFor(policy));
    const instructions = asked.denyingFilter.instructions.map((each) =>
      each.k === 0x5_03e8 ? { ...each, k: 0x5_03e9 } : each,
    );
    const bytes = encodeInstructions(instructions, 'little');
    const damaged = filterOf({ ...compiledOf(asked.denyingFilter), instructions, bytes });
    const [witness] = disagreements(asked, kernelAnswers(damaged, asked.calls));
    expect(witness).toMatch(/x86_64 read\[0\].*the kernel action 0x80000000 \(errno 1001\).*0x50001/);
  });

  test('a filter that allows a call is not attached', () => {
    const allowing = compilePolicy({ ...nothing, abis: denyAll.policy.abis, defaultAction: { kind: 'allow' } });
    expect(() => kernelAnswers(allowing, [])).toThrow('the filter does not deny all calls');
  });

  test('every number is passed to a filter, except those of uretprobe and uprobe', () => {
    const calls = [...callsOn(abis)];
    const answers = kernelAnswers(denyAll, calls);
    const kept = calls.filter((call, i) => answers[i] !== 1000 && !isExempt(call));
    expect(kept.map(showCall)).toEqual([]);
  });
});

describe('interpreter = evaluator, on each ABI as the native one', () => {
  test.each([...ABIS.keys()])('%s: for docker-default', (abi) => {
    const dockerDefault = loadProfile('docker-default');
    const policy = resolve(dockerDefault, { ...host, abi });
    const calls = [...callsOn([...policy.abis.map((each) => each.abi.name), abi === 'arm' ? 'x86' : 'arm'], policy)];
    expect(misreadings(policy, abi, calls).slice(0, 5), `of ${calls.length} calls`).toEqual([]);
    expect(calls.length).toBeGreaterThan(1000);
  });

  // test/slow/agreement.test.ts has all of it.
  const parts = Math.min(16, parsed.length);
  test.each([...ABIS.keys()].map((abi, i) => [abi, i] as const))('%s: for a part of the corpus', (abi, i) => {
    const part = parsed.filter((_, each) => each % parts === i % parts);
    checkCorpusOn(abi, part);
  });
});
