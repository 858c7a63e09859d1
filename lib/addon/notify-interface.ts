/** What the addon takes and returns for notifications. */

declare const held: unique symbol;

/** How calls are answered and counted: the result of `addon().supervision`. */
export type Supervision = { readonly [held]: 'supervision' };

/** Where listeners report: the result of `addon().openMailbox`. */
export type MailboxHandle = { readonly [held]: 'mailbox' };

/** A listener. Its descriptor stays open until its processes have ended. */
export type ListenerHandle = { readonly [held]: 'listener' };

export interface SupervisionOptions {
  /** `struct sock_filter[]` that returns the answer to a notified call; `notify` passes the call to JavaScript. */
  readonly answers: Uint8Array;
  /** Whether allowed calls are counted too. Then new kinds are not reported. */
  readonly countsAll: boolean;
  /** Whether `answers` passes every call to JavaScript. Its thread then receives the calls, which is faster. */
  readonly passesAll: boolean;
  /** Flat: AUDIT_ARCH_*, number, argument, and how many of its low bits distinguish kinds of calls. */
  readonly distinguishing: Uint32Array;
  /** Memory to read. Flat: AUDIT_ARCH_*, number, argument, 1: a string, most bytes, argument with the size or 6. */
  readonly captures: Uint32Array;
  /**
   * Paths, for calls that are counted by the files that they name. Flat: AUDIT_ARCH_*, number, argument, argument with
   * the directory or 6, argument with the size of a sockaddr_un or 6, bits of the arguments by which accesses differ,
   * argument with flags or 6, argument with a struct open_how or 6, the flags of which one makes the call create a missing
   * file (0xffffffff: it always does), the flags of which one makes the call of no interest.
   */
  readonly paths: Uint32Array;
}

/** A file as the calling thread would have found it then. */
export interface NativeFoundFile {
  /** Absolute, without symbolic links but perhaps the last name. Empty if it is not known. */
  readonly path: Buffer;
  /** The letter of ls(1), `-` for a regular file and `x` for one that somebody may execute; `0`: missing; `?`: not known. */
  readonly type: string;
  /** `DEVICE:INODE ` of the file unless it is missing, and of the 64 nearest directories above it, upwards. */
  readonly lineage: string;
}

/** A file that a call names. */
export interface NativeFile {
  /** The path in the call. */
  readonly text: Buffer;
  /** The directory at which it starts, if it is relative. */
  readonly base: Buffer;
  readonly file: NativeFoundFile;
  /** If it is a symbolic link, what it leads to. */
  readonly target: NativeFoundFile;
}

/** The first call of a kind. */
export interface NativeKind {
  readonly arch: number;
  readonly number: number;
  /** SECCOMP_RET_* with its data. */
  readonly answer: number;
  /** 0 if unknown. */
  readonly pid: number;
  readonly tid: number;
  /** Empty if unknown. */
  readonly executable: Buffer;
  /** The module and offset of the instruction pointer, as in `/usr/lib/libc.so.6+0x10e1a7`; empty if unknown. */
  readonly instruction: Buffer;
  readonly args: readonly bigint[];
  /** By argument: the memory that was read for `captures`. */
  readonly captured: readonly (Buffer | undefined)[];
  /** The files that the calls name, of a kind that differs by them from others. Empty for all other kinds. */
  readonly files: readonly NativeFile[];
  /** The flags of a call that has files and opens one. */
  readonly flags: number;
}

/** Words of a waiting call: listener, ID, thread, AUDIT_ARCH_* << 32 | number, instruction pointer, six arguments. */
export const CALL_WORDS = 11;

/**
 * Receives mail: flat pairs of a listener and the index of a new kind of call; CALL_WORDS for each waiting call, the
 * first `size` of an array that is reused; listeners whose processes have ended; flat pairs of a connection and 0 or an
 * errno.
 */
export type OnMail = (
  kinds: readonly number[],
  words: BigUint64Array,
  size: number,
  ended: readonly number[],
  connected: readonly number[],
) => void;

export interface NativeListener {
  /** Unique in this process. */
  readonly id: number;
  readonly handle: ListenerHandle;
}

/** A listening Unix socket with a path, or a connection to one. It does not keep the event loop alive. */
export interface LocalSocket {
  /** Calls `onReadable` once, when a connection, data or the end has arrived. Returns 0 or −errno. */
  await(onReadable: () => void): number;
  /** Returns a connection, or −errno; EAGAIN if none waits. */
  accept(): LocalSocket | number;
  /**
   * Returns the bytes and descriptors that have arrived, or −errno. Empty bytes mean the end of the stream. ETIMEDOUT: the
   * peer or a lack of processors delays it, and what arrives meanwhile is returned by the next call.
   */
  receive(): Received | number;
  /** Returns the IDs that the peer had when it connected, or −errno. */
  sender(): NativeCredentials | number;
  /** Serves the received descriptor with this index. Returns −errno if that fails; ENOTTY if it is not a listener. */
  serve(descriptor: number, supervision: Supervision, mailbox: MailboxHandle): NativeListener | number;
  /** Closes the socket, and the received descriptors that are not served. May be called twice. */
  close(): void;
}

export interface Received {
  /** At most 65,536. */
  readonly bytes: Buffer;
  /** The number of descriptors that the connection has received and kept so far, at most 16. */
  readonly descriptors: number;
  /** Whether descriptors were lost, because too many arrived at once or this process may not have more. */
  readonly lost: boolean;
}

/** SO_PEERCRED of unix(7). An ID that this process's namespaces do not have is 0 for a process, 65534 for a user. */
export interface NativeCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** The parameters of the socket(2) call that made a socket. */
export type SocketTraits = readonly [domain: number, type: number, protocol: number];
