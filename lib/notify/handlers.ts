/** Answers from JavaScript: handlers by syscall, what they see of a call and what they may answer. */
import { closeSync } from 'node:fs';
import { inspect } from 'node:util';
import { abiOfCall } from '../decode/observed-call.js';
import { readSockaddr, type SocketAddress } from '../decode/sockaddr.js';
import { SeccompError } from '../errors.js';
import { addon, type ListenerHandle, type SocketFacts } from '../native.js';
import { type Abi, type AbiName, abiOf } from '../syscalls/abi.js';
import { errnos } from '../syscalls/errno.js';
import { suggestSyscall } from '../syscalls/suggest-syscall.js';
import { syscallName, syscallNames } from '../syscalls/table.js';
import { guarded } from '../util/guarded.js';
import { copyFields, define, type Fields, type Path, propertyOf, type Refuse } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';
import type { Container } from './container.js';
import { onConnectionSettled, type PendingNotification } from './listener.js';

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

/** Handlers that were read, by the name of the syscall. */
export type HandlerMap<Of extends Caller = Caller> = ReadonlyMap<string, Handler<Of>>;

/**
 * Reads handlers once; undefined are none.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is no plain object of functions by the name of a syscall.
 */
export function readHandlers<Of extends Caller = Caller>(handlers: unknown, where: string): HandlerMap<Of> {
  const read = new Map<string, Handler<Of>>();
  if (handlers === undefined) return read;
  const refuse = (path: Path, problem: string): never => {
    throw new SeccompError('ERR_SECCOMP_OPTION', `${[where, ...path].join('.')}: ${problem}`);
  };
  if (typeof handlers !== 'object' || handlers === null)
    return refuse([], 'must be an object of functions by the name of the syscall');
  for (const [name, handler] of Object.entries(copyFields(handlers, refuse))) {
    if (handler === undefined) continue;
    if (!syscallNames().has(name)) refuse([], `no syscall ${name}${suggestSyscall(name, [...syscallNames()])}`);
    if (!isHandler<Of>(handler)) refuse([name], 'must be a function');
    else read.set(name, handler);
  }
  return read;
}

function isHandler<Of extends Caller>(value: unknown): value is Handler<Of> {
  return typeof value === 'function';
}

const DEFAULT_TIMEOUT = 10_000;

/** How many milliseconds a handler may take; @throws SeccompError ERR_SECCOMP_OPTION */
export function checkTimeout(notifyTimeout: unknown = DEFAULT_TIMEOUT): number {
  if (typeof notifyTimeout === 'number' && notifyTimeout > 0 && notifyTimeout < 2 ** 31) return notifyTimeout;
  throw new SeccompError('ERR_SECCOMP_OPTION', 'options.notifyTimeout: milliseconds, more than 0');
}

/** A path is no longer; see PATH_MAX of linux/limits.h. */
const LONGEST_TEXT = 4096;
/** What is read at once, so that a caller can't make this process stand still. */
const MOST_BYTES = 1 << 20;
/** struct sockaddr_storage. */
const SOCKADDR = 128;

