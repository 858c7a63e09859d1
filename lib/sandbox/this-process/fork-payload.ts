/** What fork() hands its child over: one environment variable, which the child's preload takes out again. */

/** The variable's name. */
export const HANDOVER = 'SECCOMP_FORK';

/** What its value says. */
export interface Handover {
  /** `struct sock_filter[]`, and where the exec gate's value belongs, in the order in which they are attached. */
  readonly filters: readonly { readonly bytes: Uint8Array; readonly gate: readonly number[] }[];
  readonly filterFlags: number;
  readonly noNewPrivileges: boolean;
  /** Whether Node must have made no io_uring before. */
  readonly withoutRings: boolean;
}

/**
 * The value: words with blanks between them, the flags first, then two words for each filter. Not JSON, since a `toJSON` on
 * Object.prototype would have its say.
 */
export function writeHandover({ filters, filterFlags, noNewPrivileges, withoutRings }: Handover): string {
  const words = filters.flatMap(({ bytes, gate }) => [Buffer.from(bytes).toString('base64'), `[${gate.join()}]`]);
  return [filterFlags, noNewPrivileges, withoutRings, ...words].join(' ');
}

/** @throws Error if it is none: nothing was attached then. */
export function readHandover(text: string): Handover {
  const match = /^(\d+) (true|false) (true|false)((?: [\w+/=]+ \[[\d,]*\])+)$/.exec(text);
  if (match === null) throw new Error('the filters that were handed over are not whole');
  const [, flags, noNewPrivileges, withoutRings, words = ''] = match;
  const filters = [...words.matchAll(/ (\S+) \[([\d,]*)\]/g)].map(([, bytes = '', gate = '']) => ({
    bytes: new Uint8Array(Buffer.from(bytes, 'base64')),
    gate: gate === '' ? [] : gate.split(',').map(Number),
  }));
  return {
    filters,
    filterFlags: Number(flags),
    noNewPrivileges: noNewPrivileges === 'true',
    withoutRings: withoutRings === 'true',
  };
}
