/** Answers from JavaScript: handlers by syscall, what they see of a call and what they may answer. */
import { closeSync } from 'node:fs';
import { SeccompError } from '../errors.js';
import { addon, type ListenerHandle } from '../native.js';
import { suggest, suggestSyscall } from '../profile/suggest.js';
import { type Abi, type AbiName, abiOf } from '../syscalls/abi.js';
import { errnos } from '../syscalls/errno.js';
import { syscallName, syscallNames } from '../syscalls/table.js';
import { readSockaddr, type SocketAddress } from './address.js';
import type { Container } from './container.js';
import { abiOfCall } from './kind.js';
import type { Waiting } from './listener.js';

/** A descriptor of this process, or something that has one, such as a FileHandle. */
export type Given = number | { readonly fd: number; close?(): unknown };

/** Who makes it: a container, where an agent answers. */
type Caller = Container | undefined;

/** What becomes of a call. */
export type Answer =
  /** The kernel carries it out, with arguments as they are then: what they point to may be another than was seen. */
  | { readonly continue: true }
  | { readonly errno: string | number }
  /** It returns this, and is not carried out. */
  | { readonly value: number | bigint }
  /** It returns a new descriptor of the caller's, a duplicate of ours. Linux 5.14. */
  | { readonly addFd: Given; readonly closeOnExec?: boolean /** Closes ours afterwards. */; readonly close?: boolean };

export type Handler<Of extends Caller = Caller> = (call: NotifiedCall<Of>) => Answer | Promise<Answer>;

/** By the name of the syscall, on every ABI that has it. */
export type Handlers<Of extends Caller = Caller> = Readonly<Record<string, Handler<Of>>>;

/** The names that have one; @throws SeccompError ERR_SECCOMP_OPTION */
export function checkHandlers(handlers: unknown, where: string): readonly string[] {
  if (handlers === undefined || handlers === null) return [];
  if (typeof handlers !== 'object')
    throw new SeccompError('ERR_SECCOMP_OPTION', `${where}: an object of functions by the name of the syscall`);
  return Object.entries(handlers).flatMap(([name, handler]) => {
    if (handler === undefined) return [];
    if (typeof handler !== 'function')
      throw new SeccompError('ERR_SECCOMP_OPTION', `${where}.${name}: must be a function`);
    if (syscallNames().has(name)) return [name];
    throw new SeccompError(
      'ERR_SECCOMP_OPTION',
      `${where}: no syscall ${name}${suggestSyscall(name, [...syscallNames()])}`,
    );
  });
}

const DEFAULT_TIMEOUT = 10_000;

/** How many milliseconds a handler may take; @throws SeccompError ERR_SECCOMP_OPTION */
export function checkTimeout(notifyTimeout: unknown = DEFAULT_TIMEOUT): number {
  if (typeof notifyTimeout === 'number' && notifyTimeout > 0 && notifyTimeout < 2 ** 31) return notifyTimeout;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'options.notifyTimeout: milliseconds, more than 0');
}

/** A path is no longer; see PATH_MAX of linux/limits.h. */
const LONGEST_TEXT = 4096;
/** struct sockaddr_storage. */
const SOCKADDR = 128;

/** A call that waits. What its arguments point to is read at once, and can be changed by other threads at any time. */
export class NotifiedCall<Of extends Caller = Caller> {
  readonly abi: AbiName;
  readonly syscall: string;
  /** The thread that made it. */
  readonly tid: number;
  /** Six registers of 64 bits; of 32-bit ABIs the lower half. */
  readonly args: readonly bigint[];
  readonly instructionPointer: bigint;
  /** Whose call it is, where an agent answers; see listen. */
  readonly container: Of;
  readonly #handle: ListenerHandle;
  readonly #id: bigint;

  /** @internal */
  constructor({ call, tid, arch, number, args, instructionPointer }: Waiting, handle: ListenerHandle, container: Of) {
    this.abi = abiOfCall(arch, number);
    this.syscall = syscallName(this.abi, number) ?? `syscall ${number}`;
    this.tid = tid;
    const { bits } = this.#facts;
    this.args = bits === 64 ? args : args.map((value) => BigInt.asUintN(32, value));
    this.instructionPointer = instructionPointer;
    this.container = container;
    this.#handle = handle;
    this.#id = call;
  }

