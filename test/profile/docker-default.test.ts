/** The built-in docker-default: equal in meaning to Docker's own profile on every host, and what that meaning is. */

import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { evaluate } from '../../lib/policy/evaluate.js';
import type { AbiPolicy, Action, Condition, Decision, Policy } from '../../lib/policy/policy.js';
import { DOCKER_DEFAULT } from '../../lib/profile/builtin/docker-default.js';
import { namesOf } from '../../lib/profile/builtin/form.js';
import { CAPABILITIES } from '../../lib/profile/capabilities.js';
import { loadProfile } from '../../lib/profile/load.js';
import { type Profile, parseProfile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNames, syscallNumber } from '../../lib/syscalls/table.js';

const KERNELS: readonly Host['kernel'][] = [
  { major: 4, minor: 7 },
  { major: 4, minor: 8 },
  { major: 6, minor: 18 },
];

function dockerDefault(): Profile {
  const profile = loadProfile('docker-default');
  if (profile === null) throw new Error('docker-default is a profile');
  return profile;
}

function policyOf(host: Partial<Host>): Policy {
  const base: Host = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set() };
  return resolve(dockerDefault(), { ...base, ...host });
}

/** What the policy decides for a call by name, in words. */
function decide(policy: Policy, name: string, args: readonly bigint[] = [], abi: AbiName = 'x86_64'): string {
  const number = syscallNumber(abi, name);
  if (number === undefined) throw new Error(`${abi} has no ${name}`);
  return inWords(evaluate(policy, { arch: abiOf(abi).audit, number, args }));
}

function inWords(action: Action): string {
  return action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
}

const EPERM = 'errno 1';

const file = new URL('../../../shared/data/moby-default.json', import.meta.url);
const skipped = existsSync(file) ? '' : ' (skipped: the reference is not in the repository)';

describe.skipIf(!existsSync(file))(`Docker's own profile${skipped}`, () => {
  const theirs = existsSync(file) ? parseProfile(readFileSync(file, 'utf8'), 'moby-default.json') : dockerDefault();

  test.each([...ABIS.keys()])('decides every call as ours does where %s is native', (abi) => {
    for (const kernel of KERNELS) {
      for (const capabilities of capabilitySets()) {
        const host: Host = { abi, kernel, capabilities };
        const difference = differences(resolve(dockerDefault(), host), resolve(theirs, host));
        const where = `${abi}, Linux ${kernel.major}.${kernel.minor}, capabilities [${[...capabilities].join(' ')}]`;
        if (difference.length > 0) expect.fail(`${where}:\n${difference.join('\n')}`);
      }
    }
  });

  test('decides every ABI as ours does when all are asked for at once', () => {
    const abis = [...ABIS.keys()];
    for (const abi of abis) {
      for (const capabilities of [new Set<string>(), new Set<string>(CAPABILITIES)]) {
        const host: Host = { abi, abis, kernel: { major: 6, minor: 18 }, capabilities };
        expect(differences(resolve(dockerDefault(), host), resolve(theirs, host)), `${abi} native`).toEqual([]);
      }
    }
  });

  test('would be told apart from one that differs in a single decision', () => {
    const ours = policyOf({});
    const [native] = ours.abis;
    if (native === undefined) throw new Error('a policy has its native ABI');
    const number = syscallNumber('x86_64', 'socket') ?? -1;
    const changed = new Map(native.syscalls).set(number, (native.syscalls.get(number) ?? []).slice(1));
    const other: Policy = { ...ours, abis: [{ ...native, syscalls: changed }, ...ours.abis.slice(1)] };
    expect(differences(ours, other)).toEqual([
      'x86_64 socket: ours allow if a0:32 lt 38 | allow if a0:32 eq 39 | allow if a0:32 gt 40, ' +
        'theirs allow if a0:32 eq 39 | allow if a0:32 gt 40',
    ]);
  });
});

/** None, each alone, all, all but each, and 200 random sets. */
function* capabilitySets(): Generator<ReadonlySet<string>> {
  yield new Set();
  yield new Set(CAPABILITIES);
  for (const name of CAPABILITIES) {
    yield new Set([name]);
    yield new Set(CAPABILITIES.filter((other) => other !== name));
  }
  const random = generator(20_480_601);
  for (let i = 0; i < 200; i++) yield new Set(CAPABILITIES.filter(() => random() < 0.5));
}

/** Numbers in [0, 1), the same at each run. Source: mulberry32, public domain. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where two policies say different things, in words. The order of decisions with one action has no meaning. */
function differences(ours: Policy, theirs: Policy): readonly string[] {
  const head = ({ abis, defaultAction, foreignAction }: Policy) =>
    `ABIs ${abis.map(({ abi }) => abi.name).join(' ')}, default ${inWords(defaultAction)}, foreign ${inWords(foreignAction)}`;
  if (head(ours) !== head(theirs)) return [`ours ${head(ours)}; theirs ${head(theirs)}`];
  return ours.abis.flatMap((abi, i) => {
    const other = theirs.abis[i];
    return other === undefined ? [] : abiDifferences(abi, other);
  });
}

function abiDifferences(ours: AbiPolicy, theirs: AbiPolicy): readonly string[] {
  const numbers = new Set([...ours.syscalls.keys(), ...theirs.syscalls.keys()]);
  return [...numbers].flatMap((number) => {
    const [one, other] = [ours, theirs].map(({ syscalls }) => decisionsInWords(syscalls.get(number)));
    if (one === other) return [];
    const names = [...syscallNames()].filter((name) => syscallNumber(ours.abi.name, name) === number);
    return [`${ours.abi.name} ${names.join('=')}: ours ${one}, theirs ${other}`];
  });
}

function decisionsInWords(decisions: readonly Decision[] | undefined): string {
  if (decisions === undefined) return 'the default';
  const texts = decisions.map(({ action, conditions }) =>
    [inWords(action), ...conditions.map(conditionInWords)].join(' if '),
  );
  const kinds = new Set(decisions.map(({ action }) => inWords(action)));
  return (kinds.size === 1 ? [...new Set(texts)].sort() : texts).join(' | ');
}

function conditionInWords(condition: Condition): string {
  const { index, width, op, value } = condition;
  return op === 'masked-eq'
    ? `a${index}:${width} & ${condition.mask} eq ${value}`
    : `a${index}:${width} ${op} ${value}`;
}
