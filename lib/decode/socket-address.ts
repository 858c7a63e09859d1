/** Socket addresses as they lie in memory: struct sockaddr of bits/socket.h, linux/in.h, linux/in6.h, linux/un.h. */
import type { Abi } from '../syscalls/abi.js';
import { indices } from '../util/own-data.js';

export type SocketAddress = { /** As it was read: what is decided on. */ readonly bytes: Uint8Array } & NamedAddress;

type NamedAddress =
  | { readonly family: 'IPv4' | 'IPv6'; readonly address: string; readonly port: number }
  /** `path` of an abstract one begins with `@`. */
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: number };

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

export function readSockaddr(bytes: Buffer, endian: Abi['endian']): SocketAddress {
  return { ...named(bytes, endian), bytes };
}

function named(bytes: Buffer, endian: Abi['endian']): NamedAddress {
  const family = bytes.length < 2 ? 0 : endian === 'little' ? bytes.readUInt16LE(0) : bytes.readUInt16BE(0);
  if (family === AF_INET && bytes.length >= 8)
    return { family: 'IPv4', address: bytes.subarray(4, 8).join('.'), port: bytes.readUInt16BE(2) };
  if (family === AF_INET6 && bytes.length >= 24)
    return { family: 'IPv6', address: ipv6(bytes.subarray(8, 24)), port: bytes.readUInt16BE(2) };
  if (family === AF_UNIX) return { family: 'unix', path: unixPath(bytes.subarray(2)) };
  return { family };
}

/** As RFC 5952 writes it. */
function ipv6(bytes: Buffer): string {
  const words = indices(8)
    .map((i) => bytes.readUInt16BE(2 * i).toString(16))
    .join(':');
  return new URL(`http://[${words}]`).hostname.slice(1, -1);
}

function unixPath(bytes: Buffer): string {
  if (bytes[0] === 0) return `@${bytes.subarray(1).toString()}`;
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? undefined : end);
}
