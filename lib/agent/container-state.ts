/** The container process state of the OCI runtime specification, which comes to an agent with each listener. */

import type { Sender } from '../native.js';
import type { Container } from '../notify/container.js';
import { own } from '../util/own-data.js';

/** Of the descriptors that come with a state, the one that is the listener. */
const LISTENER = 'seccompFd';

/** What a message says, and which of its descriptors is the listener. */
export interface AgentMessage {
  readonly container: Container;
  readonly listener: number;
}

/** @throws Error that says what is wrong with it. */
export function readState(text: string, descriptors: number, sender: Sender): AgentMessage {
  const message = record(parse(text), 'the message');
  const state = record(message['state'], 'state');
  const names = message['fds'];
  const listener = Array.isArray(names) ? names.indexOf(LISTENER) : -1;
  if (listener < 0) throw new Error(`fds: no ${LISTENER} among them`);
  if (listener >= descriptors)
    throw new Error(`fds: ${descriptors} descriptors came, and ${LISTENER} is number ${listener}`);
  const container = {
    id: string(state['id'], 'state.id'),
    pid: number(message['pid'] ?? state['pid'], 'pid'),
    status: string(state['status'] ?? '', 'state.status'),
    bundle: string(state['bundle'] ?? '', 'state.bundle'),
    annotations: strings(state['annotations'] ?? {}, 'state.annotations'),
    metadata: string(message['metadata'] ?? '', 'metadata'),
    sender,
  };
  return { container: Object.freeze(container), listener };
}

/** Whether it may be all: a runtime that keeps the connection open does not tell otherwise. */
export function isWhole(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error('the message: no JSON', { cause: error });
  }
}

function record(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where}: no object`);
  return own({ ...value });
}

function string(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where}: no text`);
  return value;
}

function number(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`${where}: no number of a process`);
  return value;
}

function strings(value: unknown, where: string): Readonly<Record<string, string>> {
  const entries = Object.entries(record(value, where)).map(([key, each]) => [key, string(each, `${where}.${key}`)]);
  return Object.freeze(Object.fromEntries(entries));
}
