/** The job control of a shell, where the command stays the parent of its program: both are one job. */
import type { SandboxedProcess } from '../index.js';
import { statFields } from '../kernel/process-status.js';
import { listenToSignals } from './listen-to-signals.js';

/** The signals by which a terminal stops processes. */
const STOPPING: readonly NodeJS.Signals[] = ['SIGTSTP', 'SIGTTIN', 'SIGTTOU'];

/**
 * Stops this process when a program stops in its terminal, and continues the program with this process. A program that
 * ignores the signals of the terminal, or handles them, goes on, and with it this process and its timeout. One in a
 * Landlock domain does not reach this process when it stops its own process group, as an editor does.
 *
 * To be called before the program starts, so that a signal of the terminal in between does not stop this process alone.
 *
 * @returns What is called with the program when it has started, and returns what ends that.
 */
export function prepareToStop(): (child: SandboxedProcess) => () => void {
  const [, , , , terminal = '0'] = statFields('self');
  if (terminal === '0') return () => () => {}; // There is none, or that is unknown: then every signal has its default action.
  const unprepare = listenToSignals(STOPPING, () => {});
  return (child) => {
    let isStopped = false;
    let unlisten = listenForChild(child);
    unprepare();
    const onChild = () => {
      const wasStopped = isStopped;
      const [state] = statFields(child.pid);
      isStopped = state === 'T';
      if (isStopped === wasStopped) return;
      signalTree(child, isStopped ? 'SIGSTOP' : 'SIGCONT'); // What it has started must not outrun a timeout that waits.
      if (!isStopped) return;
      unlisten();
      // Not SIGSTOP, by which this process would also stop where there is no shell that could continue it.
      process.kill(process.pid, 'SIGTSTP');
      unlisten = listenForChild(child);
    };
    const onContinued = () => {
      isStopped = false;
      signalTree(child, 'SIGCONT');
    };
    process.on('SIGCHLD', onChild).on('SIGCONT', onContinued);
    onChild(); // It may have stopped before there was a listener.
    return () => {
      unlisten();
      process.off('SIGCHLD', onChild).off('SIGCONT', onContinued);
    };
  };
}

/** Instead of stopping, this process passes on a signal that the program has not got from the terminal. */
function listenForChild(child: SandboxedProcess): () => void {
  return listenToSignals(STOPPING, (signal, isFromTerminal) => {
    if (!isFromTerminal) child.kill(signal);
  });
}

function signalTree(child: SandboxedProcess, signal: NodeJS.Signals): void {
  if (child.enforcement.tree?.by === undefined) child.kill(signal);
  else child.killTree(signal);
}
