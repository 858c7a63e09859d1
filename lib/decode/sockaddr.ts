/** Socket addresses as a person reads them. */
import { SocketAddress } from 'node:net';
import type { Abi } from '../syscalls/abi.js';
import { indices, own } from '../util/own-data.js';
import { writeByName } from './constant-families.js';

/** Writes a `struct sockaddr`, which may be cut short. Sources: ip(7), ipv6(7), unix(7), netlink(7). */
export function writeSockaddr(bytes: Uint8Array, { name, endian }: Abi): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endian === 'little';
  if (bytes.length < 2) return `${bytes.length} bytes`;
  const family = writeByName('family', name, BigInt(view.getUint16(0, little)));
  if (family === 'AF_INET' && bytes.length >= 8)
    return `${family} ${bytes.subarray(4, 8).join('.')}:${view.getUint16(2)}`;
  if (family === 'AF_INET6' && bytes.length >= 24) {
    const scope = bytes.length >= 28 ? view.getUint32(24, little) : 0;
    return `${family} [${ipv6(view)}${scope === 0 ? '' : `%${scope}`}]:${view.getUint16(2)}`;
  }
  if (family === 'AF_UNIX') return `${family} ${unixPath(bytes.subarray(2))}`;
  if (family === 'AF_NETLINK' && bytes.length >= 12) {
    return `${family} pid ${view.getUint32(4, little)} groups 0x${view.getUint32(8, little).toString(16)}`;
  }
  return bytes.length > 2 ? `${family} ${Buffer.from(bytes.subarray(2)).toString('hex')}` : family;
}

/** Shortened by Node, as RFC 5952 has it. */
function ipv6(view: DataView): string {
  const groups = indices(8).map((i) => view.getUint16(8 + 2 * i).toString(16));
  return new SocketAddress(own({ family: 'ipv6', address: groups.join(':') })).address;
}

/** A name in the file system, one in the abstract namespace (`@`, its zero bytes too), or none. */
function unixPath(path: Uint8Array): string {
  if (path.length === 0) return '(unnamed)';
  if (path[0] === 0) return `@${JSON.stringify(textOf(path.subarray(1)))}`;
  const end = path.indexOf(0);
  return JSON.stringify(textOf(end < 0 ? path : path.subarray(0, end)));
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
