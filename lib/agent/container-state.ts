/** The container process state of the OCI runtime specification: the message that comes with a listener. */
import type { OciContainer, PeerCredentials } from '../notify/container.js';
import { own } from '../util/own-data.js';

/** The name of the listener among the message's descriptors. */
const LISTENER = 'seccompFd';

/** The content of a message. */
export interface AgentMessage {
  readonly container: OciContainer;
  /** The index of the listener among the message's descriptors. */
  readonly listenerIndex: number;
}

/**
 * Reads a message. `descriptors` is the number of descriptors that the runtime sent with it.
 *
 * @throws {Error} whose message names the wrong property.
 */
export function readMessage(text: string, descriptors: number, sender: PeerCredentials): AgentMessage {
  const message = objectAt(parseMessage(text), 'the message');
  const state = objectAt(message['state'], 'state');
  const names = message['fds'];
  const listenerIndex = Array.isArray(names) ? names.indexOf(LISTENER) : -1;
  if (listenerIndex < 0) throw new Error(`fds: ${LISTENER} is missing`);
  if (listenerIndex >= descriptors)
    throw new Error(`fds: the message has ${descriptors} descriptors, and ${LISTENER} is the one at ${listenerIndex}`);
  const metadata = textAt(message['metadata'], 'metadata');
  const container = {
    id: stringAt(state['id'], 'state.id'),
    pid: processIdAt(message['pid'] ?? state['pid'], 'pid'),
    status: textAt(state['status'], 'state.status'),
    bundle: textAt(state['bundle'], 'state.bundle'),
    annotations: stringsAt(state['annotations'] ?? {}, 'state.annotations'),
    ...(metadata === null ? {} : { metadata }),
    sender,
  };
  return { container: Object.freeze(container), listenerIndex };
}

/**
 * Whether the text is a whole JSON document. If a runtime keeps the connection open, nothing else marks the end of its
 * message.
 */
export function isCompleteJson(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    parseMessage(text);
    return true;
  } catch {
    return false;
  }
}

function parseMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error('the message: not JSON', { cause: error });
  }
}

function objectAt(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name}: not an object`);
  return own({ ...value });
}

function stringAt(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`${name}: not a string`);
  return value;
}

/** Reads an optional text. Returns null if it is missing or empty. */
function textAt(value: unknown, name: string): string | null {
  return stringAt(value ?? '', name) || null;
}

/** Reads a process ID. Returns null for 0: a process that the runtime's PID namespace does not have. */
function processIdAt(value: unknown, name: string): number | null {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`${name}: not a process ID`);
  return value === 0 ? null : value;
}

function stringsAt(value: unknown, name: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(value, name)).map(([key, each]) => [key, stringAt(each, `${name}.${key}`)]);
  return Object.freeze(Object.fromEntries(entries));
}
