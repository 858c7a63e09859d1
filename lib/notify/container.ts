/** OciContainer: the container of a call that an agent answers. */

/**
 * The container that has a filter, as its runtime describes it in the container process state of the OCI runtime
 * specification. Process IDs are those of the runtime's PID namespace. Frozen.
 */
export interface OciContainer {
  /** The ID that the runtime gave the container. A child of `spawn` has one that begins with `seccomp-`. */
  readonly id: string;
  /**
   * The process ID of the container's first process. Calls of the processes that it starts have the same container. Null
   * if the runtime sends 0.
   */
  readonly pid: number | null;
  /**
   * `creating` for a container's first program; `running` for one that was started in the container later. Null if the
   * runtime does not send it.
   */
  readonly status: string | null;
  /** The directory of the OCI bundle. Null if the runtime does not send it. */
  readonly bundle: string | null;
  /** The container's annotations, by key. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The profile's `listenerMetadata`. Absent if the profile has none. */
  readonly metadata?: string;
  /** The process that sent the listener, as the kernel reports it: the runtime. */
  readonly sender: PeerCredentials;
}

/**
 * A process that connected to an agent, by the IDs that it had then: SO_PEERCRED of unix(7). An ID is null if it is
 * unknown, as this process's namespaces do not have it.
 */
export interface PeerCredentials {
  /** The process ID. */
  readonly pid: number | null;
  /** The effective user ID. */
  readonly uid: number | null;
  /** The effective group ID. */
  readonly gid: number | null;
}

/** The container of a call that an agent answers. Undefined for a call of a supervised child. */
export type CallContainer = OciContainer | undefined;
