/** The built-in profiles for programs of Node: `node`, `node-no-network` and `node-no-exec`. */
import { EPERM } from '../../../syscalls/errno.js';
import { own } from '../../../util/own-data.js';
import type { BuiltinDefinition, Group, Reasons, Topics } from '../definition.js';
import { CHANNELS, ESSENTIAL, FILES, PROGRAMS, SOCKETS } from './allowed.js';
import { NODE_CONDITIONAL } from './conditional.js';
import { refusalsBeyond } from './refusals.js';

const NAMESPACES: Reasons = {
  'In a new user namespace, a process has every capability, which exposes far more kernel code to attack.': 'clone',
};
const BEHIND_POINTERS: Reasons = {
  'Its flags are in memory, which a filter cannot read. With ENOSYS, C libraries fall back to clone.': 'clone3',
  'They make other calls, whose number or arguments a filter cannot read.': 'socketcall ipc syscall',
};
const FILES_BY_ARGUMENTS: Reasons = {
  'Node does not create device nodes.': 'mknod mknodat',
  'TIOCSTI and TIOCLINUX insert input into the terminal, such as commands for the shell.': 'ioctl',
};
const FAMILIES: Reasons = {
  'Other families reach kernel code or the hypervisor, and Node does not use them.': 'socket socketpair',
};
export const NO_PROGRAMS: Reasons = {
  'It starts processes as well as threads.': 'clone',
  'The profile lets no program start.': 'fork vfork execve execveat',
};

export const NODE = form({
  allowed: { ...ESSENTIAL, ...FILES, ...SOCKETS, ...PROGRAMS },
  conditional: NODE_CONDITIONAL.node,
  byArguments: { ...NAMESPACES, ...BEHIND_POINTERS, ...FILES_BY_ARGUMENTS, ...FAMILIES },
});

export const NODE_NO_NETWORK = form({
  allowed: { ...ESSENTIAL, ...FILES, ...CHANNELS, ...PROGRAMS },
  conditional: NODE_CONDITIONAL.noNetwork,
  byArguments: {
    ...NAMESPACES,
    ...BEHIND_POINTERS,
    ...FILES_BY_ARGUMENTS,
    'A stream pair only connects its two ends. A datagram pair can send to other sockets.': 'socketpair',
  },
  own: {
    'The network': {
      'Sockets of every family reach beyond the process: AF_UNIX sockets, for example, reach services on the machine.':
        'socket',
      'Inherited sockets cannot be bound or connected.': 'connect bind listen accept accept4',
    },
  },
});

export const NODE_NO_EXEC = form({
  allowed: { ...ESSENTIAL, ...FILES, ...SOCKETS },
  conditional: NODE_CONDITIONAL.noExec,
  byArguments: { ...NO_PROGRAMS, ...BEHIND_POINTERS, ...FILES_BY_ARGUMENTS, ...FAMILIES },
});

/** The differences between them. */
interface Parts {
  readonly allowed: Topics;
  readonly conditional: readonly Group[];
  readonly byArguments: Reasons;
  readonly own?: Topics;
}

/**
 * The profiles cover only the native ABI: Node uses no other, and a program of another ABI is killed. Refusals are
 * computed when they are read.
 */
export function form(parts: Parts): BuiltinDefinition {
  const { allowed, conditional, byArguments, own: others = {} } = own(parts);
  return {
    allowed,
    conditional,
    get refusals() {
      return refusalsBeyond(allowed, { 'By arguments': byArguments, ...others });
    },
    defaultErrno: EPERM,
    besides: {},
  };
}
