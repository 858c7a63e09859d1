/** The answers of handlers: NotifyResponse, which the methods of a call return, and what it tells the kernel. */
import { constants } from 'node:os';
import { addon, type ListenerHandle } from '../native.js';
import { describe, invalidReturnValue } from '../util/option-errors.js';

/** A file descriptor of this process, or an object that has one, such as a FileHandle of `node:fs/promises`. */
export type FileDescriptorLike = number | { readonly fd: number; close?(): unknown };

/** Options of `returnFd`. */
export interface ReturnFdOptions {
  /** Whether the caller's new descriptor is closed when the caller executes a program (O_CLOEXEC). Default false. */
  readonly closeOnExec?: boolean | undefined;
  /**
   * Whether this process's descriptor is closed after the answer, by the method `close` of its object if there is one.
   * Default false.
   */
  readonly close?: boolean | undefined;
}

/** What the kernel is to do with a call. */
export type Answer =
  | { readonly kind: 'continue' }
  /** The call fails with this errno; 0 makes it return 0. */
  | { readonly kind: 'errno'; readonly errno: number }
  /** `value` is the return value as 64 unsigned bits. */
  | { readonly kind: 'value'; readonly value: bigint }
  | DescriptorAnswer;

export interface DescriptorAnswer {
  readonly kind: 'descriptor';
  readonly descriptor: number;
  readonly closeOnExec: boolean;
  /** Whether the descriptor of this process is to be closed. */
  readonly close: boolean;
  /** The descriptor as the handler gave it: an object may have a method `close`. */
  readonly given: unknown;
}

/** The answer in place of a handler that failed. */
export const DENIED: Answer = { kind: 'errno', errno: constants.errno.EPERM };

/** Sends the answer to the call with an ID. Returns 0 or an errno: ENOENT if the caller was killed. */
export function answerCall(handle: ListenerHandle, call: bigint, answer: Answer): number {
  switch (answer.kind) {
    case 'continue':
      return addon().answer(handle, call, -1, 0n);
    case 'errno':
      return addon().answer(handle, call, answer.errno, 0n);
    case 'value':
      return addon().answer(handle, call, 0, answer.value);
    case 'descriptor': {
      const added = addon().addDescriptor(handle, call, answer.descriptor, answer.closeOnExec);
      return added < 0 ? -added : 0;
    }
  }
}

let make: (call: object, answer: Answer) => NotifyResponse;
let read: (response: NotifyResponse, call: object) => Answer | undefined;
let hasFields: (value: object) => boolean;

/** Makes the response to a call. */
export function respondTo(call: object, answer: Answer): NotifyResponse {
  return make(call, answer);
}

/** Whether a value is a response, to whichever call. */
export function isResponse(value: unknown): value is NotifyResponse {
  return typeof value === 'object' && value !== null && hasFields(value);
}

/** The answer in what a handler returned; undefined unless that is a response which a method of this call made. */
export function answerIn(returned: unknown, call: object): Answer | undefined {
  return isResponse(returned) ? read(returned, call) : undefined;
}

/** The error of a handler that returned anything but a response to its call. */
export function wrongReturn(returned: unknown, syscall: string): TypeError {
  const received = isResponse(returned) ? 'the response to another call' : describe(returned);
  return invalidReturnValue(`the handler of ${syscall}`, METHODS, received);
}

const METHODS = 'the result of call.continue(), call.deny(), call.return(), call.returnFd() or call.connect()';

/**
 * A handler's answer to a call. Only the methods of a NotifiedCall make responses: `continue`, `deny`, `return`,
 * `returnFd` and `connect`. A response has no effect until the handler returns it, and answers only the call whose
 * method made it.
 *
 * @example
 * import { spawn } from 'seccomp';
 *
 * spawn('uname', [], { defaultAction: 'SCMP_ACT_ALLOW' }, {
 *   stdio: 'ignore',
 *   notify: { uname: (call) => call.deny('EACCES') },
 * }).on('exit', (code) => console.log(code)); // 1
 */
export class NotifyResponse {
  /** The call that it answers. Undefined if the constructor was called by anyone else. */
  #call: object | undefined;
  #answer: Answer = DENIED;

  private constructor() {}

  static {
    make = (call, answer) => {
      const response = new NotifyResponse();
      response.#call = call;
      response.#answer = answer;
      return response;
    };
    read = (response, call) => (response.#call === call ? response.#answer : undefined);
    hasFields = (value) => #call in value;
  }

  /** The number of the errno with which this response makes its call fail; 0 if it does not. */
  get errno(): number {
    return this.#answer.kind === 'errno' ? this.#answer.errno : 0;
  }
}
