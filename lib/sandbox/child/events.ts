/** The events of a supervised child: violations, and calls that wait for a handler. */
import { AsyncResource } from 'node:async_hooks';
import { channel, hasSubscribers } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import type { FindPathDenial } from '../../landlock/denials/path-denial.js';
import type { ListenerHandle, NativeListener } from '../../native.js';
import { dispatch, emitHandlerError } from '../../notify/handlers.js';
import { Listener, type PendingNotification } from '../../notify/listener.js';
import { NotifiedCall } from '../../notify/notified-call.js';
import { CHANNEL } from '../../notify/violations/violation.js';
import { ViolationLog } from '../../notify/violations/violation-log.js';
import { guarded } from '../../util/guarded.js';
import type { SupervisionPlan } from '../plan/supervised.js';

/**
 * Calls the handlers for the notifications of a child, and emits its violations. Handlers run in the AsyncLocalStorage
 * context of the call that started the child.
 *
 * @returns The listener, and the child's violations; undefined if they are not collected.
 */
export function subscribe(
  child: Pick<EventEmitter, 'emit'>,
  native: NativeListener,
  supervision: SupervisionPlan,
  findPathDenial?: FindPathDenial,
) {
  const { watches, onViolation, handlers, timeout } = supervision;
  const resource = new AsyncResource('seccomp.Listener');
  // The same as AsyncResource.bind, which takes ten times as long on Node 20.
  const bind = <Args extends unknown[]>(handler: (...args: Args) => void) =>
    resource.runInAsyncScope.bind(resource, handler, undefined) as typeof handler;
  const report = (index: number) => {
    const violation = log?.at(index);
    if (violation === undefined) return;
    if (typeof onViolation === 'function') guarded(() => onViolation(violation));
    guarded(() => child.emit('violation', violation));
    if (hasSubscribers(CHANNEL)) channel(CHANNEL).publish({ process: child, violation });
  };
  const listener = new Listener(native, {
    onKind: watches ? bind(report) : undefined,
    onNotification: bind((notification: PendingNotification, handle: ListenerHandle) => {
      const call = new NotifiedCall(notification, handle, undefined);
      dispatch(call, handlers.get(call.syscall), timeout, (error) => emitHandlerError(child, error, call));
    }),
  });
  const log = watches ? new ViolationLog(listener, supervision, findPathDenial) : undefined;
  return { listener, log };
}
