/** Makes thousands of calls under the filter of a policy in the running kernel. None of them has an effect. */
import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { interpret } from '../../lib/filter/bpf/interpreter.js';
import { compilePolicy } from '../../lib/filter/compile.js';
import type { Filter } from '../../lib/filter/filter.js';
import { actionBase, returnValue } from '../../lib/policy/action.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import type { Action, Decision, Policy, PolicyCall } from '../../lib/policy/policy.js';
import type { Profile } from '../../lib/profile/profile.js';
import { resolve } from '../../lib/profile/resolve/resolve.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { showCall, tellingCalls } from './calls.js';
import { compileC } from './compile-c.js';

/** The first errno that represents an action. The kernel's own errnos end at 530 (linux/errno.h). */
export const FIRST_ERRNO = 1000;

/** The kernel's largest errno. */
const MAX_ERRNO = 4095;

/** A policy with the decisions of another one, but each of its actions is a different errno. */
export interface DenyingPolicy {
  readonly policy: Policy;
  /** The errno that represents an action. */
  readonly errnoOf: (action: number) => number;
  /** The action that a result of the kernel represents. */
  readonly show: (answer: number) => string;
}

/** Numbers the actions of `policy` in the order in which they first appear. */
export function denying(policy: Policy): DenyingPolicy {
  const numbers = new Map<number, number>();
  const deny = (action: Action): Action => {
    const value = returnValue(action);
    const errno = numbers.get(value) ?? FIRST_ERRNO + numbers.size;
    if (errno > MAX_ERRNO) throw new RangeError(`more actions than errnos: ${numbers.size}`);
    numbers.set(value, errno);
    return { kind: 'errno', errno };
  };
  const defaultAction = deny(policy.defaultAction);
  const foreignAction = deny(policy.foreignAction);
  const denyAll = (decisions: readonly Decision[]) =>
    decisions.map(({ conditions, action }) => ({ conditions, action: deny(action) }));
  const abis = policy.abis.map(({ abi, syscalls, ranges = [] }) => ({
    abi,
    syscalls: new Map([...syscalls].map(([number, decisions]) => [number, denyAll(decisions)])),
    ranges: ranges.map((range) => ({ ...range, decisions: denyAll(range.decisions) })),
  }));
  return {
    policy: { abis, defaultAction, foreignAction },
    errnoOf: (action) => numbers.get(action) ?? 0,
    show: (answer) => {
      const action = [...numbers].find(([, errno]) => errno === answer)?.[0];
      return action === undefined ? `${answer}, no action of the policy` : `action 0x${action.toString(16)}`;
    },
  };
}

/** A result that is not an errno: signal N ended the process. */
const ENDED_BY_SIGNAL = 10_000;

/** The filters of one policy: with its own actions, and with errnos in place of them. */
export interface Inquiry {
  readonly policy: Policy;
  readonly filter: Filter;
  readonly denied: DenyingPolicy;
  readonly denyingFilter: Filter;
  readonly calls: readonly PolicyCall[];
}

export function inquiry(policy: Policy, calls: readonly PolicyCall[]): Inquiry {
  const denied = denying(policy);
  // The calls show what a proof would: programs that decide as their policies do.
  const compile = (each: Policy) => compilePolicy(each, { prove: false });
  return { policy, filter: compile(policy), denied, denyingFilter: compile(denied.policy), calls };
}

/** The calls for which kernel, interpreter and evaluator disagree, with their results. `answers` are the kernel's. */
export function disagreements(
  { policy, filter, denied, denyingFilter, calls }: Inquiry,
  answers: readonly number[],
): readonly string[] {
  return calls.flatMap((call, i) => {
    const kernel = answers[i] ?? 0;
    const interpreted = interpret(filter.instructions, call, 'little').value;
    const denies = interpret(denyingFilter.instructions, call, 'little').value;
    const meant = returnValue(evaluate(policy, call));
    const agree = interpreted === meant && denies === actionBase('errno') + kernel && denied.errnoOf(meant) === kernel;
    if (agree) return [];
    const hex = (value: number) => `0x${value.toString(16)}`;
    return [
      `${showCall(call)}: the kernel ${denied.show(kernel)} (${showAnswer(kernel)}), ` +
        `the interpreter ${hex(interpreted)} (as errno ${hex(denies)}), the evaluator ${hex(meant)}`,
    ];
  });
}

