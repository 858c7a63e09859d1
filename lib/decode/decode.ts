/** Arguments of a call as a person reads them. */
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { constantOn } from '../syscalls/constants.js';
import { type ArgumentRegister, argumentsOf } from '../syscalls/table.js';
import { indices } from '../util/own-data.js';
import { type Meaning, meaningOfArgument, type Struct } from './argument-meanings.js';
import { MOST_BYTES } from './captures.js';
import { type FamilyName, writeByName, writeNumber } from './constant-families.js';
import type { ObservedCall } from './observed-call.js';
import { textOf, writeSockaddr } from './sockaddr.js';

/**
 * Writes each argument: paths in quotes, flags and commands by name, addresses of sockets, modes in octal, numbers with the
 * width and sign that the kernel gives them. Of a syscall that is not known, its six registers.
 */
export function decode(call: ObservedCall): readonly string[] {
  const declared = argumentsOf(call.abi, call.syscall) ?? new Array<ArgumentRegister>(6).fill(UNKNOWN);
  const written = declared.map((argument, index) => writeArgument(call, argument, index));
  return takesMode(call) ? written : written.filter((_, index) => declared[index]?.type !== 'umode_t');
}

const UNKNOWN: ArgumentRegister = { type: 'unsigned long', name: undefined, width: 64 };

function writeArgument(call: ObservedCall, argument: ArgumentRegister, index: number): string {
  const meaning = meaningOfArgument(call.abi, call.syscall, index);
  const value = registerOf(call, index);
  return (meaning && writeMeaning(call, meaning, index)) ?? writeByType(argument, value, call.abi);
}

/** What the kernel reads of a register; a 32-bit ABI has no more than 32 bits, whatever a filter sees. */
function registerOf({ abi, syscall, args }: ObservedCall, index: number): bigint {
  const width = argumentsOf(abi, syscall)?.at(index)?.width ?? abiOf(abi).bits;
  return BigInt.asUintN(Math.min(width, abiOf(abi).bits), args.at(index) ?? 0n);
}

function writeMeaning(call: ObservedCall, meaning: Meaning, index: number): string | undefined {
  const { abi } = call;
  const value = registerOf(call, index);
  const bytes = call.captured.at(index);
  switch (meaning.kind) {
    case 'constants':
      return writeByName(meaning.family, abi, value);
    case 'protocol':
      return byFamily(protocolFamily(call), abi, value);
    case 'socket-option':
      return byFamily(optionFamily(call), abi, value);
    case 'fcntl-argument':
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

/** What an argument before this one is called. */
function nameAt(call: ObservedCall, index: number, family: FamilyName): string {
  return writeByName(family, call.abi, registerOf(call, index));
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
  const text = JSON.stringify(textOf(end < 0 ? bytes : bytes.subarray(0, end)));
  return end < 0 && bytes.length >= MOST_BYTES ? `${text}…` : text;
}

function writeStruct(kind: Struct, bytes: Uint8Array, name: AbiName): string {
  const abi = abiOf(name);
  if (kind === 'sockaddr') return `{${writeSockaddr(bytes, abi)}}`;
  const wordSize = kind === 'longs' ? abi.bits / 8 : 8; // clone_args and open_how are u64s everywhere.
  const words = wordsOf(bytes, wordSize, abi.endian === 'little');
  if (kind === 'longs') return `{${words.map(writeNumber).join(', ')}}`;
  const [flags = 0n, second = 0n, third = 0n, , exitSignal = 0n] = words;
  if (kind === 'open-how')
    return `{${writeByName('open', name, flags)}, 0${second.toString(8)}, resolve ${writeNumber(third)}}`;
  return `{${writeByName('namespaces', name, flags)}, exit_signal ${writeByName('signal', name, exitSignal)}}`;
}

/** Whole words only: what is read may be cut. */
function wordsOf(bytes: Uint8Array, size: number, little: boolean): readonly bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return indices(Math.floor(bytes.length / size)).map((i) =>
    size === 8 ? view.getBigUint64(8 * i, little) : BigInt(view.getUint32(4 * i, little)),
  );
}

/** Types that are negative at times. */
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

/** `open` has a mode for files that it makes; otherwise the register holds anything. */
function takesMode({ abi, syscall, args }: ObservedCall): boolean {
  if (syscall !== 'open' && syscall !== 'openat' && syscall !== 'mq_open') return true;
  const flags = BigInt(args[syscall === 'openat' ? 2 : 1] ?? 0n);
  const making = ['O_CREAT', 'O_TMPFILE'].map((name) => BigInt(constantOn(abi, name) ?? 0));
  return making.some((bits) => bits !== 0n && (flags & bits) === bits);
}
