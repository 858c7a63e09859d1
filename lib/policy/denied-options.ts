/**
 * The options of a socket that change where its packets go. Beside a handler of connect, a child is denied to set them: the
 * address that the handler sees must be where the connection leads.
 */
import type { AbiName } from '../syscalls/abi.js';
import { own } from '../util/own-data.js';
import { deniedBySocketcall, deniedRings, equals, type OneDeniedCall } from './denials.js';

/** A number of <sys/socket.h>, which MIPS and PA-RISC have their own for. */
interface Numbered {
  readonly others: number;
  readonly mips?: number;
  readonly parisc?: number;
}

const SOL_SOCKET: Numbered = { others: 1, mips: 0xffff, parisc: 0xffff };
const SOL_IP: Numbered = { others: 0 };
const SOL_IPV6: Numbered = { others: 41 };
const SOL_SCTP: Numbered = { others: 132 };

/** By level: the options, and what they do. Source: asm/socket.h, linux/in.h, linux/in6.h. A test compares them with constants.ts. */
export const DIVERTING_OPTIONS: readonly (readonly [level: Numbered, name: string, option: Numbered, what: string])[] =
  [
    [SOL_SOCKET, 'SO_BINDTODEVICE', { others: 25, parisc: 0x4019 }, 'chooses an interface'],
    [SOL_SOCKET, 'SO_BINDTOIFINDEX', { others: 62, parisc: 0x4037 }, 'chooses an interface'],
    [SOL_SOCKET, 'SO_DONTROUTE', { others: 5, mips: 16, parisc: 16 }, 'leaves out gateways'],
    [SOL_SOCKET, 'SO_MARK', { others: 36, parisc: 0x401f }, 'chooses a routing table'],
    [SOL_IP, 'IP_OPTIONS', { others: 4 }, 'can have a source route'],
    [SOL_IP, 'IP_XFRM_POLICY', { others: 17 }, 'chooses a tunnel'],
    [SOL_IP, 'IP_MULTICAST_IF', { others: 32 }, 'chooses an interface'],
    [SOL_IP, 'IP_UNICAST_IF', { others: 50 }, 'chooses an interface'],
    [SOL_IPV6, 'IPV6_2292PKTINFO', { others: 2 }, 'chooses an interface'],
    [SOL_IPV6, 'IPV6_2292HOPOPTS', { others: 3 }, 'adds headers that routers obey'],
    [SOL_IPV6, 'IPV6_2292DSTOPTS', { others: 4 }, 'adds headers that hosts obey'],
    [SOL_IPV6, 'IPV6_2292RTHDR', { others: 5 }, 'has a route of its own'],
    [SOL_IPV6, 'IPV6_2292PKTOPTIONS', { others: 6 }, 'can have a route of its own'],
    [SOL_IPV6, 'IPV6_NEXTHOP', { others: 9 }, 'chooses a gateway'],
    [SOL_IPV6, 'IPV6_MULTICAST_IF', { others: 17 }, 'chooses an interface'],
    [SOL_IPV6, 'IPV6_XFRM_POLICY', { others: 35 }, 'chooses a tunnel'],
    [SOL_IPV6, 'IPV6_PKTINFO', { others: 50 }, 'chooses an interface'],
    [SOL_IPV6, 'IPV6_HOPOPTS', { others: 54 }, 'adds headers that routers obey'],
    [SOL_IPV6, 'IPV6_RTHDRDSTOPTS', { others: 55 }, 'adds headers that routers obey'],
    [SOL_IPV6, 'IPV6_RTHDR', { others: 57 }, 'has a route of its own'],
    [SOL_IPV6, 'IPV6_DSTOPTS', { others: 59 }, 'adds headers that hosts obey'],
    [SOL_IPV6, 'IPV6_UNICAST_IF', { others: 76 }, 'chooses an interface'],
  ];

/** The number on an ABI. */
export function numberOn(abi: AbiName, number: Numbered): number {
  const { others, mips, parisc } = own(number);
  if (abi.startsWith('mips')) return mips ?? others;
  return abi.startsWith('parisc') ? (parisc ?? others) : others;
}

const HANDLER = 'a handler of connect';

export const DIVERTING: readonly OneDeniedCall[] = [
  ...DIVERTING_OPTIONS.map(([level, name, option, what]) => ({
    syscall: 'setsockopt',
    conditions: (abi: AbiName) => [equals(1, numberOn(abi, level)), equals(2, numberOn(abi, option))],
    why: `${HANDLER} denies setsockopt ${name}, which ${what}: packets would not go where the handler sees`,
  })),
  {
    syscall: 'setsockopt',
    conditions: (abi: AbiName) => [equals(1, numberOn(abi, SOL_SCTP))],
    why: `${HANDLER} denies setsockopt of SCTP, whose options connect too: use TCP`,
  },
  deniedBySocketcall(HANDLER, 'setsockopt'),
  ...deniedRings(HANDLER),
];