/** A socket of a caller, in numbers as socket(2) was told: AF_*, SOCK_* and a protocol. */
export interface CallerSocket {
  readonly domain: number;
  readonly type: number;
  readonly protocol: number;
}

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
  /** The socket that is argument 0, if it was looked at. */
  #seen: SocketFacts | undefined;

  /** @internal */
  constructor(
    { call, tid, arch, number, args, instructionPointer }: PendingNotification,
    handle: ListenerHandle,
    container: Of,
  ) {
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
   * The bytes that an argument points to, at most 1 MiB; fewer where the memory ends before.
   * @throws The system's error: EFAULT, ESRCH if the caller is gone, EACCES if it may not be looked into.
   */
  bytes(argument: number, size: number): Buffer {
    if (!Number.isInteger(size) || size < 0 || size > MOST_BYTES) {
      const message = `${this.syscall}: bytes(${argument}, ${size}): the size is a whole number from 0 to ${MOST_BYTES}`;
      throw new SeccompError('ERR_SECCOMP_OPTION', message);
    }
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
   * The socket that an argument is a descriptor of: numbers as socket(2) was told, which `constants` has by name. `connect` then
   * refuses another kind of socket in its place.
   * @throws The system's error: EBADF, ENOTSOCK, ESRCH if the caller is gone, EPERM if it may not be looked into.
   */
  socket(argument: number): CallerSocket {
    const facts = addon().socketOf(this.#handle, this.#id, this.tid, this.#descriptor(argument));
    if (typeof facts === 'number') throw memoryError(-facts, `${this.syscall}: argument ${argument}`);
    const [domain, type, protocol] = facts;
    if (argument === 0) this.#seen = facts;
    return { domain, type, protocol };
  }

  /**
   * Of connect(2): connects the caller's own socket to an address that `sockaddr` gave, which nobody can change any more, and
   * gives the answer. Internet sockets are connected as this process, others with the caller's user, groups, capabilities, root and
   * directory, or not: EACCES. Ends with the call. Linux 5.6, and where pidfd_getfd(2) is let through.
   */
  connect({ bytes }: SocketAddress): Promise<Answer> {
    return new Promise((resolve) => {
      const begun = addon().connect(this.#handle, this.#id, this.tid, this.#descriptor(0), bytes, this.#seen);
      if (begun > 0) onConnectionSettled(this.#handle, begun, (errno) => resolve({ errno }));
      else resolve({ errno: -begun });
    });
  }

  /** Writes into the caller's memory, where an argument points to. @throws As bytes does. */
  write(argument: number, bytes: Uint8Array): void {
    const error = addon().writeMemory(this.#handle, this.#id, this.tid, this.#argument(argument), bytes);
    if (error !== 0) throw memoryError(error, `${this.syscall}: argument ${argument}`);
  }

  /** @internal Answers; 0 or an errno. ENOENT: the caller was killed. */
  answer(answer: CheckedAnswer): number {
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

  get #facts(): Abi {
    return abiOf(this.abi);
  }

  #descriptor(argument: number): number {
    return Number(BigInt.asIntN(32, this.#argument(argument)));
  }

  #argument(index: number): bigint {
    const value = Object.hasOwn(this.args, index) ? this.args[index] : undefined;
    if (value === undefined) throw new SeccompError('ERR_SECCOMP_OPTION', `a call has arguments 0 to 5, not ${index}`);
    return value;
  }
}

function memoryError(errno: number, what: string): NodeJS.ErrnoException {
  const code = [...errnos()].find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return define(new Error(`${what}: ${code}`), { errno: -errno, code });
}

const EPERM = 1;

/** What a handler may do wrong. Its call was denied. */
export type OnHandlerError = (error: unknown, call: NotifiedCall) => void;

/**
 * Calls a handler, and answers as it says. Denies the call with EPERM, and reports that once, if the handler throws, takes
 * longer than `timeout`, or gives what is no answer.
 */
export function ask<Of extends Caller>(
  call: NotifiedCall<Of>,
  handler: Handler<Of> | undefined,
  timeout: number,
  failed: OnHandlerError,
): void {
  let answered = false;
  const report = (error: unknown) => guarded(() => failed(error, call));
  const deny = (error: unknown) => {
    if (answered) return;
    answered = true;
    call.answer(DENIED);
    report(error);
  };
  const finish = (given: unknown) => {
    let refused: unknown;
    try {
      const answer = checked(given, call);
      const error = answered ? 0 : call.answer(answer);
      if (answer.kind === 'descriptor') answer.close(report);
      if (error === 0 || error === ENOENT) {
        answered = true;
        return;
      }
      refused = memoryError(error, `${call.syscall}: the answer was refused`);
    } catch (error) {
      refused = error;
    }
    deny(refused);
  };
  let given: unknown;
  let promised: Promise<unknown> | undefined;
  try {
    given = handler?.(call);
    promised = promiseOf(given);
  } catch (error) {
    deny(error);
    return;
  }
  if (promised === undefined) {
    finish(given);
    return;
  }
  const late = () => deny(new Error(`${call.syscall}: no answer in ${timeout} ms`));
  // If something else kept this thread so long, the answer may be there by now: the event loop reads it before it goes on here.
  const timer = setTimeout(() => setImmediate(late), timeout);
  promised.then(finish, deny).finally(() => clearTimeout(timer));
}

const ENOENT = 2;

// Those of the platform, not what a test puts in their place later.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

/** A promise, or what acts as one. `then` is read once, and not from Object.prototype. */
function promiseOf(value: unknown): Promise<unknown> | undefined {
  if (value instanceof Promise) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const then = propertyOf(value, 'then');
  if (typeof then !== 'function') return undefined;
  return new Promise((resolve, reject) => Reflect.apply(then, value, [resolve, reject]));
}

/** An answer that was read and checked. */
type CheckedAnswer =
  | { readonly kind: 'continue' }
  | { readonly kind: 'errno'; readonly errno: number }
  | { readonly kind: 'value'; readonly value: bigint }
  | {
      readonly kind: 'descriptor';
      readonly descriptor: number;
      readonly closeOnExec: boolean;
      /** Closes the descriptor, if that is asked for; `failed` is told, later, if that can't be done. */
      close(failed: (error: unknown) => void): void;
    };

const DENIED: CheckedAnswer = { kind: 'errno', errno: EPERM };

/** Of a call that no handler is for. */
export const notImplemented = (): CheckedAnswer => ({ kind: 'errno', errno: errnos().get('ENOSYS') ?? 38 });

const WAYS = ['continue', 'errno', 'value', 'addFd'] as const;

/**
 * Reads an answer once.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is none: exactly one of the four ways, and nothing else.
 */
function checked(answer: unknown, { syscall }: NotifiedCall): CheckedAnswer {
  const refuse = (path: Path, problem: string): never => {
    const what = path.length === 0 ? 'answer' : path.join('.');
    throw new SeccompError('ERR_SECCOMP_OPTION', `notify.${syscall}: ${what} ${problem}`);
  };
  const oneOf = 'must be one of { continue: true }, { errno }, { value } and { addFd }';
  if (typeof answer !== 'object' || answer === null) return refuse([], `${oneOf}, not ${inspect(answer)}`);
  const fields = copyFields(answer, refuse);
  const way = WAYS.find((name) => Object.hasOwn(fields, name));
  if (way === undefined) return refuse([], oneOf);
  const known: readonly string[] = way === 'addFd' ? [way, 'closeOnExec', 'close'] : [way];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse([unknown], `does not go with ${way}: leave it out`);
  switch (way) {
    case 'continue':
      if (fields[way] === true) return { kind: 'continue' };
      return refuse([way], 'must be true; to deny the call, answer { errno }');
    case 'errno':
      return { kind: 'errno', errno: errnoOf(fields[way], refuse) };
    case 'value':
      return { kind: 'value', value: resultOf(fields[way], refuse) };
    case 'addFd':
      return descriptorOf(fields, refuse);
  }
}

function descriptorOf(fields: Fields, refuse: Refuse): CheckedAnswer {
  const { addFd, closeOnExec = false, close = false } = fields;
  if (typeof closeOnExec !== 'boolean') return refuse(['closeOnExec'], 'must be true or false');
  if (typeof close !== 'boolean') return refuse(['close'], 'must be true or false');
  const descriptor = typeof addFd === 'object' && addFd !== null ? propertyOf(addFd, 'fd') : addFd;
  if (typeof descriptor !== 'number' || !Number.isInteger(descriptor) || descriptor < 0)
    return refuse(['addFd'], 'must be a descriptor, or have one as its property fd');
  return {
    kind: 'descriptor',
    descriptor,
    closeOnExec,
    close: (failed) => close && closeGiven(addFd, descriptor).catch(failed),
  };
}

function errnoOf(errno: unknown, refuse: Refuse): number {
  const number = typeof errno === 'string' ? errnos().get(errno) : errno;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 4095) return number;
  const remedy = suggest(errno, [...errnos().keys()]);
  return refuse(['errno'], `must be an errno by name or number, not ${inspect(errno)}${remedy}`);
}

/** The 64 bits that a call returns. */
function resultOf(value: unknown, refuse: Refuse): bigint {
  if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n) return BigInt.asUintN(64, value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt.asUintN(64, BigInt(value));
  return refuse(['value'], `must be a whole number or a bigint of 64 bits, not ${inspect(value)}`);
}

/** Closes a descriptor by its owner, if that can. */
async function closeGiven(given: unknown, descriptor: number): Promise<void> {
  const close: unknown = typeof given === 'object' && given !== null ? propertyOf(given, 'close') : undefined;
  if (typeof close === 'function') await promiseOf(Reflect.apply(close, given, []));
  else closeSync(descriptor);
}
