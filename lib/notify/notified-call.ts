/** NotifiedCall: a system call that waits for its answer, as a handler sees it. */
import { constants } from 'node:os';
import { abiOfCall } from '../decode/observed-call.js';
import { readSockaddr, type SocketAddress } from '../decode/sockaddr.js';
import { SeccompError } from '../errors.js';
import { addon, type ListenerHandle, type SocketTraits } from '../native.js';
import { type AbiName, abiOf } from '../syscalls/abi.js';
import { syscallName } from '../syscalls/table.js';
import { define } from '../util/own-data.js';
import { systemErrorName } from '../util/system-error.js';
import type { NormalizedAnswer, NotifyResponse } from './answer.js';
import type { OciContainer } from './container.js';
import { onConnectionSettled, type PendingNotification } from './listener.js';

/** The container of a call that an agent answers. Undefined for a call of a supervised child. */
export type CallContainer = OciContainer | undefined;

/** Maximum bytes of a string, with its NUL: PATH_MAX of linux/limits.h. */
const MAX_STRING = 4096;
/** Maximum bytes of one read, so that a caller can't block this process for long. */
const MAX_READ = 1 << 20;
/** Maximum bytes of a socket address: struct sockaddr_storage. */
const MAX_SOCKADDR = 128;

/** A caller's socket: the arguments AF_*, SOCK_* and protocol with which socket(2) made it. */
export interface CallerSocket {
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
}

/**
 * A system call that waits for its answer. The methods read the caller's memory when they are called, and another
 * thread of the caller may change that memory at any time: decide on a value that was read once, and answer so that the
 * kernel does not read it again.
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
 *       call.write(0, names);
 *       return { value: 0 };
 *     },
 *   },
 * });
 */
export class NotifiedCall<Of extends CallContainer = CallContainer> {
  /** The ABI by which the call was made. */
  readonly abi: AbiName;
  /** The name of the syscall, or `syscall N` for a number without a name. */
  readonly syscall: string;
  /** The thread ID of the caller. */
  readonly tid: number;
  /** The six argument registers as unsigned numbers, of 32 bits each on a 32-bit ABI and else of 64. */
  readonly args: readonly bigint[];
  /** The address of the instruction after the one that made the call. */
  readonly instructionPointer: bigint;
  /** The container whose call it is, if an agent answers it: see `listen`. Undefined in a supervised child. */
  readonly container: Of;
  readonly #handle: ListenerHandle;
  readonly #id: bigint;
  /** The socket of argument 0, if the handler looked at it. */
  #socket: SocketTraits | undefined;

  /** @internal */
  constructor(notification: PendingNotification, handle: ListenerHandle, container: Of) {
    const { call, tid, arch, number, args, instructionPointer } = notification;
    this.abi = abiOfCall(arch, number);
    this.syscall = syscallName(this.abi, number) ?? `syscall ${number}`;
    this.tid = tid;
    this.args = abiOf(this.abi).bits === 64 ? args : args.map((value) => BigInt.asUintN(32, value));
    this.instructionPointer = instructionPointer;
    this.container = container;
    this.#handle = handle;
    this.#id = call;
  }

