/**
 * The payload that fork() passes to its child in an environment variable: the filters that the child attaches to
 * itself.
 */

export const PAYLOAD_VARIABLE = 'SECCOMP_FORK';

export interface ForkPayload {
  /**
   * In the order in which they are attached: `struct sock_filter[]`, and where the value of the exec gate belongs in
   * it.
   */
  readonly filters: readonly { readonly bytes: Uint8Array; readonly gate: readonly number[] }[];
  /** SECCOMP_FILTER_FLAG_*. */
  readonly filterFlags: number;
  readonly noNewPrivileges: boolean;
  /** Whether the child's Node must not have an io_uring instance. */
  readonly withoutIoUring: boolean;
  /** Whether the caller's environment has no NODE_OPTIONS, so that the child deletes the one that fork() set. */
  readonly hidesNodeOptions: boolean;
}

/**
 * Returns the variable's value: words that are separated by spaces, the flags first, then two words for each filter. It
 * is not JSON, since JSON.stringify would call a `toJSON` on Object.prototype.
 */
export function encodePayload(payload: ForkPayload): string {
  const { filters, filterFlags, noNewPrivileges, withoutIoUring, hidesNodeOptions } = payload;
  const words = filters.flatMap(({ bytes, gate }) => [Buffer.from(bytes).toString('base64'), `[${gate.join()}]`]);
  return [filterFlags, noNewPrivileges, withoutIoUring, hidesNodeOptions, ...words].join(' ');
}

/** @throws Error if the text is not a payload, or not all of one. */
export function decodePayload(text: string): ForkPayload {
  const match = /^(\d+) (true|false) (true|false) (true|false)((?: [\w+/=]+ \[[\d,]*\])+)$/.exec(text);
  if (match === null) throw new Error(`${PAYLOAD_VARIABLE} does not hold complete filters`);
  const [, flags, noNewPrivileges, withoutIoUring, hidesNodeOptions, words = ''] = match;
  const filters = [...words.matchAll(/ (\S+) \[([\d,]*)\]/g)].map(([, bytes = '', gate = '']) => ({
    bytes: new Uint8Array(Buffer.from(bytes, 'base64')),
    gate: gate === '' ? [] : gate.split(',').map(Number),
  }));
  return {
    filters,
    filterFlags: Number(flags),
    noNewPrivileges: noNewPrivileges === 'true',
    withoutIoUring: withoutIoUring === 'true',
    hidesNodeOptions: hidesNodeOptions === 'true',
  };
}
