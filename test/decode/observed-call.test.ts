/** Calls as the addon reports them, by names, and as plain data. */
import { describe, expect, test } from 'vitest';
import {
  abiOfCall,
  callFromRecord,
  callSiteOf,
  observedCall,
  type RawCall,
  recordedCall,
} from '../../lib/decode/observed-call.js';
import { ABIS, abiOf } from '../../lib/syscalls/abi.js';
import { syscallsOf } from '../../lib/syscalls/table.js';

const raw: RawCall = {
  arch: abiOf('x86_64').audit,
  number: 257,
  args: [0xffff_ff9cn, 0xffff_ffff_ffff_ffffn, 0n, 1n, 2n, 3n],
  captured: [undefined, Buffer.from('/etc\0')],
  pid: 11,
  tid: 12,
  executable: Buffer.from('/bin/cat'),
  instruction: Buffer.from('/bin/cat+0x10'),
};

test('a call has the name that its ABI has for its number, with its arguments and memory', () => {
  const { args, captured } = raw;
  expect(observedCall(raw)).toEqual({ abi: 'x86_64', syscall: 'openat', args, captured });
  expect(observedCall({ ...raw, number: 0x4000_0101 })).toMatchObject({ abi: 'x32', syscall: 'openat' });
  expect(observedCall({ ...raw, arch: abiOf('arm').audit, number: 322 })).toMatchObject({
    abi: 'arm',
    syscall: 'openat',
  });
  expect(observedCall({ ...raw, number: 9999 })).toMatchObject({ abi: 'x86_64', syscall: 'syscall 9999' });
});

describe('the ABI of a call', () => {
  test.each([...ABIS.values()])('$name', ({ name, audit }) => {
    for (const number of [...syscallsOf(name).values()].slice(0, 3)) expect(abiOfCall(audit, number)).toBe(name);
  });

  test('that no ABI has is an error', () => {
    expect(() => abiOfCall(0x1234, 0)).toThrow(new RangeError('no ABI has the AUDIT_ARCH_* 0x1234'));
  });
});

test('what is unknown of a call site is null', () => {
  const { pid, tid } = raw;
  const known = { pid, tid, executable: '/bin/cat', instruction: '/bin/cat+0x10' };
  expect(callSiteOf(raw)).toEqual(known);
  for (const [key, unknown] of Object.entries({ pid: 0, tid: 0, executable: Buffer.of(), instruction: Buffer.of() }))
    expect(callSiteOf({ ...raw, [key]: unknown })).toEqual({ ...known, [key]: null });
});

test('a call as plain data survives JSON', () => {
  const call = observedCall(raw);
  const site = callSiteOf(raw);
  const record = recordedCall(call, site);
  expect(record).toEqual({
    ...site,
    abi: 'x86_64',
    syscall: 'openat',
    args: ['0xffffff9c', '0xffffffffffffffff', '0x0', '0x1', '0x2', '0x3'],
    captured: [null, '2f65746300'],
  });
  expect(callFromRecord(JSON.parse(JSON.stringify(record)))).toEqual(call);
});
