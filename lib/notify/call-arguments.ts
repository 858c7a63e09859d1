/** Checks of the arguments that handlers pass to the methods of a call. Each throws Node's error for a wrong one. */
import { isUint8Array } from 'node:util/types';
import { SeccompError } from '../errors.js';
import { errnos, MAX_ERRNO } from '../syscalls/errno.js';
import { invalidNumber, invalidType, invalidValue, outOfRange, refusal, unknownOption } from '../util/option-errors.js';
import { copyFields, propertyOf } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import type { DescriptorAnswer } from './answer.js';

/** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE unless `value` is an integer of this range. */
export function checkInteger(value: unknown, name: string, min: number, max: number): asserts value is number {
  const isValid = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  if (!isValid) throw invalidNumber(name, value, 'an integer', `>= ${min} && <= ${max}`);
}

/** @throws ERR_INVALID_ARG_TYPE unless `value` is a Uint8Array, such as a Buffer. */
export function checkBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (!isUint8Array(value)) throw invalidType(name, 'an instance of Uint8Array', value);
}

/** The calls to which a program passes a socket address, and the index of the argument that points to it. */
const SOCKADDR_ARGUMENTS: ReadonlyMap<string, number> = new Map([
  ['bind', 1],
  ['connect', 1],
  ['sendto', 4],
]);

/** @throws ERR_INVALID_ARG_VALUE unless the argument of a call points to a socket address with a size beside it. */
export function checkSockaddr(syscall: string, argument: unknown): void {
  checkInteger(argument, 'argument', 0, 4);
  const index = SOCKADDR_ARGUMENTS.get(syscall);
  if (argument === index) return;
  const problem = index === undefined ? `${syscall} has none` : `that of ${syscall} is argument ${index}`;
  throw invalidValue('argument', argument, `must be the index of a socket address: ${problem}`);
}

/** Returns the bytes of a socket address. */
export function readAddress(address: unknown): Uint8Array {
  const isObject = typeof address === 'object' && address !== null;
  if (!isObject) throw invalidType('address', 'an object that readSockaddr returned', address);
  const bytes = propertyOf(address, 'bytes');
  checkBytes(bytes, 'address.bytes');
  return bytes;
}

/** @throws ERR_INVALID_ARG_VALUE for arguments of `continue`, such as a condition: it would be ignored. */
export function refuseArguments(values: readonly unknown[]): void {
  if (values.length === 0) return;
  throw invalidValue(
    'condition',
    values[0],
    'cannot be given to continue(): to deny the call, return call.deny(errno)',
  );
}

/** Returns the number of an errno that is given by its name or as a number. */
export function readErrno(errno: unknown): number {
  if (typeof errno === 'string') {
    const number = errnos().get(errno);
    if (number !== undefined) return number;
    throw invalidValue('errno', errno, `must be the name of an errno${suggest(errno, [...errnos().keys()])}`);
  }
  if (typeof errno !== 'number') throw invalidType('errno', 'one of type string or number', errno);
  // With errno 0 the call would succeed.
  checkInteger(errno, 'errno', 1, MAX_ERRNO);
  return errno;
}

const MIN_VALUE = -(2n ** 63n);
const MAX_VALUE = 2n ** 64n - 1n;

/** Returns a return value as 64 unsigned bits. */
export function readReturnValue(value: unknown): bigint {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw outOfRange('value', 'a safe integer or a bigint', value);
    return BigInt.asUintN(64, BigInt(value));
  }
  if (typeof value !== 'bigint') throw invalidType('value', 'one of type number or bigint', value);
  if (value < MIN_VALUE || value > MAX_VALUE) throw outOfRange('value', '>= -(2n ** 63n) && < 2n ** 64n', value);
  return BigInt.asUintN(64, value);
}

const MAX_DESCRIPTOR = 2 ** 31 - 1;
const FD_OPTIONS = ['closeOnExec', 'close'];

/** Returns the answer of `returnFd`. Reads each property of its arguments once. */
export function readDescriptor(fd: unknown, options: unknown): DescriptorAnswer {
  const isObject = typeof fd === 'object' && fd !== null;
  const descriptor = isObject ? propertyOf(fd, 'fd') : fd;
  if (!isObject && typeof fd !== 'number') throw invalidType('fd', 'of type number or an object with a number fd', fd);
  checkInteger(descriptor, isObject ? 'fd.fd' : 'fd', 0, MAX_DESCRIPTOR);
  return { kind: 'descriptor', descriptor, given: fd, ...readFdOptions(options) };
}

function readFdOptions(options: unknown): { readonly closeOnExec: boolean; readonly close: boolean } {
  if (options === undefined) return { closeOnExec: false, close: false };
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'of type object', options);
  const fields = copyFields(options, refusal('options'));
  const unknown = unknownOption(fields, FD_OPTIONS);
  if (unknown !== undefined) throw new SeccompError('ERR_SECCOMP_OPTION', unknown);
  const { closeOnExec = false, close = false } = fields;
  if (typeof closeOnExec !== 'boolean') throw invalidType('options.closeOnExec', 'of type boolean', closeOnExec);
  if (typeof close !== 'boolean') throw invalidType('options.close', 'of type boolean', close);
  return { closeOnExec, close };
}
