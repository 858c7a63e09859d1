/** The built-in profile `compute`: reads and writes open files, computes, and exits. */
import type { Refusal } from '../definition.js';
import { ESSENTIAL } from './allowed.js';
import { NODE_CONDITIONAL } from './conditional.js';
import { form } from './node.js';

const BY_ARGUMENTS: readonly Refusal[] = [
  { names: 'clone', why: 'It starts processes beside threads.' },
  {
    names: 'clone3',
    why: 'Its flags are behind a pointer, where no filter sees them; ENOSYS makes C libraries fall back to clone.',
  },
  { names: 'ioctl', why: 'Devices and terminals do by it whatever their drivers know.' },
  {
    names: 'fcntl fcntl64',
    why: 'By F_SETOWN and F_SETSIG a descriptor sends signals to any process of the same user.',
  },
  { names: 'prctl', why: 'Most of what it sets concerns rights and children, which a computation has no use for.' },
  { names: 'prlimit64', why: 'It sets limits of other processes too.' },
  {
    names: 'newfstatat fstatat64 statx',
    why: 'They tell of any path what it is, which here only a program’s own care prevents.',
  },
];

export const COMPUTE = form({
  allowed: ESSENTIAL,
  conditional: NODE_CONDITIONAL.compute,
  byArguments: BY_ARGUMENTS,
  own: {
    Programs: [{ names: 'fork vfork execve execveat', why: 'No program may be started.' }],
    'Files and devices': [
      { names: 'open openat openat2 creat memfd_create', why: 'What was open at the start is all there is.' },
      {
        names: '@file-system @file-watch @chown @sync @copy arm_fadvise64_64 fadvise64 fadvise64_64 readahead',
        why: 'They act on paths, or change files.',
      },
    ],
    Sockets: [{ names: '@network', why: 'No socket is made, or sends to any but its other end by write.' }],
    'Others and oneself': [
      {
        names: 'kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal',
        why: 'Nobody is signalled; a filter does not see which process is meant.',
      },
      {
        names: '@setuid setfsgid setfsgid32 setfsuid setfsuid32 capset setpgid setsid setrlimit',
        why: 'Who the process is, and what it may, was settled before.',
      },
      {
        names: 'sched_setaffinity sched_setattr sched_setparam sched_setscheduler setpriority ioprio_get ioprio_set',
        why: 'They schedule other processes too.',
      },
    ],
  },
});
