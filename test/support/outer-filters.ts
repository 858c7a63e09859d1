/**
 * The decisions of the filters that are attached to this process already, such as those of a container engine.
 *
 * Another filter is attached that notifies a tracer of each call. An errno takes precedence over that: if the tracer is
 * notified, the other filters allow the call. No call is executed: see native/napi/probe.cc.
 */
import { compilePolicy } from '../../lib/filter/compile.js';
import { thisHost } from '../../lib/host.js';
import { addon } from '../../lib/native.js';
import type { PolicyCall } from '../../lib/policy/policy.js';
import { toNativeFilters } from '../../lib/sandbox/child/native-request.js';
import { abiOf } from '../../lib/syscalls/abi.js';

const TRACED = 3;
const RETURNED = 0;
/** A message of SECCOMP_RET_TRACE that no profile uses. */
const MESSAGE = 0xbeef;

/** The input of addon().probe: eight words for each call. */
export function registersOf(calls: readonly PolicyCall[]): BigUint64Array {
  const x86 = abiOf('x86').audit;
  const int80 = process.arch === 'x64';
  return BigUint64Array.from(
    calls.flatMap(({ arch, number, args }) => [int80 && arch === x86 ? 1n : 0n, BigInt(number), ...args]),
  );
}

/** For each call its errno, or `allowed`, `traced` or `killed`. */
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
  const decisions: (number | string)[] = [];
  for (let i = 0; i < answers.length; i += 2) decisions.push(inWords(answers[i] ?? 0, answers[i + 1] ?? 0));
  return decisions;
}

function inWords(kind: number, value: number): number | string {
  if (kind === TRACED) return value === MESSAGE ? 'allowed' : 'traced';
  return kind === RETURNED ? -value : 'killed';
}
