/** The built-in profiles for programs of Node: `node`, `node-no-network` and `node-no-exec`. */
import { EPERM } from '../../../syscalls/errno.js';
import { own } from '../../../util/own-data.js';
import type { BuiltinDefinition, Group, Refusal, Topics } from '../definition.js';
import { CHANNELS, ESSENTIAL, FILES, PROGRAMS, SOCKETS } from './allowed.js';
import { NODE_CONDITIONAL } from './conditional.js';
import { refusalsBeyond } from './refusals.js';

const NAMESPACES: Refusal = {
  names: 'clone',
  why: 'A new user namespace gives every capability inside it, and with them far more of the kernel to attack.',
};
const BEHIND_POINTERS: readonly Refusal[] = [
  {
    names: 'clone3',
    why: 'Its flags are behind a pointer, where no filter sees them; ENOSYS makes C libraries fall back to clone.',
  },
  { names: 'socketcall ipc syscall', why: 'They make other calls, with arguments or a number that no filter sees.' },
];
const FILES_BY_ARGUMENTS: readonly Refusal[] = [
  { names: 'mknod mknodat', why: 'Node makes no device nodes.' },
  {
    names: 'ioctl',
    why: 'TIOCSTI and TIOCLINUX type into the terminal, and so give commands to the shell after the program.',
  },
];
const FAMILIES: readonly Refusal[] = [
  {
    names: 'socket socketpair',
    why: 'Other families reach code of the kernel, or the hypervisor, that Node has no use for.',
  },
];
export const NO_PROGRAMS: readonly Refusal[] = [
  { names: 'clone', why: 'It starts processes beside threads.' },
  { names: 'fork vfork execve execveat', why: 'No program may be started.' },
];

export const NODE = form({
  allowed: { ...ESSENTIAL, ...FILES, ...SOCKETS, ...PROGRAMS },
  conditional: NODE_CONDITIONAL.node,
  byArguments: [NAMESPACES, ...BEHIND_POINTERS, ...FILES_BY_ARGUMENTS, ...FAMILIES],
});

export const NODE_NO_NETWORK = form({
  allowed: { ...ESSENTIAL, ...FILES, ...CHANNELS, ...PROGRAMS },
  conditional: NODE_CONDITIONAL.noNetwork,
  byArguments: [
    NAMESPACES,
    ...BEHIND_POINTERS,
    ...FILES_BY_ARGUMENTS,
    { names: 'socketpair', why: 'A stream between two processes leads nowhere else; a pair for datagrams can.' },
  ],
  own: {
    'The network': [
      {
        names: 'socket',
        why: 'Every family leads out of the process: the internet, and by AF_UNIX the services of this machine.',
      },
      {
        names: 'connect bind listen accept accept4',
        why: 'A socket that was there from the start does not begin to talk to others.',
      },
    ],
  },
});

export const NODE_NO_EXEC = form({
  allowed: { ...ESSENTIAL, ...FILES, ...SOCKETS },
  conditional: NODE_CONDITIONAL.noExec,
  byArguments: [...NO_PROGRAMS, ...BEHIND_POINTERS, ...FILES_BY_ARGUMENTS, ...FAMILIES],
});

/** The differences between them. */
interface Parts {
  readonly allowed: Topics<Group>;
  readonly conditional: readonly Group[];
  readonly byArguments: readonly Refusal[];
  readonly own?: Topics<Refusal>;
}

/**
 * The profiles decide only the native ABI: Node has no other, and a program of another ABI is killed. Refusals are
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
