/** What fork() hands its child over: one environment variable, which the child's preload takes out again. */

/** The variable's name. */
export const HANDOVER = 'SECCOMP_FORK';

/** Its value, as JSON. */
export interface Handover {
  /** `struct sock_filter[]` in base64, and where the exec gate's value belongs, in the order in which they are put on. */
  readonly filters: readonly { readonly bytes: string; readonly gate: readonly number[] }[];
  readonly filterFlags: number;
  readonly noNewPrivileges: boolean;
  /** Whether Node must have made no io_uring before. */
  readonly withoutRings: boolean;
}
