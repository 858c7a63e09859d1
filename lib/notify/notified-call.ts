/** NotifiedCall: a system call that waits for its answer, as a handler sees it. */
import { constants } from 'node:os';
import { abiOfCall } from '../decode/observed-call.js';
import { type CallerSocket, FAMILY_SIZE, MAX_SOCKADDR, parseSockaddr, type SocketAddress } from '../decode/sockaddr.js';
import { textFromBytes } from '../decode/text-from-bytes.js';
import { addon, type ListenerHandle, type SocketTraits } from '../native.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { syscallName } from '../syscalls/table.js';
import { withoutBigints } from '../util/json.js';
import {
  type Answer,
  answerCall,
  type FileDescriptorLike,
  type NotifyResponse,
  type ReturnFdOptions,
  respondTo,
} from './answer.js';
import {
  checkBytes,
  checkInteger,
  checkSockaddr,
  readAddress,
  readDescriptor,
  readErrno,
  readReturnValue,
  refuseArguments,
} from './call-arguments.js';
import { unusableArgument } from './call-errors.js';
import type { CallContainer } from './container.js';
import { onConnectionSettled, type PendingNotification } from './listener.js';
import { checkReceivers } from './receiver.js';

/** Maximum bytes of a string, with its NUL: PATH_MAX of linux/limits.h. */
const MAX_STRING = 4096;
/** Maximum bytes of one read or write, so that it can't block this process for long. */
const MAX_TRANSFER = 1 << 20;

const { EFAULT, EINVAL, ENAMETOOLONG } = constants.errno;

const CONTINUE: Answer = { kind: 'continue' };

let send: (call: NotifiedCall, answer: Answer) => number;

/** Sends the answer to a call. Returns 0 or an errno: ENOENT if the caller was killed. */
export function sendAnswer(call: NotifiedCall, answer: Answer): number {
  return send(call, answer);
}

/**
 * A system call that waits for its answer, which is the result of one of the methods `continue`, `deny`, `return`,
 * `returnFd` and `connect`. Others read and write the caller's memory when they are called, and another thread of the
 * caller may change that memory at any time: decide on a value that was read once, and answer so that the kernel does
 * not read it again.
 *
 * Methods check their arguments as Node does: ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE. A method
 * that is called without its call, as after `const { deny } = call`, throws ERR_INVALID_THIS.
 *
 * @example
 * import { spawn } from 'seccomp';
 *
 * // uname(2) fills a struct of six fields with 65 bytes each, to which its argument points. This prints "Plan 9".
 * spawn('uname', ['-s'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
 *   stdio: ['ignore', 'inherit', 'inherit'],
 *   notify: {
 *     uname: (call) => {
 *       const names = Buffer.alloc(6 * 65);
 *       names.write('Plan 9');
 *       call.writeBytes(0, names);
 *       return call.return(0);
 *     },
 *   },
 * });
 */
export class NotifiedCall<Of extends CallContainer = CallContainer> {
  /** The ABI by which the call was made. */
  readonly abi: AbiName;
  /** The name of the syscall, or `syscall N` for a number without a name. */
  readonly syscall: string;
  /** The thread ID of the caller. Null if unknown, as for a process that this process's PID namespace does not have. */
  readonly tid: number | null;
  /** The six argument registers as unsigned numbers, of 32 bits each on a 32-bit ABI and else of 64. */
  readonly args: readonly bigint[];
  /** The address of the instruction after the one that made the call. */
  readonly instructionPointer: bigint;
  /** The container whose call it is, if an agent answers it: see `listen`. Undefined in a supervised child. */
  readonly container: Of;
  readonly #handle: ListenerHandle;
  readonly #id: bigint;
  /** 0 if unknown. */
  readonly #tid: number;
  /** The socket of argument 0, if the handler looked at it. */
  #socket: SocketTraits | undefined;

  /** @internal */
  constructor(notification: PendingNotification, handle: ListenerHandle, container: Of) {
    const { call, tid, arch, number, args, instructionPointer } = notification;
    this.abi = abiOfCall(arch, number);
    this.syscall = syscallName(this.abi, number) ?? `syscall ${number}`;
    this.tid = tid === 0 ? null : tid;
    this.#tid = tid;
    this.args = abiOf(this.abi).bits === 64 ? args : args.map((value) => BigInt.asUintN(32, value));
    this.instructionPointer = instructionPointer;
    this.container = container;
    this.#handle = handle;
    this.#id = call;
  }

