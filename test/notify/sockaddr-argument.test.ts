/** readSockaddr reads the addresses that programs pass to the kernel, and fails where a call has none. */
import { expect, test, vi } from 'vitest';
import { addon, type ListenerHandle } from '../../lib/native.js';
import { NotifiedCall } from '../../lib/notify/notified-call.js';

/** A call of connect, bind, sendto, mkdir or accept4 with these arguments, for which no listener waits. */
const socketCall = (number: number, ...args: bigint[]) =>
  new NotifiedCall(
    { call: 1n, tid: 1, arch: 0xc000_003e, number, instructionPointer: 0n, args },
    Object.freeze({}) as ListenerHandle,
    undefined,
  );
const [CONNECT, SENDTO, BIND, MKDIR, ACCEPT4] = [42, 44, 49, 83, 288];

test.each<[string, NotifiedCall, number, string]>([
  ['connect', socketCall(CONNECT, 3n, 0x10n, 16n, 0n, 0n, 0n), 0, 'that of connect is argument 1. Received 0'],
  ['bind', socketCall(BIND, 3n, 0x10n, 16n, 0n, 0n, 0n), 2, 'that of bind is argument 1. Received 2'],
  ['sendto', socketCall(SENDTO, 3n, 0x10n, 16n, 0n, 0x10n, 16n), 1, 'that of sendto is argument 4. Received 1'],
  ['mkdir', socketCall(MKDIR, 0x10n, 0o777n, 0n, 0n, 0n, 0n), 1, 'mkdir has none. Received 1'],
  ['accept4', socketCall(ACCEPT4, 3n, 0x10n, 0x20n, 0n, 0n, 0n), 1, 'accept4 has none. Received 1'],
])(
  'readSockaddr refuses an argument of %s that is not the address which a program passes',
  (_, each, argument, problem) => {
    const message = `The argument 'argument' must be the index of a socket address: ${problem}`;
    expect(() => each.readSockaddr(argument)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message }),
    );
  },
);

test.each([0n, 1n, 2n ** 32n])('readSockaddr fails with EINVAL for an address of %i bytes', (size) => {
  for (const [each, argument] of [
    [socketCall(CONNECT, 3n, 0x10n, size, 0n, 0n, 0n), 1],
    [socketCall(SENDTO, 3n, 0x10n, 16n, 0n, 0x10n, size), 4],
  ] as const) {
    const shown = BigInt.asIntN(32, size);
    const message = `${each.syscall}: argument ${argument + 1} (${shown}) is less than 2, the size of the family of a socket address: EINVAL`;
    expect(() => each.readSockaddr(argument)).toThrow(expect.objectContaining({ code: 'EINVAL', errno: -22, message }));
  }
});

test('readSockaddr reads an address of 2 bytes, and at most 128', () => {
  const read = vi.spyOn(addon(), 'readMemory').mockImplementation((...[, , , , size]) => Buffer.alloc(size, 1));
  expect(socketCall(CONNECT, 3n, 0x10n, 2n, 0n, 0n, 0n).readSockaddr(1)).toMatchObject({ family: 0x101 });
  expect(socketCall(BIND, 3n, 0x10n, 2n ** 32n - 1n, 0n, 0n, 0n).readSockaddr(1).bytes.length).toBe(128);
  expect(read).toHaveBeenCalledTimes(2);
  read.mockRestore();
});
