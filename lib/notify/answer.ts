/** The answers of handlers: their types, and all checks of what a handler returned. */
import { inspect } from 'node:util';
import { SeccompError } from '../errors.js';
import { errnos, MAX_ERRNO } from '../syscalls/errno.js';
import { copyFields, type Fields, type Path, propertyOf, type Refuse } from '../util/own-data.js';
import { suggest } from '../util/suggest.js';

/** A file descriptor of this process, or an object that has one, such as a FileHandle of `node:fs/promises`. */
export type Given = number | { readonly fd: number; close?(): unknown };

/**
 * A handler's answer to a call: one of four forms, without properties of another.
 *
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
 *       if (call.string(1) === '/etc/motd') return { addFd: openSync('motd.txt', 'r'), close: true };
 *       return { continue: true };
 *     },
 *   },
 * });
 */
export type NotifyResponse =
  /**
   * The kernel executes the call. It reads the memory to which arguments point again, and other threads of the caller
   * may have changed it since the handler read it: see SECCOMP_USER_NOTIF_FLAG_CONTINUE in seccomp_unotify(2).
   */
  | { readonly continue: true }
  /** The call fails with this errno, by name or as a number from 0 to 4095. It is not executed. */
  | { readonly errno: string | number }
  /** The call returns this value: a safe integer, or a bigint of at most 64 bits. It is not executed. */
  | { readonly value: number | bigint }
  /**
   * The call returns a new descriptor of the caller, a duplicate of this one. It is not executed. The new descriptor is
   * closed when the caller executes a program if `closeOnExec` is true. This process's descriptor is closed afterwards
   * if `close` is true, by the method `close` of its object if there is one. Both are false by default. Linux 5.14 and
   * later.
   */
  | { readonly addFd: Given; readonly closeOnExec?: boolean; readonly close?: boolean };

/** An answer after its checks. */
export type NormalizedAnswer =
  | { readonly kind: 'continue' }
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
  /** The property `addFd` as the handler gave it: an object may have a method `close`. */
  readonly given: unknown;
}

/** The properties that tell the forms of an answer apart. */
const FORMS = ['continue', 'errno', 'value', 'addFd'] as const;

const ONE_OF_FORMS = 'must be one of { continue: true }, { errno }, { value } and { addFd }';

/**
 * Checks an answer. Reads each of its properties once.
 *
 * @throws {SeccompError} ERR_SECCOMP_OPTION unless `answer` is of exactly one form, and each property has the right
 * type.
 */
export function normalizeAnswer(answer: unknown, syscall: string): NormalizedAnswer {
  const refuse = (path: Path, problem: string): never => {
    const name = path.length === 0 ? 'answer' : path.join('.');
    throw new SeccompError('ERR_SECCOMP_OPTION', `notify.${syscall}: ${name} ${problem}`);
  };
  if (typeof answer !== 'object' || answer === null) return refuse([], `${ONE_OF_FORMS}, not ${inspect(answer)}`);
  const fields = copyFields(answer, refuse);
  const form = FORMS.find((name) => Object.hasOwn(fields, name));
  if (form === undefined) return refuse([], ONE_OF_FORMS);
  const known: readonly string[] = form === 'addFd' ? [form, 'closeOnExec', 'close'] : [form];
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse([unknown], `can't be combined with ${form}: leave it out`);
  switch (form) {
    case 'continue':
      if (fields[form] === true) return { kind: 'continue' };
      return refuse([form], 'must be true; to deny the call, answer { errno }');
    case 'errno':
      return { kind: 'errno', errno: errnoOf(fields[form], refuse) };
    case 'value':
      return { kind: 'value', value: returnValueOf(fields[form], refuse) };
    case 'addFd':
      return descriptorAnswer(fields, refuse);
  }
}

function errnoOf(errno: unknown, refuse: Refuse): number {
  const number = typeof errno === 'string' ? errnos().get(errno) : errno;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_ERRNO) return number;
  const suggestion = suggest(errno, [...errnos().keys()]);
  return refuse(['errno'], `must be an errno by name or number, not ${inspect(errno)}${suggestion}`);
}

function returnValueOf(value: unknown, refuse: Refuse): bigint {
  if (typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 64n) return BigInt.asUintN(64, value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt.asUintN(64, BigInt(value));
  return refuse(['value'], `must be a safe integer or a bigint of at most 64 bits, not ${inspect(value)}`);
}

function descriptorAnswer(fields: Fields, refuse: Refuse): DescriptorAnswer {
  const { addFd, closeOnExec = false, close = false } = fields;
  if (typeof closeOnExec !== 'boolean') return refuse(['closeOnExec'], 'must be true or false');
  if (typeof close !== 'boolean') return refuse(['close'], 'must be true or false');
  const descriptor = typeof addFd === 'object' && addFd !== null ? propertyOf(addFd, 'fd') : addFd;
  if (typeof descriptor !== 'number' || !Number.isInteger(descriptor) || descriptor < 0)
    return refuse(['addFd'], 'must be a file descriptor, or an object whose property fd is one');
  return { kind: 'descriptor', descriptor, closeOnExec, close, given: addFd };
}
