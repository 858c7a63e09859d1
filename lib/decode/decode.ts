/** Writes the arguments of a call for a person: `AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC`. */

import { type AbiName, abiOf } from '../syscalls/abi.js';
import { constantOn } from '../syscalls/constants.js';
import { type ArgumentRegister, argumentsOf } from '../syscalls/table.js';
import { quoted } from '../util/foreign-text.js';
import { indices } from '../util/own-data.js';
import { type Meaning, meaningOfArgument, type StructKind } from './argument-meanings.js';
import { MAX_CAPTURE } from './captures.js';
import type { FamilyName } from './constant-families.js';
import { writeByName, writeNumber } from './constant-names.js';
import type { ObservedCall } from './observed-call.js';
import { writeSockaddr } from './sockaddr.js';
import { textFromBytes } from './text-from-bytes.js';

/**
 * Writes each argument of a call: paths in quotes, flags and commands by name, socket addresses, modes in octal, and
 * numbers with the width and the sign that the kernel gives them. For an unknown syscall, writes its six registers.
 */
export function decode(call: ObservedCall): readonly string[] {
  const declared = argumentsOf(call.abi, call.syscall) ?? new Array<ArgumentRegister>(6).fill(UNKNOWN);
  const written = declared.map((argument, index) => writeArgument(call, argument, index));
  return takesMode(call) ? written : written.filter((_, index) => declared[index]?.type !== 'umode_t');
}

const UNKNOWN: ArgumentRegister = { type: 'unsigned long', name: undefined, width: 64 };

function writeArgument(call: ObservedCall, argument: ArgumentRegister, index: number): string {
  const meaning = meaningOfArgument(call.abi, call.syscall, index);
  const value = valueRead(call, index);
  return (meaning && writeMeaning(call, meaning, index)) ?? writeByType(argument, value, call.abi);
}

/** The part of a register that the kernel reads: the argument's width, and at most 32 bits on a 32-bit ABI. */
function valueRead({ abi, syscall, args }: ObservedCall, index: number): bigint {
  const width = argumentsOf(abi, syscall)?.at(index)?.width ?? abiOf(abi).bits;
  return BigInt.asUintN(Math.min(width, abiOf(abi).bits), args.at(index) ?? 0n);
}

function writeMeaning(call: ObservedCall, meaning: Meaning, index: number): string | undefined {
  const { abi } = call;
  const value = valueRead(call, index);
  const bytes = call.captured.at(index);
  switch (meaning.kind) {
    case 'constants':
      return writeByName(meaning.family, abi, value);
    case 'protocol-of-family':
      return byFamily(protocolFamily(call), abi, value);
    case 'option-of-level':
      return byFamily(optionFamily(call), abi, value);
    case 'argument-of-command':
      return byFamily(fcntlFamily(call), abi, value);
    case 'string':
      return bytes && writeString(bytes);
    case 'pointer':
      return undefined;
    default:
      return bytes && writeStruct(meaning.kind, bytes, abi);
  }
}

function byFamily(family: FamilyName | undefined, abi: AbiName, value: bigint): string | undefined {
  return family && writeByName(family, abi, value);
}

/** Writes an argument by the names of `family`. */
function nameAt(call: ObservedCall, index: number, family: FamilyName): string {
  return writeByName(family, call.abi, valueRead(call, index));
}

function protocolFamily(call: ObservedCall): FamilyName | undefined {
  return PROTOCOLS.get(nameAt(call, 0, 'family'));
}

const PROTOCOLS: ReadonlyMap<string, FamilyName> = new Map([
  ['AF_INET', 'ip-protocol'],
  ['AF_INET6', 'ip-protocol'],
  ['AF_NETLINK', 'netlink'],
]);

function optionFamily(call: ObservedCall): FamilyName | undefined {
  return SOCKET_OPTIONS.get(nameAt(call, 1, 'socket-level'));
}

