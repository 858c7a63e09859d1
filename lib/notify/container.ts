/** A container whose calls are answered, as a handler sees it. */
import type { Sender } from '../native.js';

/** Who has the filter, as the runtime says. Its numbers are of the runtime's namespace. */
export interface Container {
  readonly id: string;
  /** Of its first process: not of those that it starts. */
  readonly pid: number;
  /** `creating` while it is made; `running`: a program was started in it later. */
  readonly status: string;
  /** Its directory; empty if the runtime does not say. */
  readonly bundle: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The profile's listenerMetadata; empty without. */
  readonly metadata: string;
  /** Who has brought it, as the kernel says: the runtime. */
  readonly sender: Sender;
}
