/** The memory of a caller at the ends of what is mapped, and the errors of methods that can't use an argument. */
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addon, type ListenerHandle } from '../../lib/native.js';
import { NotifiedCall } from '../../lib/notify/notified-call.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';
import { everything } from '../support/profiles.js';
import { interpreter } from '../support/python.js';

const script = fileURLToPath(new URL('bounded-memory.py', import.meta.url));

/** Uses the argument of a call by bounded-memory.py. Returns the result or the error's code, and what the call prints. */
async function using(place: string, use: (call: NotifiedCall) => unknown) {
  let used: unknown;
  const child = spawn(interpreter(), ['-S', script, place], everything, {
    notify: {
      uname: (call) => {
        try {
          used = use(call);
        } catch (error) {
          used = Reflect.get(Object(error), 'code');
        }
        return call.deny('ENOTTY');
      },
    },
  });
  const { stdout, stderr } = await finish(child);
  return { used, stdout, stderr };
}

/** A call of mkdir for which no listener waits. */
const mkdirCall = new NotifiedCall(
  {
    call: 1n,
    tid: 1,
    arch: 0xc000_003e,
    number: 83,
    instructionPointer: 0n,
    args: [0x10n, 0xffff_ffffn, 0n, 0n, 0n, 0n],
  },
  Object.freeze({}) as ListenerHandle,
  undefined,
);

/** What bounded-memory.py prints after its call was denied with ENOTTY, if its memory was not written to. */
const UNCHANGED = `25 ${'a'.repeat(96)}\n`;

test.each<[string, string, (call: NotifiedCall) => unknown, unknown]>([
  ['a string that continues into a page that is not mapped', 'before the end', (call) => call.readString(0), 'EFAULT'],
  ['a string of more than 4,095 bytes', 'long', (call) => call.readString(0), 'ENAMETOOLONG'],
])('readString refuses %s with the errno that the kernel gives', async (_, place, use, code) => {
  expect(await using(place, use)).toEqual({ used: code, stdout: UNCHANGED, stderr: '' });
});

test.each<[string, string, (call: NotifiedCall) => unknown, unknown]>([
  ['readBytes', 'at the end', (call) => call.readBytes(0, 8), 'EFAULT'],
  ['writeBytes', 'at the end', (call) => call.writeBytes(0, Buffer.alloc(8)), 'EFAULT'],
  ['readString', 'kernel', (call) => call.readString(0), 'EFAULT'],
  ['readBytes', 'kernel', (call) => call.readBytes(0, 8), 'EFAULT'],
  ['readBytes of nothing', 'kernel', (call) => call.readBytes(0, 0).length, 0],
  ['writeBytes', 'kernel', (call) => call.writeBytes(0, Buffer.alloc(8)), 'EFAULT'],
  ['writeBytes of nothing', 'kernel', (call) => call.writeBytes(0, Buffer.alloc(0)), undefined],
])('%s of an address (%s) answers as the kernel does', async (_, place, use, result) => {
  expect(await using(place, use)).toEqual({ used: result, stdout: UNCHANGED, stderr: '' });
});

test('readBytes returns the bytes before a page that is not mapped', async () => {
  const { used } = await using('before the end', (call) => call.readBytes(0, 200).toString());
  expect(used).toBe('a'.repeat(96));
});

test('reads pages that the caller itself may not read', async () => {
  const { used, stderr } = await using('protected', (call) => [call.readString(0), call.readBytes(0, 1).toString()]);
  expect([used, stderr]).toEqual([['aa', 'a'], '']);
});

test('writeBytes writes the bytes before a page that is not mapped, and fails with EFAULT', async () => {
  const { used, stdout } = await using('before the end', (call) => call.writeBytes(0, Buffer.alloc(200, 'b')));
  expect([used, stdout]).toEqual(['EFAULT', `25 ${'b'.repeat(96)}\n`]);
});

test('writeBytes writes at most 1 MiB at once', () => {
  const write = vi.spyOn(addon(), 'writeMemory').mockReturnValue(0);
  mkdirCall.writeBytes(0, new Uint8Array(2 ** 20));
  expect(() => mkdirCall.writeBytes(0, new Uint8Array(2 ** 20 + 1))).toThrow(
    expect.objectContaining({
      code: 'ERR_OUT_OF_RANGE',
      message: 'The value of "bytes.length" is out of range. It must be >= 0 && <= 1048576. Received 1048577',
    }),
  );
  expect(write.mock.calls.map(([, , , , bytes]) => bytes.length)).toEqual([2 ** 20]);
  write.mockRestore();
});

