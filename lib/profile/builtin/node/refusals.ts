/** The reasons why the built-ins for Node do not always allow the other syscalls. */
import { syscallGroup } from '../../../syscalls/groups.js';
import { namesOf, reasonsIn, type Topics } from '../definition.js';

/**
 * All topics of refusals: those of one profile first, then those of all. A name that begins with `@` is a group of
 * syscalls. From each refusal, the names that are allowed or in an earlier refusal are removed.
 */
export function refusalsBeyond(allowed: Topics, own: Topics): Topics {
  const explained = new Set(reasonsIn(allowed).flatMap(namesOf));
  const left = ([why, names]: readonly [string, string]) => {
    const all = new Set(namesOf({ names }).flatMap((name) => syscallGroup(name)?.syscalls ?? [name]));
    const others = [...all].filter((name) => !explained.has(name));
    for (const name of others) explained.add(name);
    return others.length === 0 ? [] : [[why, others.join(' ')]];
  };
  const topics = Object.entries({ ...own, ...FOR_ALL });
  return Object.fromEntries(
    topics.map(([topic, reasons]) => [topic, Object.fromEntries(Object.entries(reasons).flatMap(left))]),
  );
}

const FOR_ALL: Topics = {
  'Namespaces and mounts': {
    'In a new user namespace, a process has every capability, which exposes far more kernel code to attack.':
      'setns unshare',
    'Mounts determine which files a program sees. Node does not mount anything.': '@mount',
    'Node does not list mounts or namespaces.': 'statmount listmount listns',
  },
  'The kernel itself': {
    'Code that is loaded into the kernel is beyond every boundary.': '@module @bpf',
    'They stop the machine or start another kernel.': '@reboot',
    'With io_uring, a program makes requests that a filter does not see. Node works without it.': '@io-uring',
    'It lets a process pause the kernel at a page fault, which makes race conditions in the kernel easy to exploit.':
      'userfaultfd',
    'They access devices and firmware without the kernel’s drivers.': '@raw-io rtas',
    'They query and set attributes of the security modules that confine the program.':
      'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
  },
  'The whole machine': {
    'Setting the clock affects the whole machine.': '@clock',
    'Changing swap areas affects the whole machine.': '@swap',
    'The host name, quotas, process accounting and the kernel log concern the whole machine.': '@administration',
    'They report, and can block, accesses to a whole file system. Node uses inotify.': 'fanotify_init fanotify_mark',
    'Node does not use kernel keyrings, and containers do not separate them.': '@keyring',
    'File handles open files regardless of the permissions of directories.': '@file-handle',
  },
  'Other processes': {
    'They inspect or manipulate other processes. Debuggers of Node use its inspector.':
      '@debug process_madvise process_mrelease',
  },
  Memory: {
    'They place memory on NUMA nodes or hide it from the kernel, neither of which Node does.': '@memory',
    'They move memory between NUMA nodes.': 'migrate_pages move_pages',
    'Node does not use the older asynchronous I/O.': '@aio',
    'Any process that knows the name of a queue, a semaphore or shared memory can open it. Node does not use them.': `
      ipc semget semctl semop semtimedop semtimedop_time64 shmget shmctl shmat shmdt msgget msgctl msgsnd msgrcv
      mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive
      mq_timedreceive_time64`,
  },
  'Of one CPU, old or reserved': {
    'It maps memory of the process into a pipe, which Node does not do.': 'vmsplice',
    'They exist on single CPU architectures, and Node does not make them.': '@architecture',
    'They are superseded, reserved or removed.': '@obsolete',
    'C libraries have long used their successors.': `
      epoll_ctl_old epoll_wait_old nice oldstat oldfstat oldlstat olduname oldolduname readdir signal sigaction
      sigpending sigsuspend remap_file_pages`,
    'Node does not make these calls, and programs that do work without them.': `
      cachestat file_getattr file_setattr getxattrat setxattrat listxattrat removexattrat uprobe io_pgetevents
      io_pgetevents_time64 rseq_slice_yield`,
  },
};
