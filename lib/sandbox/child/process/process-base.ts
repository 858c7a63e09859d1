/** The base class of a child that Node has not started. */
import { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';

/**
 * Base class: ChildProcess without its constructor. The constructor would make a handle, which is freed only if Node
 * itself sees the process exit. SandboxedProcess sets the properties that the constructor would set. The prototype
 * becomes that of ChildProcess with the first child, since loading node:child_process takes longer than loading this
 * package.
 */
class ProcessWithoutHandle extends EventEmitter {
  constructor() {
    Object.setPrototypeOf(ProcessWithoutHandle.prototype, ChildProcess.prototype);
    super();
  }
}
export const ProcessBase = ProcessWithoutHandle as unknown as typeof ChildProcess;