describe('the error of a method', () => {
  afterEach(() => void vi.restoreAllMocks());

  const { ENOENT, EFAULT, EACCES, EPERM, EIO, EBADF, ENOTSOCK } = constants.errno;
  const over = 'mkdir: the call is over: it was answered or interrupted, or its caller ended: ENOENT';

  type Case = readonly [use: () => unknown, failing: 'readMemory' | 'writeMemory' | 'socketOf', number, string];
  const readString = () => mkdirCall.readString(0);
  const readBytes = () => mkdirCall.readBytes(0, 1);
  const writeBytes = () => mkdirCall.writeBytes(0, Buffer.alloc(1));
  const socket = () => mkdirCall.socket(1);

  test.each<Case>([
    [readString, 'readMemory', ENOENT, over],
    [readBytes, 'readMemory', ENOENT, over],
    [writeBytes, 'writeMemory', ENOENT, over],
    [socket, 'socketOf', -ENOENT, over],
    [readString, 'readMemory', EFAULT, 'mkdir: argument 0 (0x10) is not the address of readable memory: EFAULT'],
    [readBytes, 'readMemory', EFAULT, 'mkdir: argument 0 (0x10) is not the address of readable memory: EFAULT'],
    [
      writeBytes,
      'writeMemory',
      EFAULT,
      'mkdir: argument 0 (0x10) is not the address of enough writable memory: EFAULT',
    ],
    [readBytes, 'readMemory', EACCES, "mkdir: this process may not access the caller's memory: EACCES"],
    [writeBytes, 'writeMemory', EPERM, "mkdir: this process may not access the caller's memory: EPERM"],
    [socket, 'socketOf', -EPERM, "mkdir: this process may not duplicate the caller's descriptors: EPERM"],
    [readBytes, 'readMemory', EIO, 'mkdir: argument 0 (0x10): EIO'],
    [socket, 'socketOf', -EBADF, 'mkdir: argument 1 (-1) is not an open descriptor: EBADF'],
    [socket, 'socketOf', -ENOTSOCK, 'mkdir: argument 1 (-1) is not a socket: ENOTSOCK'],
  ])('%o says what an errno of %s means: %i', (use, failing, result, message) => {
    vi.spyOn(addon(), failing).mockReturnValue(result);
    const code = message.slice(message.lastIndexOf(' ') + 1);
    expect(use).toThrow(expect.objectContaining({ code, errno: -constants.errno[code as 'EIO'], message }));
  });

  test('says that the caller is unknown, if it is', () => {
    vi.spyOn(addon(), 'readMemory').mockReturnValue(ENOENT);
    const waiting = { call: 1n, tid: 0, arch: 0xc000_003e, number: 83, instructionPointer: 0n, args: [0n] };
    const unknown = new NotifiedCall(waiting, Object.freeze({}) as ListenerHandle, undefined);
    const message = "mkdir: this process's PID namespace does not have the caller: ESRCH";
    expect(() => unknown.readString(0)).toThrow(expect.objectContaining({ code: 'ESRCH', message }));
  });

  test.each([
    [4, 'mkdir: argument 0 (0x10) points to a string that continues into memory that is not mapped: EFAULT'],
    [4096, 'mkdir: argument 0 (0x10) points to a string of more than 4095 bytes: ENAMETOOLONG'],
  ])('readString says why a string of which %i bytes can be read is refused', (size, message) => {
    vi.spyOn(addon(), 'readMemory').mockReturnValue(Buffer.alloc(size, 'a'));
    expect(readString).toThrow(message);
  });
});

test('methods fail with ENOENT once their call is answered, and once its caller has ended', async () => {
  const codeOf = (use: () => unknown): unknown => {
    try {
      return use();
    } catch (error) {
      return Reflect.get(Object(error), 'code');
    }
  };
  const codesOf = (call: NotifiedCall | undefined) => [
    codeOf(() => call?.readString(0)),
    codeOf(() => call?.readBytes(0, 1)),
    codeOf(() => call?.writeBytes(0, Buffer.alloc(1))),
    codeOf(() => call?.socket(0)),
  ];
  let first: NotifiedCall | undefined;
  let afterAnswer: unknown;
  const child = spawn(interpreter(), ['-S', '-c', 'import os; os.uname(); os.uname()'], everything, {
    notify: {
      uname: (call) => {
        if (first !== undefined) afterAnswer ??= codesOf(first);
        first ??= call;
        return call.continue();
      },
    },
  });
  await finish(child);
  const all = ['ENOENT', 'ENOENT', 'ENOENT', 'ENOENT'];
  expect([afterAnswer, codesOf(first)]).toEqual([all, all]);
});
