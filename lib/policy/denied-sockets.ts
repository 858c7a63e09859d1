/**
 * The calls by which a child would reach others through sockets: those for Unix sockets, which `paths` denies where
 * Landlock does not check them, and all that `network: 'none'` denies.
 */
import type { AbiName } from '../syscalls/abi.js';
import { constants } from '../syscalls/constants.js';
import { EACCES, errnoOn } from '../syscalls/errno.js';
import { multiplexersOf } from '../syscalls/multiplexers.js';
import { argumentWidth } from '../syscalls/table.js';
import { type Denials, type DeniedBy, type DeniedCall, equals, masked, notThere } from './denials.js';
import type { Condition } from './policy.js';

/** An option that denies sockets, as its reasons name it. */
interface Denier {
  readonly name: string;
  readonly by: DeniedBy;
  readonly to: readonly (keyof Denials)[];
}

const PATHS: Denier = { name: 'paths', by: 'paths', to: ['unixSockets'] };
const NONE = "network: 'none'";
const NETWORK: Denier = { name: NONE, by: 'network', to: ['network'] };

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

/** The arguments of socketcall(2) are in memory, where a filter can't read them, so that a call is denied with any. */
const bySocketcall = (call: string) => ({
  syscall: 'socketcall',
  conditions: (abi: AbiName) => {
    const { calls } = multiplexersOf(abi).find(({ name }) => name === 'socketcall') ?? {};
    return [equals(0, Number(calls?.get(call) ?? 0))];
  },
});

const whyUnread = (name: string, call: string) =>
  `${name} denies ${call} by socketcall, whose arguments a filter can't read: make the syscall ${call} itself`;

/** The reason why an option denies a call of io_uring. */
export const whyUnseen = (name: string, call: string) =>
  `${name} denies ${call}, since no filter sees the requests of io_uring: make syscalls instead`;

/**
 * The calls that make Unix sockets, except for connected pairs: a stream socket of a pair, and one of sequential packets,
 * can't be connected again. A datagram socket can, and can send to any path. The kernel takes SOCK_RAW as SOCK_DGRAM.
 * Source: unix(7), and net/unix/af_unix.c.
 *
 * @param why - Why the option denies them, and what to do instead.
 */
function unixSockets({ name, by, to }: Denier, why: string): readonly DeniedCall[] {
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
    ...['socket', 'socketpair'].map((call) => ({ ...bySocketcall(call), why: whyUnread(name, call) })),
  ].map((call) => ({ ...call, by, to, errno: noUnixSockets }));
}

/** What `paths` denies where Landlock does not check the paths of Unix sockets. */
export const UNIX_SOCKETS_OF_PATHS = unixSockets(
  PATHS,
  'as Landlock checks the paths of Unix sockets only since Linux 7.1: use socketpair or TCP',
);

type NetworkDenial = Pick<DeniedCall, 'syscall' | 'why'> & Partial<DeniedCall>;

/** A call that `network: 'none'` denies: by default with EACCES, and whatever its arguments are. */
const ofNetwork = (call: NetworkDenial): DeniedCall => ({
  by: NETWORK.by,
  to: NETWORK.to,
  errno: () => EACCES,
  conditions: () => [],
  ...call,
});

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
export const OF_NETWORK: readonly DeniedCall[] = [
  ...unixSockets(NETWORK, 'through which other programs would reach the network for this one: use socketpair'),
  ofNetwork({ syscall: 'socket', why: `${NONE} denies socket: ${LEAVE_OUT}` }),
  ofNetwork({
    syscall: 'socketpair',
    conditions: () => [{ index: 0, width: 32, op: 'ne', value: BigInt(constants.AF_UNIX) }],
    why: `${NONE} denies socketpair of all families but AF_UNIX: use AF_UNIX`,
  }),
  ...['connect', 'bind', 'listen'].map((syscall) =>
    ofNetwork({ syscall, why: `${NONE} denies ${syscall}: ${LEAVE_OUT}` }),
  ),
  ofNetwork({
    syscall: 'sendto',
    conditions: (abi) => [isGiven(abi, 'sendto', 4)],
    why: `${NONE} denies sendto with an address: send without one, on a socket that is connected`,
  }),
  ...SENDING.map(([syscall, flags]) =>
    ofNetwork({
      syscall,
      conditions: () => [masked(flags, constants.MSG_FASTOPEN, constants.MSG_FASTOPEN)],
      why: `${NONE} denies ${syscall} with MSG_FASTOPEN, which connects: ${LEAVE_OUT}`,
    }),
  ),
  ...INTERFACE_REQUESTS.map(([first, last]) =>
    ofNetwork({
      syscall: 'ioctl',
      conditions: () => isBetween(1, first, last),
      why: `${NONE} denies ioctl with the requests of network interfaces: ${LEAVE_OUT}`,
    }),
  ),
  ...['connect', 'bind', 'listen', 'sendto', 'sendmsg', 'sendmmsg'].map((call) =>
    ofNetwork({ ...bySocketcall(call), why: whyUnread(NONE, call) }),
  ),
  ...['io_uring_setup', 'io_uring_enter'].map((syscall) =>
    ofNetwork({ syscall, errno: notThere, why: whyUnseen(NONE, syscall) }),
  ),
];
