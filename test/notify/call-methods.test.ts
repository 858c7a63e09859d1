/** The methods of a NotifiedCall check their arguments as Node does, and make responses that tell nothing of themselves. */
import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ListenerHandle } from '../../lib/native.js';
import { NotifiedCall } from '../../lib/notify/notified-call.js';

const AUDIT_ARCH_X86_64 = 0xc000_003e;
/** A call of mkdir for which no listener waits. */
const call = new NotifiedCall(
  { call: 1n, tid: 1, arch: AUDIT_ARCH_X86_64, number: 83, instructionPointer: 0n, args: [0n, 1n, 2n, 3n, 4n, 5n] },
  Object.freeze({}) as ListenerHandle,
  undefined,
);

type Method = 'deny' | 'return' | 'returnFd' | 'readBytes' | 'readString' | 'readSockaddr' | 'writeBytes' | 'socket';
const bytes = new Uint8Array(8);
const address = { bytes, family: 0 };

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';
const ERRNO_TYPE = 'The "errno" argument must be one of type string or number.';
const VALUE_TYPE = 'The "value" argument must be one of type number or bigint.';
const FD_TYPE = 'The "fd" argument must be of type number or an object with a number fd.';

test.each<[Method | 'continue' | 'connect', readonly unknown[], string, string]>([
  ['continue', [false], VALUE, "The argument 'condition' cannot be given to continue(): to deny the call, return"],
  ['continue', [undefined], VALUE, "The argument 'condition' cannot be given to continue(): to deny the call, return"],

  ['deny', [], TYPE, `${ERRNO_TYPE} Received undefined`],
  ['deny', [null], TYPE, `${ERRNO_TYPE} Received null`],
  ['deny', [13n], TYPE, `${ERRNO_TYPE} Received type bigint (13n)`],
  ['deny', [{ errno: 'EPERM' }], TYPE, `${ERRNO_TYPE} Received an instance of Object`],
  [
    'deny',
    ['EPREM'],
    VALUE,
    "The argument 'errno' must be the name of an errno (did you mean EPERM?). Received 'EPREM'",
  ],
  ['deny', ['toString'], VALUE, "The argument 'errno' must be the name of an errno. Received 'toString'"],
  ['deny', [''], VALUE, "The argument 'errno' must be the name of an errno. Received ''"],
  ['deny', ['13'], VALUE, "The argument 'errno' must be the name of an errno. Received '13'"],
  ['deny', [0], RANGE, 'The value of "errno" is out of range. It must be >= 1 && <= 4095. Received 0'],
  ['deny', [-13], RANGE, 'The value of "errno" is out of range. It must be >= 1 && <= 4095. Received -13'],
  ['deny', [4096], RANGE, 'The value of "errno" is out of range. It must be >= 1 && <= 4095. Received 4096'],
  ['deny', [1.5], RANGE, 'The value of "errno" is out of range. It must be an integer. Received 1.5'],
  ['deny', [Number.NaN], RANGE, 'The value of "errno" is out of range. It must be an integer. Received NaN'],

  ['return', [], TYPE, `${VALUE_TYPE} Received undefined`],
  ['return', ['0'], TYPE, `${VALUE_TYPE} Received type string ('0')`],
  ['return', [true], TYPE, `${VALUE_TYPE} Received type boolean (true)`],
  ['return', [{ value: 0 }], TYPE, `${VALUE_TYPE} Received an instance of Object`],
  ['return', [Number.NaN], RANGE, 'It must be a safe integer or a bigint. Received NaN'],
  ['return', [0.5], RANGE, 'It must be a safe integer or a bigint. Received 0.5'],
  ['return', [2 ** 53], RANGE, 'It must be a safe integer or a bigint. Received 9007199254740992'],
  ['return', [Number.POSITIVE_INFINITY], RANGE, 'It must be a safe integer or a bigint. Received Infinity'],
  ['return', [2n ** 64n], RANGE, 'It must be >= -(2n ** 63n) && < 2n ** 64n. Received 18446744073709551616n'],
  ['return', [-(2n ** 63n) - 1n], RANGE, 'It must be >= -(2n ** 63n) && < 2n ** 64n. Received -9223372036854775809n'],

  ['returnFd', [], TYPE, `${FD_TYPE} Received undefined`],
  ['returnFd', ['0'], TYPE, `${FD_TYPE} Received type string ('0')`],
  ['returnFd', [-1], RANGE, 'The value of "fd" is out of range. It must be >= 0 && <= 2147483647. Received -1'],
  ['returnFd', [2 ** 31], RANGE, 'It must be >= 0 && <= 2147483647. Received 2147483648'],
  ['returnFd', [0.5], RANGE, 'The value of "fd" is out of range. It must be an integer. Received 0.5'],
  ['returnFd', [{}], TYPE, 'The "fd.fd" property must be of type number. Received undefined'],
  ['returnFd', [{ fd: '0' }], TYPE, `The "fd.fd" property must be of type number. Received type string ('0')`],
  ['returnFd', [{ fd: -1 }], RANGE, 'The value of "fd.fd" is out of range. It must be >= 0 && <= 2147483647.'],
  ['returnFd', [0, null], TYPE, 'The "options" argument must be of type object. Received null'],
  ['returnFd', [0, true], TYPE, 'The "options" argument must be of type object. Received type boolean (true)'],
  ['returnFd', [0, [true]], TYPE, 'The "options" argument must be a plain object, not an array'],
  ['returnFd', [0, { closeOnExec: 1 }], TYPE, 'The "options.closeOnExec" property must be of type boolean. Received'],
  ['returnFd', [0, { close: null }], TYPE, 'The "options.close" property must be of type boolean. Received null'],
  ['returnFd', [0, { closeOnExce: true }], 'ERR_SECCOMP_OPTION', 'unknown option (did you mean closeOnExec?)'],

  ['readString', [], TYPE, 'The "argument" argument must be of type number. Received undefined'],
  ['readString', ['1'], TYPE, `The "argument" argument must be of type number. Received type string ('1')`],
  ['readString', [6], RANGE, 'The value of "argument" is out of range. It must be >= 0 && <= 5. Received 6'],
  ['readString', [-1], RANGE, 'The value of "argument" is out of range. It must be >= 0 && <= 5. Received -1'],
  ['readString', [1.5], RANGE, 'The value of "argument" is out of range. It must be an integer. Received 1.5'],
  ['readSockaddr', [5], RANGE, 'The value of "argument" is out of range. It must be >= 0 && <= 4. Received 5'],
  ['readSockaddr', [null], TYPE, 'The "argument" argument must be of type number. Received null'],
  ['socket', [6], RANGE, 'The value of "argument" is out of range. It must be >= 0 && <= 5. Received 6'],
  ['readBytes', [6, 1], RANGE, 'The value of "argument" is out of range. It must be >= 0 && <= 5. Received 6'],
  ['readBytes', [0], TYPE, 'The "size" argument must be of type number. Received undefined'],
  ['readBytes', [0, 1n], TYPE, 'The "size" argument must be of type number. Received type bigint (1n)'],
  ['readBytes', [0, -1], RANGE, 'The value of "size" is out of range. It must be >= 0 && <= 1048576. Received -1'],
  ['readBytes', [0, 2 ** 20 + 1], RANGE, 'It must be >= 0 && <= 1048576. Received 1048577'],
  ['readBytes', [0, Number.POSITIVE_INFINITY], RANGE, 'The value of "size" is out of range. It must be an integer.'],
  ['writeBytes', [6, bytes], RANGE, 'The value of "argument" is out of range. It must be >= 0 && <= 5. Received 6'],
  ['writeBytes', [0], TYPE, 'The "bytes" argument must be an instance of Uint8Array. Received undefined'],
  ['writeBytes', [0, 'text'], TYPE, `The "bytes" argument must be an instance of Uint8Array. Received type string`],
  ['writeBytes', [0, bytes.buffer], TYPE, 'must be an instance of Uint8Array. Received an instance of ArrayBuffer'],
  ['connect', [], TYPE, 'The "address" argument must be an object that readSockaddr returned. Received undefined'],
  ['connect', ['127.0.0.1'], TYPE, 'The "address" argument must be an object that readSockaddr returned. Received'],
  ['connect', [{ ...address, bytes: '0200' }], TYPE, 'The "address.bytes" property must be an instance of Uint8Array'],
])('%s of %o throws %s', (method, args, code, message) => {
  expect(() => Reflect.apply(call[method], call, args)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test.each<[Method, readonly unknown[]]>([
  ['deny', ['EPERM']],
  ['deny', ['ENOTSUP']],
  ['deny', [1]],
  ['deny', [4095]],
  ['return', [0]],
  ['return', [-1]],
  ['return', [2 ** 53 - 1]],
  ['return', [2n ** 64n - 1n]],
  ['return', [-(2n ** 63n)]],
  ['returnFd', [0]],
  ['returnFd', [{ fd: 0 }]],
  ['returnFd', [0, { close: undefined, closeOnExec: undefined }]],
  ['returnFd', [0, Object.assign(Object.create(null), { closeOnExec: true })]],
])('%s of %o makes a response, which has no properties of its own', (method, args) => {
  const response: object = Reflect.apply(call[method], call, args);
  expect([Reflect.ownKeys(response), JSON.stringify(response)]).toEqual([[], '{}']);
});

test('returnFd takes a FileHandle, until it is closed', async () => {
  const file = await open('/dev/null');
  expect(call.returnFd(file).errno).toBe(0);
  await file.close();
  expect(() => call.returnFd(file)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
});

test('the errno of a response is that with which it makes the call fail, otherwise 0', () => {
  const responses = [call.deny('EACCES'), call.deny(4095), call.continue(), call.return(-13), call.returnFd(0)];
  expect(responses.map(({ errno }) => errno)).toEqual([13, 4095, 0, 0, 0]);
});

const methods: readonly string[] = Object.getOwnPropertyNames(NotifiedCall.prototype).filter(
  (name) => name !== 'constructor',
);

test.each(methods)('%s throws ERR_INVALID_THIS if it is called without its call', (name) => {
  const method: unknown = Reflect.get(call, name);
  if (typeof method !== 'function') return expect.fail(`${name} is not a method`);
  const error = expect.objectContaining({
    name: 'TypeError',
    code: 'ERR_INVALID_THIS',
    message: 'Value of "this" must be of type NotifiedCall',
  });
  for (const receiver of [undefined, null, 1, {}, Object.create(call), NotifiedCall.prototype])
    expect(() => Reflect.apply(method, receiver, [])).toThrow(error);
});

// JSON.stringify gives toJSON a key.
test.each(methods.filter((name) => name !== 'toJSON'))('%s refuses an argument after its last parameter', (name) => {
  const method: unknown = Reflect.get(call, name);
  if (typeof method !== 'function') return expect.fail(`${name} is not a method`);
  const message =
    name === 'continue' ? /to deny the call/ : new RegExp(`argument ${method.length + 1} would be ignored`);
  const error = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(message) });
  expect(() => Reflect.apply(method, call, [...Array(method.length), 7])).toThrow(error);
});

test('all methods of a call check what they are called on', () => {
  expect([call.deny.name, call.deny.length]).toEqual(['deny', 1]);
  expect(methods.toSorted()).toEqual([
    'connect',
    'continue',
    'deny',
    'readBytes',
    'readSockaddr',
    'readString',
    'return',
    'returnFd',
    'socket',
    'toJSON',
    'writeBytes',
  ]);
});

test.each([
  [0xc000_003e, 83, 'x86_64', 'mkdir', 2n ** 64n - 1n],
  [0xc000_003e, 0x4000_0000, 'x32', 'read', 2n ** 64n - 1n],
  [0x4000_0003, 39, 'x86', 'mkdir', 2n ** 32n - 1n],
  [0xc000_003e, 9999, 'x86_64', 'syscall 9999', 2n ** 64n - 1n],
] as const)(
  'the call %i, %i is one of %s: %s, with arguments of its ABI’s bits',
  (arch, number, abi, syscall, most) => {
    const args = [2n ** 64n - 1n, 1n, 0n, 0n, 0n, 0n];
    const waiting = { call: 1n, tid: 0, arch, number, instructionPointer: 7n, args };
    const made = new NotifiedCall(waiting, Object.freeze({}) as ListenerHandle, undefined);
    expect(made).toMatchObject({ abi, syscall, tid: null, instructionPointer: 7n, args: [most, 1n, 0n, 0n, 0n, 0n] });
  },
);

test('a call can be written as JSON', () => {
  expect(JSON.parse(JSON.stringify(call))).toEqual({
    ...{ abi: 'x86_64', syscall: 'mkdir', tid: 1, args: ['0', '1', '2', '3', '4', '5'], instructionPointer: '0' },
  });
});