  static {
    send = (call, answer) => answerCall(call.#handle, call.#id, answer);
    checkReceivers(NotifiedCall, 'NotifiedCall', (value) => #id in value);
  }

  /**
   * Lets the kernel execute the call. The kernel reads the memory to which arguments point again, and other threads of
   * the caller may have changed it since the handler read it: see SECCOMP_USER_NOTIF_FLAG_CONTINUE in
   * seccomp_unotify(2).
   *
   * @throws {TypeError} ERR_INVALID_ARG_VALUE for any argument, such as a condition.
   */
  continue(): NotifyResponse;
  continue(...unexpected: readonly unknown[]): NotifyResponse {
    refuseArguments(unexpected);
    return this.#respond(CONTINUE);
  }

  /**
   * Makes the call fail. It is not executed.
   *
   * @param errno - An errno by its name, such as `EACCES`, or as a number from 1 to 4095.
   */
  deny(errno: string | number): NotifyResponse {
    return this.#respond({ kind: 'errno', errno: readErrno(errno) });
  }

  /**
   * Makes the call return a value. It is not executed.
   *
   * @param value - A safe integer, or a bigint of at most 64 bits. Negative numbers from −4095 to −1 are errnos, as the
   * kernel returns them.
   */
  return(value: number | bigint): NotifyResponse {
    return this.#respond({ kind: 'value', value: readReturnValue(value) });
  }

  /**
   * Makes the call return a new descriptor of the caller, a duplicate of one of this process. The call is not executed.
   * Linux 5.9 and later.
   *
   * @param fd - A descriptor, or an object that has one as `fd`, such as a FileHandle.
   * @param options - `closeOnExec` and `close`, both false by default.
   * @throws {SeccompError} ERR_SECCOMP_OPTION for an unknown option.
   * @example
   * import { openSync, writeFileSync } from 'node:fs';
   * import { spawn } from 'seccomp';
   *
   * writeFileSync('motd.txt', 'Welcome\n');
   * spawn('cat', ['/etc/motd'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: ['ignore', 'inherit', 'inherit'],
   *   notify: {
   *     openat: (call) => {
   *       // cat receives a descriptor of another file: it prints "Welcome".
   *       if (call.readString(1) !== '/etc/motd') return call.continue();
   *       return call.returnFd(openSync('motd.txt', 'r'), { close: true });
   *     },
   *   },
   * });
   */
  returnFd(fd: FileDescriptorLike, options?: ReturnFdOptions): NotifyResponse {
    return this.#respond(readDescriptor(fd, options));
  }

  /**
   * Reads the caller's memory at the address in an argument. Returns fewer bytes if a page of the range is not mapped:
   * those before that page. Reads also pages that the caller itself may not read.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @param size - The number of bytes, 0 to 1,048,576.
   * @throws {Error} with a system error's `code`: EFAULT if not even the first byte is mapped, ENOENT if the call is
   * over, EACCES or EPERM if this process may not access the caller's memory (proc_pid_mem(5)), ESRCH if `tid` is null.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('sh', ['-c', 'echo hello'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: ['ignore', 'inherit', 'inherit'],
   *   notify: {
   *     write: (call) => {
   *       const [, , size = 0n] = call.args;
   *       process.stdout.write(`write: ${call.readBytes(1, Math.min(Number(size), 80))}`); // write: hello
   *       return call.continue();
   *     },
   *   },
   * });
   */
  readBytes(argument: number, size: number): Buffer {
    const address = this.#argument(argument);
    checkInteger(size, 'size', 0, MAX_TRANSFER);
    const result = addon().readMemory(this.#handle, this.#id, this.#tid, address, size);
    if (typeof result === 'number') throw unusableArgument(this, argument, 'read', result);
    return result;
  }

  /**
   * Reads the string at the address in an argument, up to its NUL, as UTF-8.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @throws {Error} as `readBytes`; EFAULT also for a string without a NUL before memory that is not mapped, and
   * ENAMETOOLONG for one of more than 4,095 bytes, as the kernel gives for a path.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('cat', ['/etc/passwd'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: { openat: (call) => (call.readString(1) === '/etc/passwd' ? call.deny('EACCES') : call.continue()) },
   * }).on('exit', (code) => console.log(code)); // 1
   */
  readString(argument: number): string {
    const bytes = this.readBytes(argument, MAX_STRING);
    const end = bytes.indexOf(0);
    if (end < 0) throw unusableArgument(this, argument, 'string', bytes.length < MAX_STRING ? EFAULT : ENAMETOOLONG);
    return textFromBytes(bytes.subarray(0, end));
  }

  /**
   * Reads the socket address at the address in an argument. Its size is the value of the next argument.
   *
   * @param argument - The index of the argument: 1 of connect(2) and bind(2), 4 of sendto(2).
   * @throws {TypeError} ERR_INVALID_ARG_VALUE for an argument of a call that is not a socket address.
   * @throws {Error} as `readBytes`, and EINVAL for a size of less than 2, as where sendto(2) has no address.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('bash', ['-c', 'exec 3<> /dev/tcp/192.0.2.1/80'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: {
   *     connect: (call) => {
   *       const address = call.readSockaddr(1);
   *       if (address.family === 'IPv4') console.log(address.address, address.port); // 192.0.2.1 80
   *       return call.deny('ECONNREFUSED');
   *     },
   *   },
   * });
   */
  readSockaddr(argument: number): SocketAddress {
    checkSockaddr(this.syscall, argument);
    const size = Number(BigInt.asUintN(32, this.#argument(argument + 1)));
    if (size < FAMILY_SIZE) throw unusableArgument(this, argument + 1, 'size', EINVAL);
    return parseSockaddr(this.readBytes(argument, Math.min(size, MAX_SOCKADDR)), abiOf(this.abi).endian);
  }

  /**
   * Looks at the caller's socket whose descriptor is in an argument. After `socket(0)`, `connect` refuses a socket of
   * another kind, which another thread of the caller may have put in its place.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @returns Numbers, which have names in `constants`.
   * @throws {Error} with a system error's `code`: EBADF for a descriptor that is not open, ENOTSOCK for one that is not
   * a socket, ENOENT if the call is over, EPERM if this process may not duplicate its descriptors (pidfd_getfd(2)).
   * @example
   * import { constants, spawn } from 'seccomp';
   *
   * spawn('bash', ['-c', 'exec 3<> /dev/tcp/192.0.2.1/80'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: {
   *     connect: (call) => {
   *       console.log(call.socket(0).domain === constants.AF_INET); // true
   *       return call.deny('ECONNREFUSED');
   *     },
   *   },
   * });
   */
  socket(argument: number): CallerSocket {
    const facts = addon().socketOf(this.#handle, this.#id, this.#tid, this.#descriptor(argument));
    if (typeof facts === 'number') throw unusableArgument(this, argument, 'socket', -facts);
    const [domain, type, protocol] = facts;
    if (argument === 0) this.#socket = facts;
    return { domain, type, protocol };
  }

  /**
   * Executes connect(2) in place of the kernel: connects the caller's own socket, argument 0, to an address that
   * `readSockaddr` read, which the caller can't change any more. An internet socket is connected by this process's own
   * rights; a local one by the caller's user, groups, capabilities, root and working directory, or not at all. The
   * attempt ends when the call is answered otherwise or its caller exits. Linux 5.6 and later, if this process may use
   * pidfd_getfd(2).
   *
   * @param address - The result of `readSockaddr`.
   * @returns The response. Its `errno` is 0, or the errno with which connecting failed, such as EACCES.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('bash', ['-c', 'exec 3<> /dev/tcp/127.0.0.1/1'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: {
   *     connect: async (call) => {
   *       const target = call.readSockaddr(1);
   *       if (target.family !== 'IPv4' || target.address !== '127.0.0.1') return call.deny('EACCES');
   *       const response = await call.connect(target);
   *       console.log(response.errno); // 111, ECONNREFUSED: no program listens at this port.
   *       return response;
   *     },
   *   },
   * });
   */
  connect(address: SocketAddress): Promise<NotifyResponse> {
    const bytes = readAddress(address);
    return new Promise((resolve) => {
      const settle = (errno: number) => resolve(this.#respond({ kind: 'errno', errno }));
      const begun = addon().connect(this.#handle, this.#id, this.#tid, this.#descriptor(0), bytes, this.#socket);
      if (begun > 0) onConnectionSettled(this.#handle, begun, settle);
      else settle(-begun);
    });
  }

  /**
   * Writes into the caller's memory at the address in an argument, even to pages that the caller itself may not write
   * to, as proc_pid_mem(5) allows.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @param bytes - The bytes to write, at most 1,048,576.
   * @throws {Error} as `readBytes`; EFAULT if not all bytes can be written. Those before the first page that is not
   * mapped may have been written then.
   */
  writeBytes(argument: number, bytes: Uint8Array): void {
    const address = this.#argument(argument);
    checkBytes(bytes, 'bytes');
    checkInteger(bytes.byteLength, 'bytes.length', 0, MAX_TRANSFER);
    const error = addon().writeMemory(this.#handle, this.#id, this.#tid, address, bytes);
    if (error !== 0) throw unusableArgument(this, argument, 'write', error);
  }

  /** Returns the properties, for JSON.stringify: bigints as decimal strings. */
  toJSON(): object {
    return withoutBigints({ ...this }) as object;
  }

  #respond(answer: Answer): NotifyResponse {
    return respondTo(this, answer);
  }

  #descriptor(argument: number): number {
    return Number(BigInt.asIntN(32, this.#argument(argument)));
  }

  #argument(index: number): bigint {
    checkInteger(index, 'argument', 0, 5);
    return this.args[index] ?? 0n;
  }
}
