/** The options of sockets that are denied beside a handler of connect. */
import { describe, expect, test } from 'vitest';
import { denialOf } from '../../lib/policy/confinement-denials.js';
import { NO_DENIALS } from '../../lib/policy/denials.js';
import { DIVERTING_OPTIONS, numberOn } from '../../lib/policy/denied-options.js';
import { ABIS } from '../../lib/syscalls/abi.js';
import { constantOn } from '../../lib/syscalls/constants.js';

const denials = { ...NO_DENIALS, connections: true };

describe.each(DIVERTING_OPTIONS)('%o %s', (level, name, option) => {
  test('has the number of the headers on every ABI', () => {
    for (const abi of ABIS.keys()) {
      const known = constantOn(abi, name);
      if (known !== undefined) expect([abi, numberOn(abi, option)]).toEqual([abi, known]);
    }
  });

  test('is denied, and no other level', () => {
    const args = (of: number) => [3n, BigInt(of), BigInt(numberOn('x86_64', option)), 0n, 0n, 0n];
    expect(denialOf('x86_64', 'setsockopt', args(numberOn('x86_64', level)), denials)?.why).toContain(name);
    expect(denialOf('x86_64', 'setsockopt', args(6), denials)).toBe(undefined);
    expect(denialOf('x86_64', 'setsockopt', args(numberOn('x86_64', level)), NO_DENIALS)).toBe(undefined);
  });
});

test('the levels have the numbers of the headers on every ABI', () => {
  for (const abi of ABIS.keys())
    expect([abi, numberOn(abi, DIVERTING_OPTIONS[0]?.[0] as never)]).toEqual([abi, constantOn(abi, 'SOL_SOCKET')]);
});
