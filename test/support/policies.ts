/** The policies of a profile on many hosts, and the differences between two of them, as text. */
import { expect } from 'vitest';
import type { AbiPolicy, Action, Condition, Decision, Policy } from '../../lib/policy/policy.js';
import type { Profile } from '../../lib/profile/profile.js';
import { type Host, resolve } from '../../lib/profile/resolve/resolve.js';
import { ABIS, type AbiName } from '../../lib/syscalls/abi.js';
import { CAPABILITIES } from '../../lib/syscalls/capabilities.js';
import { syscallNames, syscallNumber } from '../../lib/syscalls/table.js';

const NEW_KERNEL: Host['kernel'] = { major: 6, minor: 18 };
const KERNELS: readonly Host['kernel'][] = [{ major: 4, minor: 7 }, { major: 4, minor: 8 }, NEW_KERNEL];

/** Sets of capabilities: each one alone, and all but that one. */
function singledOut(names: readonly string[]): readonly ReadonlySet<string>[] {
  return names.flatMap((name) => [new Set([name]), new Set<string>(CAPABILITIES.filter((other) => other !== name))]);
}

/** The capabilities that rules name. */
function namedIn(profiles: readonly Profile[]): readonly string[] {
  const conditions = profiles.flatMap(({ document }) =>
    document.syscalls.flatMap((rule) => [rule.includes, rule.excludes]),
  );
  return [...new Set(conditions.flatMap((condition) => condition?.caps ?? []))];
}

/**
 * The hosts on which `profiles` could differ if `abi` is native: each kernel with no capability, with all and with random
 * ones; and the newest with every so many-th capability that a rule names, alone and missing. On x86_64, with each of all.
 */
function* hostsOf(abi: AbiName, every: number, profiles: readonly Profile[]): Generator<Host> {
  const random = generator(20_480_601 + [...ABIS.keys()].indexOf(abi));
  const anyOf = () => new Set<string>(CAPABILITIES.filter(() => random() < 0.5));
  for (const kernel of KERNELS)
    for (const capabilities of [new Set<string>(), new Set<string>(CAPABILITIES), anyOf(), anyOf()])
      yield { abi, kernel, capabilities };
  const first = [...ABIS.keys()].indexOf(abi) % every;
  const some = namedIn(profiles).filter((_, i) => i % every === first);
  for (const capabilities of singledOut(abi === 'x86_64' ? CAPABILITIES : some))
    yield { abi, kernel: NEW_KERNEL, capabilities };
}

/** Expects two profiles to decide every call alike on all hosts with a native ABI, or with a part of their capabilities. */
export function expectSame(abi: AbiName, ours: Profile, theirs: Profile, every: number): void {
  for (const host of hostsOf(abi, every, [ours, theirs])) {
    const difference = differences(resolve(ours, host), resolve(theirs, host));
    const { major, minor } = host.kernel;
    const where = `${abi}, Linux ${major}.${minor}, capabilities [${[...host.capabilities].join(' ')}]`;
    if (difference.length > 0) expect.fail(`${where}:\n${difference.join('\n')}`);
  }
}

/** Pseudo-random numbers in [0, 1), the same in each run. Source: mulberry32, public domain. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The differences between two policies, as text. The order of decisions with the same action has no meaning. */
export function differences(ours: Policy, theirs: Policy): readonly string[] {
  const head = ({ abis, defaultAction, foreignAction }: Policy) =>
    `ABIs ${abis.map(({ abi }) => abi.name).join(' ')}, default ${inWords(defaultAction)}, foreign ${inWords(foreignAction)}`;
  if (head(ours) !== head(theirs)) return [`ours ${head(ours)}; theirs ${head(theirs)}`];
  return ours.abis.flatMap((abi, i) => {
    const other = theirs.abis[i];
    return other === undefined ? [] : abiDifferences(abi, other);
  });
}

function abiDifferences(ours: AbiPolicy, theirs: AbiPolicy): readonly string[] {
  const [ranges, others] = [ours, theirs].map((each) => JSON.stringify(each.ranges ?? []));
  if (ranges !== others) return [`${ours.abi.name}: ours ${ranges}, theirs ${others}`];
  const numbers = new Set([...ours.syscalls.keys(), ...theirs.syscalls.keys()]);
  return [...numbers].flatMap((number) => {
    const plain = plainAction(ours, number);
    if (plain !== undefined && plain === plainAction(theirs, number)) return [];
    const [one, other] = [ours, theirs].map(({ syscalls }) => decisionsInWords(syscalls.get(number)));
    if (one === other) return [];
    const names = [...syscallNames()].filter((name) => syscallNumber(ours.abi.name, name) === number);
    return [`${ours.abi.name} ${names.join('=')}: ours ${one}, theirs ${other}`];
  });
}

/** The action for a number whatever the arguments, as text. Most have one, which makes the comparison fast. */
function plainAction({ syscalls }: AbiPolicy, number: number): string | undefined {
  const decision = syscalls.get(number)?.[0];
  return decision?.conditions.length === 0 ? inWords(decision.action) : undefined;
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

/** `errno 1`, or the kind of the action. */
export function inWords(action: Action): string {
  return action.kind === 'errno' ? `errno ${action.errno}` : action.kind;
}
