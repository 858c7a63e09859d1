/**
 * Multiplexers: socketcall(2) and ipc(2), through which some ABIs make other calls. A number in the first argument says
 * which call is meant; its own arguments are behind a pointer, where a filter can't read them.
 */
import type { AbiName } from './abi.js';
import { type SyscallNumber, syscallNumber } from './table.js';

/** A syscall that makes other calls. */
export interface Multiplexer {
  readonly name: 'socketcall' | 'ipc';
  /** The bits of the first argument that hold the number of the call. ipc has a version above them. */
  readonly mask: bigint;
  /** The calls that it makes, and their numbers in the first argument. */
  readonly calls: ReadonlyMap<string, bigint>;
}

function numbered(...lists: readonly (readonly [first: number, names: string])[]): ReadonlyMap<string, bigint> {
  return new Map(
    lists.flatMap(([first, names]) => names.split(' ').map((name, i) => [name, BigInt(first + i)] as const)),
  );
}

/** Source: linux/net.h and linux/ipc.h of Linux 6.12; the mask is that of ksys_ipc() in ipc/syscall.c. */
const MULTIPLEXERS: readonly Multiplexer[] = [
  {
    name: 'socketcall',
    mask: 0xffff_ffffn,
    calls: numbered(
      [1, 'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown'],
      [14, 'setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'],
    ),
  },
  {
    name: 'ipc',
    mask: 0xffffn,
    calls: numbered(
      [1, 'semop semget semctl semtimedop'],
      [11, 'msgsnd msgrcv msgget msgctl'],
      [21, 'shmat shmdt shmget shmctl'],
    ),
  },
];

/** The multiplexers of an ABI, with their syscall numbers. */
export function multiplexersOf(abi: AbiName): readonly (Multiplexer & { readonly number: SyscallNumber })[] {
  return MULTIPLEXERS.flatMap((multiplexer) => {
    const number = syscallNumber(abi, multiplexer.name);
    return number === undefined ? [] : [{ ...multiplexer, number }];
  });
}
