/** One parser reads a socket address for a handler and writes it for a person. */
import { expect, test } from 'vitest';
import { parseSockaddr, writeSockaddr } from '../../lib/decode/sockaddr.js';
import { type AbiName, abiOf } from '../../lib/syscalls/abi.js';

const CASES: readonly (readonly [hex: string, address: object, text: string, abi: AbiName])[] = [
  [
    '02000050 c0000201 0000000000000000',
    { family: 'IPv4', address: '192.0.2.1', port: 80 },
    'AF_INET 192.0.2.1:80',
    'x86_64',
  ],
  ['00020050 c0000201', { family: 'IPv4', address: '192.0.2.1', port: 80 }, 'AF_INET 192.0.2.1:80', 's390x'],
  [
    '0a0001bb 00000000 20010db8000000000000000000000001 00000000',
    { family: 'IPv6', address: '2001:db8::1', port: 443 },
    'AF_INET6 [2001:db8::1]:443',
    'x86_64',
  ],
  [
    '0a000001 00000000 fe800000000000000000000000000001 02000000',
    { family: 'IPv6', address: 'fe80::1', port: 1 },
    'AF_INET6 [fe80::1%2]:1',
    'x86_64',
  ],
  [
    '0a0001bb 00000000 00000000000000000000ffffc0000201 00000000',
    { family: 'IPv6', address: '::ffff:192.0.2.1', port: 443 },
    'AF_INET6 [::ffff:192.0.2.1]:443',
    'x86_64',
  ],
  ['0100 2f72756e2f7800ff', { family: 'unix', path: '/run/x' }, 'AF_UNIX "/run/x"', 'x86_64'],
  ['0100 2f72756e2f78', { family: 'unix', path: '/run/x' }, 'AF_UNIX "/run/x"', 'x86_64'],
  ['0100 00616200', { family: 'unix', abstract: 'ab\0' }, 'AF_UNIX @"ab\\u0000"', 'x86_64'],
  ['0100 0078', { family: 'unix', abstract: 'x' }, 'AF_UNIX @"x"', 'x86_64'],
  ['0100 4078', { family: 'unix', path: '@x' }, 'AF_UNIX "@x"', 'x86_64'],
  ['0100 00', { family: 'unix', abstract: '' }, 'AF_UNIX @""', 'x86_64'],
  ['0100 00ff78', { family: 'unix', abstract: '\udcffx' }, 'AF_UNIX @"\\udcffx"', 'x86_64'],
  ['0100', { family: 'unix', path: '' }, 'AF_UNIX (unnamed)', 'x86_64'],
  ['10000000 05000000 11000000', { family: 16 }, 'AF_NETLINK pid 5 groups 0x11', 'x86_64'],
  ['2600 6861', { family: 38 }, 'AF_ALG 6861', 'x86_64'],
  ['0200', { family: 2 }, 'AF_INET', 'x86_64'],
  ['0a0001bb 00000000', { family: 10 }, 'AF_INET6 01bb00000000', 'x86_64'],
  // Linux takes an IPv6 address without the scope: SIN6_LEN_RFC2133.
  [
    '0a0001bb 00000000 20010db8000000000000000000000001',
    { family: 'IPv6', address: '2001:db8::1', port: 443 },
    'AF_INET6 [2001:db8::1]:443',
    'x86_64',
  ],
  [
    '0a000001 00000000 fe800000000000000000000000000001 020000',
    { family: 'IPv6', address: 'fe80::1', port: 1 },
    'AF_INET6 [fe80::1]:1',
    'x86_64',
  ],
  [
    '0a0001bb 00000000 20010db80000000000000000000000',
    { family: 10 },
    'AF_INET6 01bb0000000020010db80000000000000000000000',
    'x86_64',
  ],
  [
    '0a0001bb 00000000 00000000000000000000fffec0000201 00000000',
    { family: 'IPv6', address: '::fffe:c000:201', port: 443 },
    'AF_INET6 [::fffe:c000:201]:443',
    'x86_64',
  ],
  ['02000050 c00002', { family: 2 }, 'AF_INET 0050c00002', 'x86_64'],
  ['10000000 05000000 110000', { family: 16 }, 'AF_NETLINK 000005000000110000', 'x86_64'],
  ['0010 0000 00000005 00000011', { family: 16 }, 'AF_NETLINK pid 5 groups 0x11', 's390x'],
  [
    '000a0001 00000000 fe800000000000000000000000000001 00000002',
    { family: 'IPv6', address: 'fe80::1', port: 1 },
    'AF_INET6 [fe80::1%2]:1',
    's390x',
  ],
  ['0000', { family: 0 }, 'AF_UNSPEC', 'x86_64'],
  ['', { family: 0 }, '0 bytes', 'x86_64'],
  ['02', { family: 0 }, '1 bytes', 'x86_64'],
];

test.each(CASES)('%s', (hex, address, text, abi) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(parseSockaddr(bytes, abiOf(abi).endian)).toEqual({ ...address, bytes });
  expect(writeSockaddr(bytes, abiOf(abi))).toBe(text);
});