const SOCKET_OPTIONS: ReadonlyMap<string, FamilyName> = new Map([
  ['SOL_SOCKET', 'socket-option'],
  ['IPPROTO_IP', 'ip-option'],
  ['IPPROTO_IPV6', 'ipv6-option'],
  ['IPPROTO_TCP', 'tcp-option'],
]);

function fcntlFamily(call: ObservedCall): FamilyName | undefined {
  return FCNTL_FLAGS.get(nameAt(call, 1, 'fcntl'));
}

const FCNTL_FLAGS: ReadonlyMap<string, FamilyName> = new Map([
  ['F_SETFL', 'open'],
  ['F_SETFD', 'fd-flags'],
]);

function writeString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = quoted(textFromBytes(end < 0 ? bytes : bytes.subarray(0, end)));
  return end < 0 && bytes.length >= MAX_CAPTURE ? `${text}…` : text;
}

function writeStruct(kind: StructKind, bytes: Uint8Array, name: AbiName): string {
  const abi = abiOf(name);
  if (kind === 'sockaddr') return `{${writeSockaddr(bytes, abi)}}`;
  const wordSize = kind === 'longs' ? abi.bits / 8 : 8; // clone_args and open_how consist of __u64 on every ABI.
  const words = wordsOf(bytes, wordSize, abi.endian === 'little');
  if (kind === 'longs') return `{${words.map(writeNumber).join(', ')}}`;
  const [flags = 0n, second = 0n, third = 0n, , exitSignal = 0n] = words;
  if (kind === 'open-how')
    return `{${writeByName('open', name, flags)}, 0${second.toString(8)}, resolve ${writeNumber(third)}}`;
  return `{${writeByName('namespaces', name, flags)}, exit_signal ${writeByName('signal', name, exitSignal)}}`;
}

/** The whole words in `bytes`, which may be cut short. */
function wordsOf(bytes: Uint8Array, size: number, little: boolean): readonly bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return indices(Math.floor(bytes.length / size)).map((i) =>
    size === 8 ? view.getBigUint64(8 * i, little) : BigInt(view.getUint32(4 * i, little)),
  );
}

/** C types whose values may be negative, and uid_t and gid_t, for which -1 means no change. */
const SIGNED =
  /^(int|long|pid_t|__s32|key_t|key_serial_t|compat_long_t|off_t|loff_t|clockid_t|uid_t|gid_t|mqd_t|timer_t)$/;

function writeByType({ type, name = '', width }: ArgumentRegister, value: bigint, abi: AbiName): string {
  if (type.endsWith('*')) return value === 0n ? 'NULL' : `0x${value.toString(16)}`;
  if (type === 'umode_t') return `0${value.toString(8)}`;
  const signed = BigInt.asIntN(width, value);
  if (/fd$|^fildes$/.test(name)) {
    const descriptor = BigInt.asIntN(32, value);
    const here = BigInt.asIntN(32, BigInt(constantOn(abi, 'AT_FDCWD') ?? 0));
    return name.endsWith('dfd') && descriptor === here ? 'AT_FDCWD' : String(descriptor);
  }
  if (SIGNED.test(type) && signed < 0n) return String(signed);
  return SIGNED.test(type) || width === 32 || type.endsWith('size_t') ? String(value) : writeNumber(value);
}

/**
 * Whether the kernel reads the argument `mode`: open(2), openat(2) and mq_open(2) read it only if they create a file.
 */
function takesMode({ abi, syscall, args }: ObservedCall): boolean {
  if (syscall !== 'open' && syscall !== 'openat' && syscall !== 'mq_open') return true;
  const flags = BigInt(args[syscall === 'openat' ? 2 : 1] ?? 0n);
  const making = ['O_CREAT', 'O_TMPFILE'].map((name) => BigInt(constantOn(abi, name) ?? 0));
  return making.some((bits) => bits !== 0n && (flags & bits) === bits);
}
