/**
 * What the filters that are on this process decide, whoever put them on.
 *
 * Below the filters nothing can be put any more, so a filter above them asks a tracer for each call: an errno is
 * stricter than that, and where the tracer is asked the filters below allow. Nothing is carried out; see
 * native/napi/probe.cc.
 */
import { compilePolicy } from '../../lib/filter/compile.js';
import { thisHost } from '../../lib/host.js';
import { addon } from '../../lib/native.js';
import type { Call } from '../../lib/policy/policy.js';
import { toNativeFilters } from '../../lib/sandbox/child/native-request.js';
import { abiOf } from '../../lib/syscalls/abi.js';

const TRACED = 3;
const RETURNED = 0;
/** None of the profiles' messages. */
const MESSAGE = 0xbeef;

/** What addon().probe reads: eight words a call. */
export function registersOf(calls: readonly Call[]): BigUint64Array {
  const x86 = abiOf('x86').audit;
  const int80 = process.arch === 'x64';
  return BigUint64Array.from(
    calls.flatMap(({ arch, number, args }) => [int80 && arch === x86 ? 1n : 0n, BigInt(number), ...args]),
  );
}

/** For each call an errno, by its number; or `allowed`, `traced`, `killed`. */
export function outerDecisions(registers: BigUint64Array): readonly (number | string)[] {
  const action = { kind: 'trace', message: MESSAGE } as const;
  const abis = [{ abi: abiOf(thisHost().abi), syscalls: new Map<number, never>() }];
  const base = compilePolicy(
    { abis, defaultAction: action, foreignAction: action },
    { gate: ['seccomp', 'exit_group'] },
  );
  const plan = { filters: [base], flags: [], supervision: undefined, agent: undefined };
  const answers = addon().probe(toNativeFilters(plan, true), registers, true);
  if ('error' in answers) throw new Error(`${answers.call}: errno ${answers.error}`);
  const told: (number | string)[] = [];
  for (let i = 0; i < answers.length; i += 2) told.push(inWords(answers[i] ?? 0, answers[i + 1] ?? 0));
  return told;
}

function inWords(kind: number, value: number): number | string {
  if (kind === TRACED) return value === MESSAGE ? 'allowed' : 'traced';
  return kind === RETURNED ? -value : 'killed';
}
