/** The filter that keeps a tree from slowing its guardian, for each guardian. */
import { expect, test } from 'vitest';
import { BPF, decodeInstructions, encodeInstructions } from '../../lib/filter/bpf/instruction.js';
import { compileGuardianFilter, GUARDIAN_ID, guardianPolicy } from '../../lib/filter/guardian-filter.js';
import { proveProgram } from '../../lib/filter/verify/prove.js';
import { evaluate } from '../../lib/policy/evaluate.js';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNumber } from '../../lib/syscalls/table.js';

const MACHINES: readonly (readonly [AbiName, ...AbiName[]])[] = [
  ['x86_64', 'x86', 'x32'],
  ['aarch64', 'arm'],
  ...[...ABIS.keys()].map((name) => [name] as const),
];

/** Of the first process, the values of the calls' other arguments, and the greatest ID. */
const GUARDIANS = [1, 2, 3, 4242, 4_194_303];

test.each(MACHINES.map((abis) => [abis.join(', '), abis] as const))('decides as its policy: %s', (_, abis) => {
  const { bytes, sites } = compileGuardianFilter(abis);
  const { endian } = abiOf(abis[0]);
  const instructions = decodeInstructions(bytes, endian);
  expect(sites.length).toBeGreaterThan(0);
  for (const guardian of GUARDIANS) {
    const patched = instructions.map((each, i) => (sites.includes(i) ? { ...each, k: guardian } : each));
    const program = { policy: guardianPolicy(abis, guardian), bytes: encodeInstructions(patched, endian), gate: [] };
    expect(proveProgram(program)).toHaveProperty('steps');
  }
});

test('has no other trace of the placeholder', () => {
  for (const abis of MACHINES) {
    const { bytes, sites } = compileGuardianFilter(abis);
    const near = decodeInstructions(bytes, abiOf(abis[0]).endian).flatMap(({ code, k }, i) =>
      code !== BPF.ret && Math.abs(k - GUARDIAN_ID) <= 1 ? [i] : [],
    );
    expect(near).toEqual(sites);
  }
});

test.each([
  ['sched_setscheduler', [4242n], true],
  ['sched_setscheduler', [0n], false],
  ['sched_setscheduler', [4243n], false],
  ['sched_setscheduler', [(1n << 32n) + 4242n], true], // The kernel reads 32 bits.
  ['sched_setaffinity', [4242n, 8n], true],
  ['prlimit64', [4242n], true],
  ['prlimit64', [0n], false],
  ['sched_setattr', [4242n], true],
  ['sched_setparam', [4242n], true],
  ['setpriority', [0n, 4242n], true],
  ['setpriority', [1n, 4242n], true],
  ['setpriority', [2n, 0n], true],
  ['setpriority', [0n, 0n], false],
  ['ioprio_set', [1n, 4242n], true],
  ['ioprio_set', [2n, 4242n], true],
  ['ioprio_set', [3n, 7n], true],
  ['ioprio_set', [1n, 0n], false],
  ['sched_getscheduler', [4242n], false],
] as const)('%s(%s) is denied: %s', (syscall, args, isDenied) => {
  const number = syscallNumber('x86_64', syscall) ?? -1;
  const given = [...args, ...Array<bigint>(6 - args.length).fill(0n)];
  const call = { arch: abiOf('x86_64').audit, number, args: given };
  expect(evaluate(guardianPolicy(['x86_64'], 4242), call).kind).toBe(isDenied ? 'errno' : 'allow');
});