  /**
   * Reads the caller's memory at the address in an argument. Returns fewer bytes if the mapped memory ends before.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @param size - The number of bytes, 0 to 1,048,576.
   * @throws {Error} with a system error's `code`: EFAULT for memory that is not mapped, ENOENT if the call waits no
   * more, as its caller was killed, EACCES if this process may not read the caller's memory (proc_pid_mem(5)).
   * @throws {SeccompError} ERR_SECCOMP_OPTION for an index or a size out of range.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('sh', ['-c', 'echo hello'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: ['ignore', 'inherit', 'inherit'],
   *   notify: {
   *     write: (call) => {
   *       const [, , size = 0n] = call.args;
   *       process.stdout.write(`write: ${call.bytes(1, Math.min(Number(size), 80))}`); // write: hello
   *       return { continue: true };
   *     },
   *   },
   * });
   */
  bytes(argument: number, size: number): Buffer {
    if (!Number.isInteger(size) || size < 0 || size > MAX_READ) {
      const message = `${this.syscall}: bytes(${argument}, ${size}): the size must be an integer from 0 to ${MAX_READ}`;
      throw new SeccompError('ERR_SECCOMP_OPTION', message);
    }
    const result = addon().readMemory(this.#handle, this.#id, this.tid, this.#argument(argument), size);
    if (typeof result === 'number') throw this.#error(result, argument);
    return result;
  }

  /**
   * Reads the string at the address in an argument, up to its NUL, as UTF-8.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @throws {Error} as `bytes`, and ENAMETOOLONG for a string of more than 4,095 bytes.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('cat', ['/etc/passwd'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: { openat: (call) => (call.string(1) === '/etc/passwd' ? { errno: 'EACCES' } : { continue: true }) },
   * }).on('exit', (code) => console.log(code)); // 1
   */
  string(argument: number): string {
    const bytes = this.bytes(argument, MAX_STRING);
    const end = bytes.indexOf(0);
    if (end < 0) throw this.#error(constants.errno.ENAMETOOLONG, argument);
    return bytes.toString('utf8', 0, end);
  }

  /**
   * Reads the socket address at the address in an argument. Its size is the value of the next argument, as for
   * connect(2), bind(2) and sendto(2).
   *
   * @param argument - The index of the argument, 0 to 4.
   * @throws {Error} as `bytes`.
   * @example
   * import { spawn } from 'seccomp';
   *
   * spawn('bash', ['-c', 'exec 3<> /dev/tcp/192.0.2.1/80'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: {
   *     connect: (call) => {
   *       const address = call.sockaddr(1);
   *       if (address.family === 'IPv4') console.log(address.address, address.port); // 192.0.2.1 80
   *       return { errno: 'ECONNREFUSED' };
   *     },
   *   },
   * });
   */
  sockaddr(argument: number): SocketAddress {
    const size = Number(BigInt.asUintN(32, this.#argument(argument + 1)));
    return readSockaddr(this.bytes(argument, Math.min(size, MAX_SOCKADDR)), abiOf(this.abi).endian);
  }

  /**
   * Looks at the caller's socket whose descriptor is in an argument. After `socket(0)`, `connect` refuses a socket of
   * another kind, which another thread of the caller may have put in its place.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @returns Numbers, which have names in `constants`.
   * @throws {Error} with a system error's `code`: EBADF, ENOTSOCK, ESRCH or ENOENT if the caller was killed, EPERM if
   * this process may not take its descriptors (pidfd_getfd(2)).
   * @example
   * import { constants, spawn } from 'seccomp';
   *
   * spawn('bash', ['-c', 'exec 3<> /dev/tcp/192.0.2.1/80'], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *   stdio: 'ignore',
   *   notify: {
   *     connect: (call) => {
   *       console.log(call.socket(0).domain === constants.AF_INET); // true
   *       return { errno: 'ECONNREFUSED' };
   *     },
   *   },
   * });
   */
  socket(argument: number): CallerSocket {
    const facts = addon().socketOf(this.#handle, this.#id, this.tid, this.#descriptor(argument));
    if (typeof facts === 'number') throw this.#error(-facts, argument);
    const [domain, type, protocol] = facts;
    if (argument === 0) this.#socket = facts;
    return { domain, type, protocol };
  }

  /**
   * Executes connect(2) in place of the kernel: connects the caller's own socket, argument 0, to an address that
   * `sockaddr` read, which the caller can't change any more. An internet socket is connected by this process's own
   * rights; a local one by the caller's user, groups, capabilities, root and working directory, or not at all. The
   * attempt ends when the call is answered otherwise or its caller exits. Linux 5.6 and later, if this process may use
   * pidfd_getfd(2).
   *
   * @param address - The result of `sockaddr`.
   * @returns The answer: `{ errno: 0 }`, or the errno with which connecting failed, such as EACCES.
   * @example
   * import { createServer } from 'node:net';
   * import { spawn } from 'seccomp';
   *
   * const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
   *   const address = server.address();
   *   const port = typeof address === 'object' ? address?.port : undefined;
   *   const script = `exec 3<> /dev/tcp/127.0.0.1/${port}`;
   *   const child = spawn('bash', ['-c', script], { defaultAction: 'SCMP_ACT_ALLOW' }, {
   *     stdio: 'ignore',
   *     notify: {
   *       connect: (call) => {
   *         const target = call.sockaddr(1);
   *         const isAllowed = target.family === 'IPv4' && target.address === '127.0.0.1';
   *         return isAllowed ? call.connect(target) : { errno: 'EACCES' };
   *       },
   *     },
   *   });
   *   child.on('exit', (code) => {
   *     console.log(code); // 0
   *     server.close();
   *   });
   * });
   */
  connect({ bytes }: SocketAddress): Promise<NotifyResponse> {
    return new Promise((resolve) => {
      const begun = addon().connect(this.#handle, this.#id, this.tid, this.#descriptor(0), bytes, this.#socket);
      if (begun > 0) onConnectionSettled(this.#handle, begun, (errno) => resolve({ errno }));
      else resolve({ errno: -begun });
    });
  }

  /**
   * Writes into the caller's memory at the address in an argument, even to pages that the caller itself may not write
   * to, as proc_pid_mem(5) allows.
   *
   * @param argument - The index of the argument, 0 to 5.
   * @param bytes - The bytes to write. All of them are written, or an error is thrown.
   * @throws {Error} as `bytes`.
   */
  write(argument: number, bytes: Uint8Array): void {
    const error = addon().writeMemory(this.#handle, this.#id, this.tid, this.#argument(argument), bytes);
    if (error !== 0) throw this.#error(error, argument);
  }

  /** @internal Sends the answer. Returns 0 or an errno: ENOENT if the caller was killed. */
  answer(answer: NormalizedAnswer): number {
    const native = addon();
    switch (answer.kind) {
      case 'continue':
        return native.answer(this.#handle, this.#id, -1, 0n);
      case 'errno':
        return native.answer(this.#handle, this.#id, answer.errno, 0n);
      case 'value':
        return native.answer(this.#handle, this.#id, 0, answer.value);
      case 'descriptor': {
        const added = native.addDescriptor(this.#handle, this.#id, answer.descriptor, answer.closeOnExec);
        return added < 0 ? -added : 0;
      }
    }
  }

  #descriptor(argument: number): number {
    return Number(BigInt.asIntN(32, this.#argument(argument)));
  }

  #argument(index: number): bigint {
    const value = Object.hasOwn(this.args, index) ? this.args[index] : undefined;
    if (value === undefined) throw new SeccompError('ERR_SECCOMP_OPTION', `a call has arguments 0 to 5, not ${index}`);
    return value;
  }

  #error(errno: number, argument: number): NodeJS.ErrnoException {
    return callError(errno, `${this.syscall}: argument ${argument}`);
  }
}

/** A system error about a call: its message is `what`, and the errno's name. */
export function callError(errno: number, what: string): NodeJS.ErrnoException {
  const code = systemErrorName(errno);
  return define(new Error(`${what}: ${code}`), { errno: -errno, code });
}
