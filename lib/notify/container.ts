/** OciContainer: the container of a call that an agent answers. */
import type { PeerCredentials } from '../native.js';

/**
 * The container that has a filter, as its runtime describes it in the container process state of the OCI runtime
 * specification. Process IDs are those of the runtime's PID namespace. Frozen.
 */
export interface OciContainer {
  /** The ID that the runtime gave the container. A child of `spawn` has one that begins with `seccomp-`. */
  readonly id: string;
  /** The process ID of the container's first process. Calls of the processes that it starts have the same container. */
  readonly pid: number;
  /** `creating` for a container's first program; `running` for one that was started in the container later. */
  readonly status: string;
  /** The directory of the OCI bundle. Empty if the runtime does not send it. */
  readonly bundle: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The profile's `listenerMetadata`. Empty if the profile has none. */
  readonly metadata: string;
  /** The process that sent the listener, as the kernel reports it: the runtime. */
  readonly sender: PeerCredentials;
}

/** The container of a call that an agent answers. Undefined for a call of a supervised child. */
export type CallContainer = OciContainer | undefined;