  /**
   * The bytes that an argument points to, fewer where the memory ends before.
   * @throws The system's error: EFAULT, ESRCH if the caller is gone, EACCES if it may not be looked into.
   */
  bytes(argument: number, size: number): Buffer {
    const result = addon().readMemory(this.#handle, this.#id, this.tid, this.#argument(argument), size);
    if (typeof result === 'number') throw memoryError(result, `${this.syscall}: argument ${argument}`);
    return result;
  }

  /** The text that an argument points to, without its NUL. @throws As bytes does; ENAMETOOLONG for more than 4,095 bytes. */
  string(argument: number): string {
    const bytes = this.bytes(argument, LONGEST_TEXT);
    const end = bytes.indexOf(0);
    if (end < 0) throw memoryError(errnos().get('ENAMETOOLONG') ?? 36, `${this.syscall}: argument ${argument}`);
    return bytes.toString('utf8', 0, end);
  }

  /** The socket address that an argument points to, of the size that the next argument says. */
  sockaddr(argument: number): SocketAddress {
    const size = Number(BigInt.asUintN(32, this.#argument(argument + 1)));
    return readSockaddr(this.bytes(argument, Math.min(size, SOCKADDR)), this.#facts.endian);
  }

  /**
   * Of connect(2): connects the caller's own socket to an address that `sockaddr` gave, which nobody can change any more, and
   * gives the answer. The caller may lack the right to do it; this process does it. Linux 5.6, and where pidfd_getfd(2) is
   * let through.
   */
  connect({ bytes }: SocketAddress): Promise<Answer> {
    return new Promise((resolve) => {
      const done = (errno: number) => resolve({ errno });
      const descriptor = Number(BigInt.asIntN(32, this.#argument(0)));
      const error = addon().connect(this.#handle, this.#id, this.tid, descriptor, bytes, done);
      if (error !== 0) done(error);
    });
  }

  /** Writes into the caller's memory, where an argument points to. @throws As bytes does. */
  write(argument: number, bytes: Uint8Array): void {
    const error = addon().writeMemory(this.#handle, this.#id, this.tid, this.#argument(argument), bytes);
    if (error !== 0) throw memoryError(error, `${this.syscall}: argument ${argument}`);
  }

  /** @internal Answers; 0 or an errno. ENOENT: the caller was killed. */
  answer(answer: Answer): number {
    const native = addon();
    if ('continue' in answer) return native.answer(this.#handle, this.#id, -1, 0n);
    if ('errno' in answer) return native.answer(this.#handle, this.#id, errnoOf(answer.errno), 0n);
    if ('value' in answer) return native.answer(this.#handle, this.#id, 0, BigInt.asUintN(64, BigInt(answer.value)));
    const { addFd, closeOnExec = false, close = false } = answer;
    const added = native.addDescriptor(
      this.#handle,
      this.#id,
      typeof addFd === 'number' ? addFd : addFd.fd,
      closeOnExec,
    );
    if (close) closeGiven(addFd);
    return added < 0 ? -added : 0;
  }

  get #facts(): Abi {
    return abiOf(this.abi);
  }

  #argument(index: number): bigint {
    const value = this.args[index];
    if (value === undefined) throw new SeccompError('ERR_SECCOMP_OPTION', `a call has arguments 0 to 5, not ${index}`);
    return value;
  }
}

function closeGiven(given: Given): void {
  if (typeof given === 'number') closeSync(given);
  else given.close?.();
}

function errnoOf(errno: string | number): number {
  const number = typeof errno === 'number' ? errno : errnos().get(errno);
  if (number !== undefined && Number.isInteger(number) && number >= 0 && number <= 4095) return number;
  const hint = suggest(errno, [...errnos().keys()]);
  throw new SeccompError('ERR_SECCOMP_OPTION', `answer.errno: no such errno ${JSON.stringify(errno)}${hint}`);
}

function memoryError(errno: number, what: string): NodeJS.ErrnoException {
  const code = [...errnos()].find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${what}: ${code}`), { errno: -errno, code });
}

const EPERM = 1;

/** What a handler may do wrong. Its call was denied. */
export type OnHandlerError = (error: unknown, call: NotifiedCall) => void;

/** Asks a handler, and answers as it says; EPERM if it throws, takes longer than `timeout` or answers what can't be. */
export function ask<Of extends Caller>(
  call: NotifiedCall<Of>,
  handler: Handler<Of> | undefined,
  timeout: number,
  failed: OnHandlerError,
): void {
  let answered = false;
  const deny = (error: unknown) => {
    if (answered) return;
    answered = true;
    call.answer({ errno: EPERM });
    failed(error, call);
  };
  const finish = (answer: Answer) => {
    if (answered) return;
    try {
      const error = call.answer(checked(answer, call));
      if (error === 0 || error === ENOENT) answered = true;
      else deny(memoryError(error, `${call.syscall}: the answer was refused`));
    } catch (error) {
      deny(error);
    }
  };
  try {
    const answer = handler?.(call);
    if (!isPromise(answer)) {
      finish(answer as Answer);
      return;
    }
    const timer = setTimeout(() => deny(new Error(`${call.syscall}: no answer in ${timeout} ms`)), timeout);
    answer.then(finish, deny).finally(() => clearTimeout(timer));
  } catch (error) {
    deny(error);
  }
}

const ENOENT = 2;

function isPromise(value: unknown): value is Promise<Answer> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const WAYS = ['continue', 'errno', 'value', 'addFd'] as const;

function checked(answer: unknown, { syscall }: NotifiedCall): Answer {
  const given = typeof answer === 'object' && answer !== null ? answer : {};
  if (WAYS.filter((way) => way in given).length === 1) return given as Answer;
  const message = `notify.${syscall}: must answer one of { continue: true }, { errno }, { value } and { addFd }`;
  throw new SeccompError('ERR_SECCOMP_OPTION', message);
}
