/** What a supervised child tells: the calls that were denied, and those that wait for a handler. */
import type { ListenerHandle, NativeKind, NativeListener } from '../native.js';
import { asyncHooks, diagnostics } from '../node.js';
import { ask, type HandlerMap, NotifiedCall } from '../supervisor/answer.js';
import { Listener, type Waiting } from '../supervisor/listener.js';
import { CHANNEL, type OnViolation, type Violation, violationOf } from '../supervisor/violation.js';
import type { SandboxedProcess } from './child.js';
import type { Supervised } from './supervise.js';

/** Who hears of the calls of a supervised child. */
export interface Hearing {
  readonly supervised: Supervised | undefined;
  readonly onViolation: OnViolation | true | undefined;
  readonly handlers: HandlerMap;
  /** Of a handler, in milliseconds. */
  readonly timeout: number;
}

/** Nobody. */
export const UNHEARD: Hearing = { supervised: undefined, onViolation: undefined, handlers: new Map(), timeout: 0 };

/** Hears for `child` what its filter tells, in the AsyncLocalStorage of the call that started it. */
export function hear(child: SandboxedProcess, listener: NativeListener, hearing: Hearing): Listener {
  const { supervised, onViolation, handlers, timeout } = hearing;
  const failed = (error: unknown, call: NotifiedCall) => handlerFailed(child, error, call);
  const { AsyncResource } = asyncHooks();
  const resource = new AsyncResource('seccomp.Listener');
  // What AsyncResource.bind gives too, in ten times the time on Node 20.
  const bound = <Args extends unknown[]>(hears: (...args: Args) => void) =>
    resource.runInAsyncScope.bind(resource, hears, undefined) as typeof hears;
  return new Listener(listener, {
    ...(supervised?.watches && {
      kind: bound((kind: NativeKind) => {
        const violation = violationOf(kind, 1, supervised);
        if (typeof onViolation === 'function') onViolation(violation);
        child.emit('violation', violation);
        if (diagnostics().hasSubscribers(CHANNEL))
          diagnostics().channel(CHANNEL).publish({ process: child, violation });
      }),
    }),
    call: bound((waiting: Waiting, handle: ListenerHandle) => {
      const call = new NotifiedCall(waiting, handle, undefined);
      ask(call, handlers.get(call.syscall), timeout, failed);
    }),
  });
}

function handlerFailed(child: SandboxedProcess, error: unknown, call: NotifiedCall): void {
  if (child.emit('handlerError', error, call)) return;
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(`the handler of ${call.syscall} failed, and the call was denied: ${reason}`, 'SeccompWarning');
}

/** What a listener heard by now. */
export function violationsOf(listener: Listener | undefined, judges: Supervised): readonly Violation[] {
  return (listener?.counts.kinds ?? []).flatMap((count, i) => {
    const kind = listener?.kindAt(i);
    return kind === undefined ? [] : violationOf(kind, count, judges);
  });
}
