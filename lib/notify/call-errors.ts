/** Errors of the methods that read and write what the arguments of a call refer to. */
import { constants } from 'node:os';
import { define } from '../util/own-data.js';
import { systemErrorName } from '../util/system-error.js';

/** The parts of a call that messages show. */
interface CallInMessages {
  readonly syscall: string;
  readonly tid: number | null;
  readonly args: readonly bigint[];
}

/** What a method does with an argument: reads a string or other memory, writes, reads so many bytes, looks at a socket. */
type Use = 'string' | 'read' | 'write' | 'size' | 'socket';

/** What errnos mean for an argument, by its use and their names: the predicate of a sentence about the argument. */
const MEANINGS: ReadonlyMap<`${Use} ${string}`, string> = new Map([
  ['string EFAULT', 'points to a string that continues into memory that is not mapped'],
  ['string ENAMETOOLONG', 'points to a string of more than 4095 bytes'],
  ['read EFAULT', 'is not the address of readable memory'],
  ['write EFAULT', 'is not the address of enough writable memory'],
  ['size EINVAL', 'is less than 2, the size of the family of a socket address'],
  ['socket EBADF', 'is not an open descriptor'],
  ['socket ENOTSOCK', 'is not a socket'],
]);

const { ENOENT, ESRCH } = constants.errno;

/**
 * The error of a method that cannot use an argument. Its `code` is the errno's name: ENOENT if the call is over, as the
 * kernel says of its notification; ESRCH if the caller is unknown; ETIMEDOUT if its memory or its descriptor does not answer.
 *
 * @param errno - A positive errno.
 */
export function unusableArgument(
  { syscall, tid, args }: CallInMessages,
  argument: number,
  use: Use,
  errno: number,
): NodeJS.ErrnoException {
  if (tid === null) return namedSystemError(ESRCH, `${syscall}: this process's PID namespace does not have the caller`);
  if (errno === ENOENT)
    return namedSystemError(errno, `${syscall}: the call is over: it was answered or interrupted, or its caller ended`);
  const code = systemErrorName(errno);
  if (code === 'ETIMEDOUT')
    return namedSystemError(
      errno,
      `${syscall}: the caller's ${use === 'socket' ? 'descriptor' : 'memory'} does not answer: it is that of a file system or a handler of its own`,
    );
  if (code === 'EACCES' || code === 'EPERM') {
    const forbidden = use === 'socket' ? "duplicate the caller's descriptors" : "access the caller's memory";
    return namedSystemError(errno, `${syscall}: this process may not ${forbidden}`);
  }
  const value = args[argument] ?? 0n;
  const shown = use === 'socket' || use === 'size' ? BigInt.asIntN(32, value) : `0x${value.toString(16)}`;
  const meaning = MEANINGS.get(`${use} ${code}`);
  return namedSystemError(errno, `${syscall}: argument ${argument} (${shown})${meaning ? ` ${meaning}` : ''}`);
}

/** A system error whose message is `what` and the errno's name: `openat: argument 1: EFAULT`. `errno` is positive. */
export function namedSystemError(errno: number, what: string): NodeJS.ErrnoException {
  const code = systemErrorName(errno);
  return define(new Error(`${what}: ${code}`), { errno: -errno, code });
}
