/**
 * The calls by which a child would reach others through sockets: those for Unix sockets, which `paths` denies where
 * Landlock does not check them, and all that `network: 'none'` denies.
 */
import type { AbiName } from '../syscalls/abi.js';
import { constants } from '../syscalls/constants.js';
import { errnoOn } from '../syscalls/errno.js';
import { argumentWidth } from '../syscalls/table.js';
import { deniedBySocketcall, deniedRings, equals, masked, type OneDeniedCall } from './denials.js';
import type { Condition } from './policy.js';

const NONE = "network: 'none'";

/**
 * Programs take it to mean that there are no Unix sockets, and do without. With EACCES or EPERM, getgrouplist(3) of musl
 * fails, and getpwnam_r(3) for users that do not exist: they try to connect to nscd.
 */
const noUnixSockets = (abi: AbiName) => errnoOn(abi, 'EAFNOSUPPORT');

/** The bits of a socket's type without flags. Source: SOCK_TYPE_MASK of linux/net.h. */
const SOCKET_TYPE = 0xf;

/** SOCK_DGRAM and SOCK_RAW. Source: asm-generic/socket.h, asm/socket.h of MIPS, and linux/net.h. */
const DATAGRAM_TYPES: readonly (readonly [name: string, type: (abi: AbiName) => number])[] = [
  ['SOCK_DGRAM', (abi) => (abi.startsWith('mips') ? 1 : 2)],
  ['SOCK_RAW', () => 3],
];

/**
 * The calls that make Unix sockets, except for connected pairs: a stream socket of a pair, and one of sequential packets,
 * can't be connected again. A datagram socket can, and can send to any path. The kernel takes SOCK_RAW as SOCK_DGRAM.
 * Source: unix(7), and net/unix/af_unix.c.
 *
 * @param why - Why the option denies them, and what to do instead.
 */
function unixSockets(name: string, why: string): readonly OneDeniedCall[] {
  return [
    {
      syscall: 'socket',
      conditions: () => [equals(0, constants.AF_UNIX)],
      why: `${name} denies socket of AF_UNIX, ${why}. C libraries try nscd so when they look up users, groups and hosts, and do without it`,
    },
    ...DATAGRAM_TYPES.map(([typeName, type]) => ({
      syscall: 'socketpair',
      conditions: (abi: AbiName) => [equals(0, constants.AF_UNIX), masked(1, SOCKET_TYPE, type(abi))],
      why: `${name} denies socketpair of AF_UNIX with ${typeName}, whose sockets can send to any path: use SOCK_STREAM or SOCK_SEQPACKET`,
    })),
    ...['socket', 'socketpair'].map((call) => deniedBySocketcall(name, call)),
  ].map((call) => ({ ...call, errno: noUnixSockets }));
}

/** What `paths` denies where Landlock does not check the paths of Unix sockets. */
export const UNIX_SOCKETS_OF_PATHS = unixSockets(
  'paths',
  'as Landlock checks the paths of Unix sockets only since Linux 7.1: use socketpair or TCP',
).map((call): OneDeniedCall => ({ ...call, to: ['unixSockets'] }));

const LEAVE_OUT = 'leave out the option if the program needs the network';

/** The calls that send with flags in a register, and which argument that is. */
const SENDING: readonly (readonly [syscall: string, flags: number])[] = [
  ['sendto', 3],
  ['sendmsg', 2],
  ['sendmmsg', 3],
];

/**
 * The requests of ioctl(2) that read and change interfaces, routes and tables of neighbors, on any socket. Those below,
 * about the socket itself, stay. Source: linux/sockios.h, and linux/wireless.h for the second range.
 */
const INTERFACE_REQUESTS: readonly (readonly [first: number, last: number])[] = [
  [0x890b, 0x89ff],
  [0x8b00, 0x8bff],
];

const isBetween = (index: number, first: number, last: number): readonly Condition[] => [
  { index, width: 32, op: 'ge', value: BigInt(first) },
  { index, width: 32, op: 'le', value: BigInt(last) },
];

const isGiven = (abi: AbiName, syscall: string, index: number): Condition => ({
  index,
  width: argumentWidth(abi, syscall, index),
  op: 'ne',
  value: 0n,
});

/** What `network: 'none'` denies. An address that sendmsg(2) and sendmmsg(2) send to is in memory: no filter sees it. */
export const OF_NETWORK: readonly OneDeniedCall[] = [
  ...unixSockets(NONE, 'through which other programs would reach the network for this one: use socketpair'),
  { syscall: 'socket', why: `${NONE} denies socket: ${LEAVE_OUT}` },
  {
    syscall: 'socketpair',
    conditions: () => [{ index: 0, width: 32, op: 'ne', value: BigInt(constants.AF_UNIX) }],
    why: `${NONE} denies socketpair of all families but AF_UNIX: use AF_UNIX`,
  },
  ...['connect', 'bind', 'listen'].map((syscall) => ({ syscall, why: `${NONE} denies ${syscall}: ${LEAVE_OUT}` })),
  {
    syscall: 'sendto',
    conditions: (abi: AbiName) => [isGiven(abi, 'sendto', 4)],
    why: `${NONE} denies sendto with an address: send without one, on a socket that is connected`,
  },
  ...SENDING.map(([syscall, flags]) => ({
    syscall,
    conditions: () => [masked(flags, constants.MSG_FASTOPEN, constants.MSG_FASTOPEN)],
    why: `${NONE} denies ${syscall} with MSG_FASTOPEN, which connects: ${LEAVE_OUT}`,
  })),
  ...INTERFACE_REQUESTS.map(([first, last]) => ({
    syscall: 'ioctl',
    conditions: () => isBetween(1, first, last),
    why: `${NONE} denies ioctl with the requests of network interfaces: ${LEAVE_OUT}`,
  })),
  ...['connect', 'bind', 'listen', 'sendto', 'sendmsg', 'sendmmsg'].map((call) => deniedBySocketcall(NONE, call)),
  ...deniedRings(NONE),
];
