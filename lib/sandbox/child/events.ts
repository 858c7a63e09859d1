/** What a supervised child tells: the calls that were denied, and those that wait for a handler. */
import type { EventEmitter } from 'node:events';
import type { ListenerHandle, NativeListener } from '../../native.js';
import { ask, type HandlerMap, NotifiedCall } from '../../notify/handlers.js';
import { Listener, type PendingNotification } from '../../notify/listener.js';
import { CHANNEL, type OnViolation } from '../../notify/violation.js';
import { ViolationLog } from '../../notify/violation-log.js';
import { guarded } from '../../util/guarded.js';
import { asyncHooks, diagnostics } from '../../util/lazy-node.js';
import type { Supervised } from '../plan/supervised.js';

/** Who hears of the calls of a supervised child. */
export interface ChildEventHandlers {
  readonly supervised: Supervised | undefined;
  readonly onViolation: OnViolation | true | undefined;
  readonly handlers: HandlerMap;
  /** Of a handler, in milliseconds. */
  readonly timeout: number;
}

/** What emits a child's events: the child. */
type Emitter = Pick<EventEmitter, 'emit'>;

/** Nobody. */
export const NO_EVENT_HANDLERS: ChildEventHandlers = {
  supervised: undefined,
  onViolation: undefined,
  handlers: new Map(),
  timeout: 0,
};

/** A filter's listener, and the log of the violations that it tells of, if it is asked for them. */
export interface Heard {
  readonly listener: Listener;
  readonly log: ViolationLog | undefined;
}

/** Hears for `child` what its filter tells, in the AsyncLocalStorage of the call that started it. */
export function subscribe(child: Emitter, native: NativeListener, hearing: ChildEventHandlers): Heard {
  const { supervised, onViolation, handlers, timeout } = hearing;
  const failed = (error: unknown, call: NotifiedCall) => handlerFailed(child, error, call);
  const { AsyncResource } = asyncHooks();
  const resource = new AsyncResource('seccomp.Listener');
  // What AsyncResource.bind gives too, in ten times the time on Node 20.
  const bound = <Args extends unknown[]>(hears: (...args: Args) => void) =>
    resource.runInAsyncScope.bind(resource, hears, undefined) as typeof hears;
  const tell = (index: number) => {
    const violation = log?.at(index);
    if (violation === undefined) return;
    if (typeof onViolation === 'function') guarded(() => onViolation(violation));
    guarded(() => child.emit('violation', violation));
    if (diagnostics().hasSubscribers(CHANNEL)) diagnostics().channel(CHANNEL).publish({ process: child, violation });
  };
  const listener = new Listener(native, {
    kind: supervised?.watches ? bound(tell) : undefined,
    call: bound((waiting: PendingNotification, handle: ListenerHandle) => {
      const call = new NotifiedCall(waiting, handle, undefined);
      ask(call, handlers.get(call.syscall), timeout, failed);
    }),
  });
  const log = supervised?.watches ? new ViolationLog(listener, supervised) : undefined;
  return { listener, log };
}

function handlerFailed(child: Emitter, error: unknown, call: NotifiedCall): void {
  if (child.emit('handlerError', error, call)) return;
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(`the handler of ${call.syscall} failed, and the call was denied: ${reason}`, 'SeccompWarning');
}
