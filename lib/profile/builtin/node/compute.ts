/** The built-in profile `compute`: reads and writes open files, computes, and exits. */
import type { Refusal } from '../definition.js';
import { ESSENTIAL } from './allowed.js';
import { NODE_CONDITIONAL } from './conditional.js';
import { form } from './node.js';

const BY_ARGUMENTS: readonly Refusal[] = [
  { names: 'clone', why: 'It starts processes as well as threads.' },
  {
    names: 'clone3',
    why: 'Its flags are in memory, which a filter cannot read. With ENOSYS, C libraries fall back to clone.',
  },
  { names: 'ioctl', why: 'Its effect depends on the driver of the device or terminal.' },
  {
    names: 'fcntl fcntl64',
    why: 'With F_SETOWN and F_SETSIG, a descriptor sends signals to any process of the same user.',
  },
  {
    names: 'prctl',
    why: 'Most of its operations concern privileges and child processes, which a computation does not need.',
  },
  { names: 'prlimit64', why: 'It can set the limits of other processes.' },
  {
    names: 'newfstatat fstatat64 statx',
    why: 'With a path, they report the metadata of any file.',
  },
];

export const COMPUTE = form({
  allowed: ESSENTIAL,
  conditional: NODE_CONDITIONAL.compute,
  byArguments: BY_ARGUMENTS,
  own: {
    Programs: [{ names: 'fork vfork execve execveat', why: 'The profile lets no program start.' }],
    'Files and devices': [
      {
        names: 'open openat openat2 creat memfd_create',
        why: 'The program can only use files that were open when it started.',
      },
      {
        names: '@file-system @file-watch @chown @sync @copy arm_fadvise64_64 fadvise64 fadvise64_64 readahead',
        why: 'They access files by path, or change files.',
      },
    ],
    Sockets: [{ names: '@network', why: 'No socket can be created, and existing ones can only send to their peer.' }],
    'Other processes and the process itself': [
      {
        names: 'kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal',
        why: 'They send signals to other processes. A filter cannot tell which process a PID refers to.',
      },
      {
        names: '@setuid setfsgid setfsgid32 setfsuid setfsuid32 capset setpgid setsid setrlimit',
        why: 'The process keeps the credentials, session and limits with which it started.',
      },
      {
        names: 'sched_setaffinity sched_setattr sched_setparam sched_setscheduler setpriority ioprio_get ioprio_set',
        why: 'They can change the scheduling of other processes.',
      },
    ],
  },
});
