/** The prover: it finds every change of meaning, and every counterexample is real. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compilePolicy } from '../../../lib/filter/compile.js';
import { proveProgram } from '../../../lib/filter/verify/prove.js';
import type { ProfileDocument } from '../../../lib/profile/document/types.js';
import { resolve } from '../../../lib/profile/resolve/resolve.js';
import { profileOf } from '../../../lib/profile/source.js';
import { checkFound, FILTERS, withInstructions, x86 } from '../../support/program-mutants.js';

describe('proveProgram', () => {
  test('proves a filter with an exec gate, and nothing else opens it', () => {
    const policy = resolve(profileOf({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] }), x86);
    const filter = compilePolicy(policy, { gate: ['execve', 'exit_group'] });
    expect(filter.proof).not.toBeNull();
    const opened = filter.instructions.map((instruction, i) =>
      filter.gate[2]?.instruction === i ? { ...instruction, jf: instruction.jt } : instruction,
    );
    expect(proveProgram(withInstructions(filter, opened))).toMatchObject({ call: { number: expect.any(Number) } });
  });

  // test/slow/mutants.test.ts tries all of them.
  test.each(FILTERS)(
    'finds every mutant of one instruction that changes the meaning, of a thirteenth of all: %s',
    (_, make) => {
      checkFound(make(), 13);
    },
  );
});

// Merging 64-bit comparisons can go wrong in a chain that tests the high half of one rule and the low half of
// another.
// libseccomp 2.6.0 (GHSA-4q85-33p6-j5g6) and the pair of rules below are public examples.
test('finds an error of libseccomp with two rules on one syscall', ({ skip }) => {
  const program = join(mkdtempSync(join(tmpdir(), 'seccomp-')), 'libseccomp-filter');
  const source = fileURLToPath(new URL('../../../bench/libseccomp-filter.c', import.meta.url));
  if (spawnSync('cc', ['-o', program, source, '-lseccomp']).status !== 0) skip('libseccomp-dev is not installed');
  const input = 'default 50001\nrule 7fff0000 munmap 0 1 0 0\nrule 7fff0000 munmap 0 1 2 0 1 4 7 0\n';
  const bytes = execFileSync(program, { input });
  const args = [
    { index: 0, value: 2, op: 'SCMP_CMP_NE' as const },
    { index: 1, value: 7, op: 'SCMP_CMP_EQ' as const },
  ];
  const document: ProfileDocument = {
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [
      { names: ['munmap'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 0, op: 'SCMP_CMP_NE' }] },
      { names: ['munmap'], action: 'SCMP_ACT_ALLOW', args },
    ],
  };
  // libseccomp kills the thread for a foreign ABI.
  const policy = {
    ...resolve(profileOf(document, { newerCalls: 'default' }), { ...x86, abis: [] }),
    foreignAction: { kind: 'kill-thread' as const },
  };
  expect(proveProgram({ policy, bytes, gate: [] })).toMatchObject({
    call: { number: 11, args: expect.arrayContaining([0n]) },
    returned: 0x7fff_0000,
  });
});
