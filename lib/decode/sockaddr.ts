/**
 * Parser of `struct sockaddr`. Sources: ip(7), ipv6(7), unix(7), netlink(7), and linux/in.h, in6.h, un.h and netlink.h.
 */

import type { Abi } from '../syscalls/abi.js';
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, AF_UNSPEC } from '../syscalls/socket-families.js';
import { quoted } from '../util/foreign-text.js';
import { indices } from '../util/own-data.js';
import { writeByName } from './constant-names.js';
import { textFromBytes } from './text-from-bytes.js';

/**
 * A socket address that a call's argument points to. `family` determines the other properties. It is the number AF_*
 * for an address without other properties, such as one that was cut short.
 *
 * @example
 * import { spawn } from 'seccomp';
 *
 * // bash calls connect(2), and the handler refuses the call.
 * spawn('bash', ['-c', 'exec 3<> /dev/tcp/192.0.2.1/80'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
 *   stdio: 'ignore',
 *   notify: {
 *     connect: (call) => {
 *       const address = call.readSockaddr(1);
 *       if (address.family === 'IPv4') console.log(`${address.address}:${address.port}`); // 192.0.2.1:80
 *       return call.deny('ECONNREFUSED');
 *     },
 *   },
 * });
 */
export type SocketAddress = {
  /**
   * The bytes that were read from the caller's memory. They can't change any more, and are what `connect` connects to.
   */
  readonly bytes: Uint8Array;
} & NamedAddress;

type NamedAddress =
  /** `address` is written as in RFC 5952, and an IPv4-mapped one as `::ffff:192.0.2.1`. */
  | { readonly family: 'IPv4' | 'IPv6'; readonly address: string; readonly port: number }
  /** A file, by a path that is empty for an unnamed socket. Each byte that is not UTF-8 becomes U+DC80 to U+DCFF. */
  | { readonly family: 'unix'; readonly path: string; readonly abstract?: never }
  /**
   * A name in the abstract namespace, without its leading NUL. All other bytes are part of the name, NULs
   * included. Each byte that is not UTF-8 becomes U+DC80 to U+DCFF.
   */
  | { readonly family: 'unix'; readonly abstract: string; readonly path?: never }
  | { readonly family: number };

/** A caller's socket: the arguments AF_*, SOCK_* and protocol with which socket(2) made it. */
export interface CallerSocket {
  /** The address family, AF_*. */
  readonly domain: number;
  /** The type, SOCK_*, without flags. */
  readonly type: number;
  /** The protocol, such as IPPROTO_TCP. */
  readonly protocol: number;
}

/** The parts of an address. `other`: the family is not parsed here, or the bytes are too few for it. */
type Sockaddr =
  | { readonly kind: 'IPv4'; readonly address: string; readonly port: number }
  /** `scope` is the interface's index for a link-local address, else 0. */
  | { readonly kind: 'IPv6'; readonly address: string; readonly port: number; readonly scope: number }
  | { readonly kind: 'path' | 'abstract'; readonly name: string }
  | { readonly kind: 'netlink'; readonly port: number; readonly groups: number }
  | { readonly kind: 'other'; readonly family: number; readonly rest: Uint8Array };

/** Bytes of the field `sa_family`. */
export const FAMILY_SIZE = 2;
/** Maximum bytes of an address: struct sockaddr_storage. */
export const MAX_SOCKADDR = 128;

/**
 * Parses the address in `bytes`, which may be cut short. Ports and IP addresses are in network byte order on every ABI.
 */
function parse(bytes: Uint8Array, endian: Abi['endian']): Sockaddr {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = endian === 'little';
  const { length } = bytes;
  const family = length < FAMILY_SIZE ? AF_UNSPEC : view.getUint16(0, isLittle);
  const rest = bytes.subarray(FAMILY_SIZE);
  if (family === AF_INET && length >= 8)
    return { kind: 'IPv4', address: bytes.subarray(4, 8).join('.'), port: view.getUint16(2) };
  if (family === AF_INET6 && length >= 24) {
    const scope = length >= 28 ? view.getUint32(24, isLittle) : 0;
    return { kind: 'IPv6', address: writeIpv6(bytes.subarray(8, 24)), port: view.getUint16(2), scope };
  }
  if (family === AF_UNIX) return parseUnix(rest);
  if (family === AF_NETLINK && length >= 12)
    return { kind: 'netlink', port: view.getUint32(4, isLittle), groups: view.getUint32(8, isLittle) };
  return { kind: 'other', family, rest };
}

/**
 * Parses the bytes of sun_path. A path ends at its NUL. In an abstract name every byte is significant, NULs included.
 * An unnamed socket has no bytes.
 */
function parseUnix(bytes: Uint8Array): Sockaddr {
  if (bytes[0] === 0) return { kind: 'abstract', name: textFromBytes(bytes.subarray(1)) };
  const end = bytes.indexOf(0);
  return { kind: 'path', name: textFromBytes(end < 0 ? bytes : bytes.subarray(0, end)) };
}

/** Writes an IPv6 address as Node's sockets do. The class URL follows RFC 5952, except for IPv4-mapped addresses. */
function writeIpv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const groups = indices(8).map((i) => view.getUint16(2 * i).toString(16));
  const [first, second] = [view.getBigUint64(0), view.getUint32(8)];
  if (first === 0n && second === 0xffff) return `::ffff:${bytes.subarray(12).join('.')}`;
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Parses the address in `bytes` for a handler. */
export function parseSockaddr(bytes: Uint8Array, endian: Abi['endian']): SocketAddress {
  return { ...namedAddress(parse(bytes, endian)), bytes };
}

function namedAddress(address: Sockaddr): NamedAddress {
  switch (address.kind) {
    case 'IPv4':
    case 'IPv6':
      return { family: address.kind, address: address.address, port: address.port };
    case 'path':
      return { family: 'unix', path: address.name };
    case 'abstract':
      return { family: 'unix', abstract: address.name };
    case 'netlink':
      return { family: AF_NETLINK };
    case 'other':
      return { family: address.family };
  }
}

/** Writes the address in `bytes` for a person: `AF_INET 192.0.2.1:80`, `AF_UNIX "/run/socket"`. */
export function writeSockaddr(bytes: Uint8Array, { name, endian }: Abi): string {
  if (bytes.length < FAMILY_SIZE) return `${bytes.length} bytes`;
  const address = parse(bytes, endian);
  switch (address.kind) {
    case 'IPv4':
      return `AF_INET ${address.address}:${address.port}`;
    case 'IPv6':
      return `AF_INET6 [${address.address}${address.scope === 0 ? '' : `%${address.scope}`}]:${address.port}`;
    case 'path':
      return `AF_UNIX ${bytes.length === FAMILY_SIZE ? '(unnamed)' : quoted(address.name)}`;
    case 'abstract':
      return `AF_UNIX @${quoted(address.name)}`;
    case 'netlink':
      return `AF_NETLINK pid ${address.port} groups 0x${address.groups.toString(16)}`;
    case 'other': {
      const family = writeByName('family', name, BigInt(address.family));
      return address.rest.length === 0 ? family : `${family} ${Buffer.from(address.rest).toString('hex')}`;
    }
  }
}
