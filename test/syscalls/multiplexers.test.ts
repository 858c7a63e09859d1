/** The calls of socketcall and ipc, as linux/net.h and linux/ipc.h number them. */
import { expect, test } from 'vitest';
import { constantNames, constantOn } from '../../lib/syscalls/constants.js';
import { multiplexersOf } from '../../lib/syscalls/multiplexers.js';

/** The numbers of constants whose names match a pattern, by the rest of these names in lower case. */
const numbersOf = (pattern: RegExp, start: number) =>
  new Map(
    constantNames()
      .filter((name) => pattern.test(name))
      .map((name) => [name.slice(start).toLowerCase(), BigInt(constantOn('x86', name) ?? -1)]),
  );

test('socketcall and ipc have the calls of the headers, and look at the bits that the kernel reads', () => {
  const [socketcall, ipc] = multiplexersOf('x86');
  expect(socketcall).toMatchObject({ name: 'socketcall', number: 102, mask: 0xffff_ffffn });
  expect(socketcall?.calls).toEqual(numbersOf(/^SYS_[A-Z]/, 'SYS_'.length));
  expect(ipc).toMatchObject({ name: 'ipc', number: 117, mask: 0xffffn });
  expect(ipc?.calls).toEqual(numbersOf(/^(SEM(OP|GET|CTL|TIMEDOP)|MSG(SND|RCV|GET|CTL)|SHM(AT|DT|GET|CTL))$/, 0));
});

test('calls are in the order of their numbers', () => {
  for (const { name, calls } of multiplexersOf('x86'))
    expect([...calls.values()], name).toEqual([...calls.values()].sort((a, b) => Number(a - b)));
});

test.each([
  ['x86_64', []],
  ['arm', []],
  ['s390x', ['socketcall 102', 'ipc 117']],
  ['mips', ['socketcall 4102', 'ipc 4117']],
] as const)('%s has %j', (abi, expected) => {
  expect(multiplexersOf(abi).map(({ name, number }) => `${name} ${number}`)).toEqual(expected);
});
