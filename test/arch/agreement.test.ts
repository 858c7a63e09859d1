/**
 * Compares the kernels of other CPUs, and an older one, with the interpreter and the evaluator: all three
 * must decide the same calls alike.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Policy, PolicyCall } from '../../lib/policy/policy.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { loadProfile, profileOf } from '../../lib/profile/source.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import {
  decodeAnswers,
  disagreements,
  encodeQuestions,
  FIRST_ERRNO,
  type Inquiry,
  inquiry,
} from '../support/agreement.js';
import { policyOfAny, profile } from '../support/arbitrary.js';
import { callsOn, showCall } from '../support/calls.js';
import { corpusOn } from '../support/corpus.js';
import { type Job, PATIENCE_MS, runJobs } from './guest.js';
import { kernelOf, MACHINES, type Machine, obstacleTo } from './machines.js';

const SEED = 20_260_902;

const NOTHING_ALLOWED = 'nothing allowed';

/** A policy, and the calls to test on one ABI. */
interface Question extends Inquiry {
  readonly name: string;
  readonly abi: AbiName;
}

/** One kernel for each CPU: what a filter decides does not depend on the kernel's version. */
const COMPARED = MACHINES.filter(({ name }) => ['arm64-6.12', 'riscv64-newest', 'amd64-6.1'].includes(name));

const asked = new Map(
  COMPARED.filter((machine) => obstacleTo(machine) === undefined).map((machine) => [
    machine,
    [...questionsFor(machine)],
  ]),
);
const answers = new Map<Question, readonly number[]>();

beforeAll(async () => {
  await Promise.all([...asked].map(([machine, questions]) => ask(machine, questions)));
}, PATIENCE_MS);

describe.each(COMPARED)('kernel = interpreter = evaluator, on $name', (machine) => {
  const questions = asked.get(machine);
  if (questions === undefined) {
    test('is tested', ({ skip }) => skip(obstacleTo(machine)));
    return;
  }

  describe(`Linux ${kernelOf(machine).release}`, () => {
    test.each(questions)('for $name, by calls of $abi', (question) => {
      const witnesses = disagreements(question, answers.get(question) ?? []);
      expect(witnesses.slice(0, 5), `of ${question.calls.length} calls`).toEqual([]);
      expect(question.calls.length).toBeGreaterThan(1000);
    });

    test.each(machine.abis)('every number of %s is passed to a filter', (abi) => {
      const question = questions.find((each) => each.abi === abi && each.name === NOTHING_ALLOWED);
      const kept = question?.calls.filter((_, i) => answers.get(question)?.[i] !== FIRST_ERRNO);
      expect(kept?.map(showCall)).toEqual([]);
    });

    test('covers most profiles of the corpus', () => {
      const known = corpusOn(hostOf(machine));
      expect(known.filter((entry) => 'profile' in entry).length).toBeGreaterThan(known.length / 2);
    });
  });
});

/** Profiles are resolved for this kernel version. The decisions of the filter do not depend on the kernel. */
function hostOf({ abis: [abi] }: Machine): Host {
  return { abi, kernel: { major: 6, minor: 18 }, capabilities: new Set() };
}

function* questionsFor(machine: Machine): Generator<Question> {
  for (const [name, policy] of policiesFor(machine)) {
    for (const abi of machine.abis) yield { name, abi, ...inquiry(policy, callsFrom(abi, policy)) };
  }
}

/**
 * Policies by name: built-ins and random ones for all ABIs of the machine, and those of the corpus for the ABIs that
 * they list.
 */
function* policiesFor(machine: Machine): Generator<readonly [string, Policy]> {
  const host = hostOf(machine);
  const withAllAbis: Host = { ...host, abis: machine.abis.slice(1) };
  yield [NOTHING_ALLOWED, resolve(profileOf({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }), withAllAbis)];
  const dockerDefault = loadProfile('docker-default');
  for (const capabilities of [[], ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE']]) {
    const name = `docker-default with ${capabilities.join(' and ') || 'no capabilities'}`;
    yield [name, resolve(dockerDefault, { ...withAllAbis, capabilities: new Set(capabilities) })];
  }
  for (const [i, document] of fc.sample(profile(withAllAbis), { seed: SEED, numRuns: 20 }).entries()) {
    yield [`random profile ${i}`, policyOfAny(document, withAllAbis)];
  }
  for (const entry of corpusOn(host)) {
    if ('profile' in entry) yield [entry.name, resolve(entry.profile, host)];
  }
}

/** A 32-bit process sets 32 bits of each register. */
function callsFrom(abi: AbiName, policy: Policy): readonly PolicyCall[] {
  const { bits } = abiOf(abi);
  return [...callsOn([abi], policy)].map((call) => ({
    ...call,
    args: call.args.map((value) => BigInt.asUintN(bits, value)),
  }));
}

async function ask(machine: Machine, questions: readonly Question[]): Promise<void> {
  const source = new URL('../support/agreement.c', import.meta.url);
  const programs = new Map(machine.abis.map((abi) => [`/bin/${abi}`, { abi, source }]));
  const jobs = questions.map(({ abi, denyingFilter, calls }): Job => {
    return { command: [`/bin/${abi}`], input: encodeQuestions(denyingFilter, calls) };
  });
  const outputs = await runJobs(machine, jobs, { programs });
  for (const [i, each] of questions.entries()) {
    answers.set(each, decodeAnswers(outputs[i] ?? Buffer.of(), each.calls));
  }
}
