/** The built-in profile `compute`: reads and writes open files, computes, and exits. */
import type { Reasons } from '../definition.js';
import { ESSENTIAL } from './allowed.js';
import { NODE_CONDITIONAL } from './conditional.js';
import { form } from './node.js';

const BY_ARGUMENTS: Reasons = {
  'It starts processes as well as threads.': 'clone',
  'Its flags are in memory, which a filter cannot read. With ENOSYS, C libraries fall back to clone.': 'clone3',
  'Its effect depends on the driver of the device or terminal.': 'ioctl',
  'With F_SETOWN and F_SETSIG, a descriptor sends signals to any process of the same user.': 'fcntl fcntl64',
  'Most of its operations concern privileges and child processes, which a computation does not need.': 'prctl',
  'It can set the limits of other processes.': 'prlimit64',
  'With a path, they report the metadata of any file.': 'newfstatat fstatat64 statx',
};

export const COMPUTE = form({
  allowed: ESSENTIAL,
  conditional: NODE_CONDITIONAL.compute,
  byArguments: BY_ARGUMENTS,
  own: {
    Programs: { 'The profile lets no program start.': 'fork vfork execve execveat' },
    'Files and devices': {
      'The program can only use files that were open when it started.': 'open openat openat2 creat memfd_create',
      'They access files by path, or change files.':
        '@file-system @file-watch @chown @sync @copy arm_fadvise64_64 fadvise64 fadvise64_64 readahead',
    },
    Sockets: { 'No socket can be created, and existing ones can only send to their peer.': '@network' },
    'Other processes and the process itself': {
      'They send signals to other processes. A filter cannot tell which process a PID refers to.':
        'kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal',
      'The process keeps the credentials, session and limits with which it started.':
        '@setuid setfsgid setfsgid32 setfsuid setfsuid32 capset setpgid setsid setrlimit',
      'They can change the scheduling of other processes.':
        'sched_setaffinity sched_setattr sched_setparam sched_setscheduler setpriority ioprio_get ioprio_set',
    },
  },
});
