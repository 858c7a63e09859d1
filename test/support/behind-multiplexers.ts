/** Profiles that name calls behind socketcall and ipc, against what docs/reference/profile-format.md says of them. */
import { expect } from 'vitest';
import { ProfileError } from '../../lib/errors.js';
import { compareRestriction } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action } from '../../lib/policy/policy.js';
import type { ActionName } from '../../lib/profile/document/types.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../lib/profile/source.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { multiplexersOf } from '../../lib/syscalls/multiplexers.js';
import { syscallName, syscallNumber, syscallsOf } from '../../lib/syscalls/table.js';
import { generator } from './policies.js';

export const MULTIPLEXING = ['x86', 's390x', 'ppc64'] as const satisfies readonly AbiName[];

const ENOSYS: Action = { kind: 'errno', errno: 38 };

const ACTIONS: readonly (readonly [ActionName, Action])[] = [
  ['SCMP_ACT_ALLOW', { kind: 'allow' }],
  ['SCMP_ACT_LOG', { kind: 'log' }],
  ['SCMP_ACT_ERRNO', { kind: 'errno', errno: 1 }],
  ['SCMP_ACT_TRAP', { kind: 'trap' }],
  ['SCMP_ACT_KILL_THREAD', { kind: 'kill-thread' }],
  ['SCMP_ACT_KILL_PROCESS', { kind: 'kill-process' }],
];

/** Names that no multiplexer makes, low, high and missing ones. */
const OTHERS = ['read', 'restart_syscall', 'lseek', 'statx', 'clone3', 'openat', 'socketcall', 'ipc', 'arch_prctl'];

/** What is said of a name: with `value`, only of calls whose second argument has it. */
interface Said {
  readonly action: Action;
  readonly value: bigint | undefined;
}

type Mode = 'compat' | 'strict';

interface Read {
  readonly abi: AbiName;
  readonly mode: Mode;
  readonly otherwise: Action;
  readonly said: ReadonlyMap<string, Said>;
}

/** What the page says of a call. */
function documented({ abi, mode, otherwise, said: all }: Read, number: number, args: readonly bigint[]): Action {
  const said = mode === 'strict' ? all : new Map([...all].filter(([, { action }]) => action !== otherwise));
  const multiplexers = multiplexersOf(abi);
  const behind = (name: string) => multiplexers.find(({ calls }) => calls.has(name));
  const numbers = [...all.keys()].flatMap((name) => {
    const own = syscallNumber(abi, name);
    if (mode === 'compat') return own === undefined || own === 0 || behind(name) !== undefined ? [] : [own];
    return own ?? behind(name)?.number ?? [];
  });
  const isCutOff = numbers.length > 0 && !['allow', 'log', 'trace'].includes(otherwise.kind);
  const isNewer = number > Math.max(...numbers) || (abi === 's390x' && number === 0);
  const name = syscallName(abi, number);
  const own = name === undefined ? undefined : said.get(name);
  if (isCutOff && isNewer) return ENOSYS;
  if (own !== undefined) return own.value === undefined || args[1] === own.value ? own.action : otherwise;
  const multiplexer = multiplexers.find((each) => each.number === number);
  if (multiplexer === undefined) return otherwise;
  const call = BigInt.asUintN(32, args[0] ?? 0n) & multiplexer.mask;
  const [made] = [...multiplexer.calls].filter(([, value]) => value === call).map(([each]) => said.get(each) ?? null);
  if (made === undefined || made === null) return otherwise;
  return made.value === undefined || compareRestriction(made.action, otherwise) <= 0 ? made.action : otherwise;
}

/** Checks so many random profiles, and returns how many of them were valid. */
export function checkBehindMultiplexers(seed: number, count: number): number {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <Item>(list: readonly Item[]): Item => list[below(list.length)] as Item;
  let valid = 0;
  for (let i = 0; i < count; i++) {
    const abi = MULTIPLEXING[i % 3] ?? 'x86';
    const mode: Mode = pick(['compat', 'strict']);
    const [defaultAction, otherwise] = pick(ACTIONS);
    const behind = multiplexersOf(abi).flatMap(({ calls }) => [...calls.keys()]);
    const names = new Set([...Array(1 + below(6)).keys()].map(() => pick(random() < 0.6 ? behind : OTHERS)));
    const said = new Map<string, Said>();
    const syscalls = [...names].map((name) => {
      const [action, meant] = pick(ACTIONS);
      const value = random() < 0.2 ? BigInt(below(3)) : undefined;
      said.set(name, { action: meant, value });
      return {
        names: [name],
        action,
        args: value === undefined ? [] : [{ index: 1, value, op: 'SCMP_CMP_EQ' as const }],
      };
    });
    const document = { defaultAction, syscalls };
    const kernel = { major: 6, minor: 18 };
    const host = { abi, abis: [], kernel, capabilities: new Set<string>() };
    const policy = unlessInvalid(() => resolve(profileOf(document, { mode }), host));
    if (policy === undefined) continue;
    valid++;
    const multiplexers = multiplexersOf(abi);
    const numbers = new Set([0, 1, 500, 0xffff_ffff, ...[...names].flatMap((name) => syscallNumber(abi, name) ?? [])]);
    for (const { number } of multiplexers) numbers.add(number);
    for (let more = 0; more < 4; more++) numbers.add(pick([...syscallsOf(abi).values()]));
    for (const number of numbers)
      for (const first of [...Array(25).keys()].map(BigInt)) {
        const args = [first, BigInt(below(3)), 0n, 0n, 0n, 0n];
        const action = evaluate(policy, { arch: abiOf(abi).audit, number, args });
        const wanted = documented({ abi, mode, otherwise, said }, number, args);
        if (JSON.stringify(action) !== JSON.stringify(wanted))
          expect({ document, abi, mode, number, args, action }).toEqual({
            document,
            abi,
            mode,
            number,
            args,
            action: wanted,
          });
      }
  }
  return valid;
}

function unlessInvalid<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProfileError) return undefined;
    throw error;
  }
}