/**
 * Makes `calls` under `filter` in the kernel. Returns the errno of each, or 10000 + N if signal N ended the process.
 * All arguments have 64 bits, on x86 too: a 64-bit process can fill its registers and call by int 0x80. The call reads
 * 32 bits of each, but a filter sees all of them (measured on Linux 6.18).
 *
 * @throws {Error} if the filter does not deny all calls, or can't be attached.
 */
export function kernelAnswers(filter: Filter, calls: readonly PolicyCall[]): readonly number[] {
  return decodeAnswers(ask([encodeQuestions(filter, calls)], calls.length), calls);
}

/** What the kernel, interpreter and evaluator disagree on, for each of `all`: `disagreements`, by one process. */
export function allDisagreements(all: readonly Inquiry[]): readonly (readonly string[])[] {
  const questions = all.map(({ denyingFilter, calls }) => encodeQuestions(denyingFilter, calls));
  const output = ask(
    questions,
    all.reduce((sum, { calls }) => sum + calls.length, 0),
  );
  let end = 0;
  return all.map((asked) => {
    const start = end;
    end += asked.calls.length * 8;
    return disagreements(asked, decodeAnswers(output.subarray(start, end), asked.calls));
  });
}

function ask(questions: readonly Uint8Array[], answers: number): Buffer {
  return execFileSync(compileC('agreement.c'), {
    input: Buffer.concat(questions),
    stdio: 'pipe',
    maxBuffer: 8 * answers + 4096,
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
}

/** The input of agreement.c. */
export function encodeQuestions(filter: Filter, calls: readonly PolicyCall[]): Uint8Array {
  const { bytes } = filter; // A copy each time.
  const input = new DataView(new ArrayBuffer(8 + bytes.length + calls.length * 64));
  input.setUint32(0, filter.instructions.length, true);
  input.setUint32(4, calls.length, true);
  new Uint8Array(input.buffer).set(bytes, 8);
  calls.forEach(({ arch, number, args }, i) => {
    const at = 8 + bytes.length + i * 64;
    input.setBigUint64(at, arch === abiOf('x86').audit ? 1n : 0n, true);
    input.setBigUint64(at + 8, BigInt(number), true);
    for (const [index, value] of args.entries()) input.setBigUint64(at + 16 + index * 8, value, true);
  });
  return new Uint8Array(input.buffer);
}

/** Reads the output of agreement.c: the result of each of `calls`, as for `kernelAnswers`. */
export function decodeAnswers(output: Buffer, calls: readonly PolicyCall[]): readonly number[] {
  if (output.length !== calls.length * 8) throw new RangeError(`${output.length} bytes for ${calls.length} answers`);
  return calls.map((_, i) => -Number(output.readBigInt64LE(i * 8)));
}

/** `errno 1` or `signal 4`. */
export function showAnswer(answer: number): string {
  return answer >= ENDED_BY_SIGNAL ? `signal ${answer - ENDED_BY_SIGNAL}` : `errno ${answer}`;
}

/** Calls to which a filter for a machine of `abi` answers what the policy does not say. */
export function misreadings(policy: Policy, abi: AbiName, calls: readonly PolicyCall[]): readonly string[] {
  const filter = compilePolicy(policy, { prove: false });
  return calls.flatMap((call) => {
    const interpreted = interpret(filter.instructions, call, abiOf(abi).endian).value;
    const meant = returnValue(evaluate(policy, call));
    if (interpreted === meant) return [];
    return [`${showCall(call)}: interpreter 0x${interpreted.toString(16)}, evaluator 0x${meant.toString(16)}`];
  });
}

/** Expects filters for a machine of `abi` to decide as their policies do. */
export function checkCorpusOn(abi: AbiName, corpus: readonly { readonly name: string; readonly profile: Profile }[]) {
  let calls = 0;
  const wrong = corpus.flatMap(({ name, profile }) => {
    // The ABIs that the profiles list have the other byte order on some of these machines.
    const policy = resolve(profile, { abi, abis: [abi], kernel: { major: 6, minor: 18 }, capabilities: new Set() });
    const asked = [...tellingCalls([abi], policy)];
    calls += asked.length;
    return misreadings(policy, abi, asked).map((misreading) => `${name}: ${misreading}`);
  });
  expect(wrong.slice(0, 5), `of ${calls} calls`).toEqual([]);
  expect(calls).toBeGreaterThan(30);
}
