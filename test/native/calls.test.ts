/** What the addon's functions about a call that waits accept, and what they return, at each bound. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { addon, NULL, SOCKET } from '../../lib/native.js';
import { syscallNumber } from '../../lib/syscalls/table.js';

const { EALREADY, EBADF, EFAULT, EINVAL, ENOENT, ENOTSOCK } = constants.errno;
const number = syscallNumber(thisHost().abi, 'sched_get_priority_max') ?? 0;
const NOTIFY = 0x7fc0_0000;
const ALLOW = 0x7fff_0000;
const CALL_WORDS = 11;
const [AF_UNIX, AF_INET] = [1, 2];

/** Instructions of a filter: code, jumps if true and if false, constant. */
const program = (...instructions: readonly (readonly [number, number, number, number])[]) => {
  const words = instructions.flatMap(([code, yes, no, k]) => [code | (yes << 16) | (no << 24), k]);
  return new Uint8Array(Uint32Array.from(words).buffer);
};
/** Of which the second one compares the number of the call. */
const notifying = program([0x20, 0, 0, 0], [0x15, 0, 1, number], [6, 0, 0, NOTIFY], [6, 0, 0, ALLOW]);
const caller = `import ctypes, mmap, socket
libc = ctypes.CDLL(None, use_errno=True)
text = ctypes.create_string_buffer(b'text', 16)
tcp = socket.socket()
results = [libc.syscall(${number}, text, tcp.fileno()) for _ in range(2)]
print(*results, ctypes.get_errno(), text.value.decode())`;

/** What the addon has passed on: the words of each call, and the IDs of listeners that have ended. */
const calls: BigUint64Array[] = [];
let onCall = () => {};
const mailbox = addon().openMailbox((_kinds, words, size) => {
  for (let i = 0; i < size; i += CALL_WORDS) calls.push(words.slice(i, i + CALL_WORDS));
  onCall();
});
const nextCall = async () => {
  while (calls.length === 0)
    await new Promise<void>((resolve) => {
      onCall = resolve;
    });
  return calls.shift() as BigUint64Array;
};

const supervision = addon().supervision({
  answers: program([6, 0, 0, NOTIFY]),
  countsAll: false,
  passesAll: true,
  distinguishing: new Uint32Array(),
  captures: new Uint32Array(),
  paths: new Uint32Array(),
});

let listener: unknown;
let call: bigint;
let thread: number;
let address: bigint;
let socket: number;
let exited: Promise<unknown>;
let output: number;

beforeAll(async () => {
  if (typeof mailbox === 'number') throw new Error(`openMailbox: ${mailbox}`);
  const request = {
    candidates: ['/usr/bin/python3', '/usr/local/bin/python3'],
    args: ['python3', '-c', caller],
    env: '',
    detached: false,
    noNewPrivileges: true,
    stdio: [NULL, SOCKET, NULL],
    filters: [{ bytes: notifying, gate: [] }],
    unconfined: false,
    filterFlags: 8,
    supervision,
    mailbox,
  };
  exited = new Promise((resolve, reject) => {
    const child = addon().spawn(
      request,
      (code, signal) => resolve([code, signal]),
      () => {},
    );
    if ('error' in child) return reject(new Error(`${child.call}: ${child.error}`));
    listener = child.listener?.handle;
    output = child.sockets[1] ?? -1;
  });
  const words = await nextCall();
  [call = 0n, thread = 0] = [words[1], Number(words[2])];
  [address = 0n, socket = -1] = [words[5], Number(words[6])];
});

afterAll(() => addon().closeSocket(output));

const of = (name: string, ...rest: readonly unknown[]) =>
  Reflect.apply(Reflect.get(addon(), name), undefined, [listener, call, ...rest]);

describe('refuses', () => {
  const usage = (name: string) => RegExp(`${name}\\(listener, call, `);
  test.each<[string, (valid: readonly unknown[]) => readonly unknown[]]>([
    ['no listener', ([, ...rest]) => [undefined, ...rest]],
    ['another handle as listener', ([, ...rest]) => [supervision, ...rest]],
    ['a number as call', ([first, , ...rest]) => [first, Number(call), ...rest]],
    ['a call of 65 bits', ([first, , ...rest]) => [first, 2n ** 64n, ...rest]],
    ['a negative call', ([first, , ...rest]) => [first, -1n, ...rest]],
  ])('%s', (_, change) => {
    for (const name of ['answer', 'addDescriptor', 'readMemory', 'writeMemory', 'socketOf', 'connect'])
      expect(() => Reflect.apply(Reflect.get(addon(), name), undefined, change([listener, call]))).toThrowError(
        usage(name),
      );
  });

  test.each<[string, string, readonly unknown[]]>([
    ['an errno below −1', 'answer', [-2, 0n]],
    ['an errno above 4095', 'answer', [4096, 0n]],
    ['half an errno', 'answer', [0.5, 0n]],
    ['a value that is a number', 'answer', [0, 0]],
    ['a value of 65 bits', 'answer', [0, 2n ** 64n]],
    ['a descriptor that is a bigint', 'addDescriptor', [2n, false]],
    ['a flag that is a number', 'addDescriptor', [2, 1]],
    ['a thread that is negative', 'readMemory', [-1, 0n, 1]],
    ['an address that is a number', 'readMemory', [1, 0, 1]],
    ['more than 1 MiB', 'readMemory', [1, 0n, 2 ** 20 + 1]],
    ['a negative size', 'readMemory', [1, 0n, -1]],
    ['a text to write', 'writeMemory', [1, 0n, 'text']],
    ['words to write', 'writeMemory', [1, 0n, new Uint32Array(1)]],
    ['a thread that is a bigint', 'socketOf', [1n, 2]],
    ['a descriptor of 33 bits', 'socketOf', [1, 2 ** 32]],
    ['an address that is a text', 'connect', [1, 2, 'x', undefined]],
    ['an address of 129 bytes', 'connect', [1, 2, new Uint8Array(129), undefined]],
    ['two traits of a socket', 'connect', [1, 2, new Uint8Array(16), [2, 1]]],
    ['four traits of a socket', 'connect', [1, 2, new Uint8Array(16), [2, 1, 6, 0]]],
    ['traits that are no numbers', 'connect', [1, 2, new Uint8Array(16), [2, 1, '6']]],
  ])('%s', (_, name, parameters) => {
    expect(() => of(name, ...parameters)).toThrowError(usage(name));
  });
});

test('memory is read and written at the addresses of a process only, and nothing at any', () => {
  expect(of('readMemory', thread, address, 5)).toEqual(Buffer.from('text\0'));
  expect(of('readMemory', thread, address, 0)).toEqual(Buffer.alloc(0));
  expect(of('readMemory', thread, 2n ** 63n, 0)).toEqual(Buffer.alloc(0));
  for (const wrong of [0n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    expect(of('readMemory', thread, wrong, 1)).toBe(EFAULT);
    expect(of('writeMemory', thread, wrong, Uint8Array.of(1))).toBe(EFAULT);
    expect(of('writeMemory', thread, wrong, new Uint8Array())).toBe(0);
  }
  expect(of('readMemory', 2 ** 31 - 1, address, 1)).toBe(ENOENT);
  expect(of('writeMemory', thread, address, Buffer.from('TE'))).toBe(0);
});

test('a socket is known by its traits, and connects to addresses of its family', () => {
  const traits = of('socketOf', thread, socket);
  expect(traits).toEqual([AF_INET, 1, 6]);
  expect([of('socketOf', thread, 1000), of('socketOf', thread, 0)]).toEqual([-EBADF, -ENOTSOCK]);
  const addressOf = (family: number, size: number) =>
    Uint8Array.from({ length: size }, (_, i) => (i === 0 ? family : 0));
  const connect = (...rest: readonly unknown[]) => of('connect', thread, socket, ...rest);
  expect([connect(new Uint8Array(), traits), connect(new Uint8Array(1), undefined)]).toEqual([-EINVAL, -EINVAL]);
  expect(connect(addressOf(AF_UNIX, 16), traits)).toBeGreaterThan(0);
  expect(connect(addressOf(AF_INET, 16), traits)).toBe(-EALREADY);
});

test('a call takes one answer', async () => {
  expect(Reflect.apply(addon().answer, undefined, [listener, call + 1n, 0, 0n])).toBe(ENOENT);
  expect(of('addDescriptor', 1000, false)).toBe(-EBADF);
  expect(of('answer', 0, 41n)).toBe(0);
  expect([of('answer', 0, 42n), of('addDescriptor', 2, false), of('readMemory', thread, address, 1)]).toEqual([
    ENOENT,
    -ENOENT,
    ENOENT,
  ]);
  expect([of('socketOf', thread, socket), of('socketOf', thread, 0)]).toEqual([-ENOENT, -ENOENT]);
  [, call = 0n] = await nextCall();
  expect(of('answer', 4095, 42n)).toBe(0);
  expect(await exited).toEqual([0, null]);
  expect(readFileSync(output, 'utf8')).toBe('41 -1 4095 TExt\n');
});
