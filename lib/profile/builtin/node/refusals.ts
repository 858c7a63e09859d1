/** The reasons why the built-ins for Node do not always allow the other syscalls. */
import { syscallGroup } from '../../../syscalls/groups.js';
import { type Group, namesOf, type Refusal, type Topics } from '../definition.js';

/**
 * All topics of refusals: those of one profile first, then those of all. A name that begins with `@` is a group of
 * syscalls. From each refusal, the names that are allowed or in an earlier refusal are removed.
 */
export function refusalsBeyond(allowed: Topics<Group>, own: Topics<Refusal>): Topics<Refusal> {
  const explained = new Set(Object.values(allowed).flat().flatMap(namesOf));
  const left = (refusal: Refusal): readonly Refusal[] => {
    const names = new Set(namesOf(refusal).flatMap((name) => syscallGroup(name)?.syscalls ?? [name]));
    const others = [...names].filter((name) => !explained.has(name));
    for (const name of others) explained.add(name);
    return others.length === 0 ? [] : [{ ...refusal, names: others.join(' ') }];
  };
  const topics = Object.entries({ ...own, ...FOR_ALL }).map(([topic, refusals]) => [topic, refusals.flatMap(left)]);
  return Object.fromEntries(topics);
}

const FOR_ALL: Topics<Refusal> = {
  'Namespaces and mounts': [
    {
      names: 'setns unshare',
      why: 'In a new user namespace, a process has every capability, which exposes far more kernel code to attack.',
    },
    { names: '@mount', why: 'Mounts determine which files a program sees. Node does not mount anything.' },
    { names: 'statmount listmount listns', why: 'Node does not list mounts or namespaces.' },
  ],
  'The kernel itself': [
    { names: '@module @bpf', why: 'Code that is loaded into the kernel is beyond every boundary.' },
    { names: '@reboot', why: 'They stop the machine or start another kernel.' },
    {
      names: '@io-uring',
      why: 'With io_uring, a program makes requests that a filter does not see. Node works without it.',
    },
    {
      names: 'userfaultfd',
      why: 'It lets a process pause the kernel at a page fault, which makes race conditions in the kernel easy to exploit.',
    },
    { names: '@raw-io rtas', why: 'They access devices and firmware without the kernel’s drivers.' },
    {
      names: 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
      why: 'They query and set attributes of the security modules that confine the program.',
    },
  ],
  'The whole machine': [
    { names: '@clock', why: 'Setting the clock affects the whole machine.' },
    { names: '@swap', why: 'Changing swap areas affects the whole machine.' },
    {
      names: '@administration',
      why: 'The host name, quotas, process accounting and the kernel log concern the whole machine.',
    },
    {
      names: 'fanotify_init fanotify_mark',
      why: 'They report, and can block, accesses to a whole file system. Node uses inotify.',
    },
    { names: '@keyring', why: 'Node does not use kernel keyrings, and containers do not separate them.' },
    { names: '@file-handle', why: 'File handles open files regardless of the permissions of directories.' },
  ],
  'Other processes': [
    {
      names: '@debug process_madvise process_mrelease',
      why: 'They inspect or manipulate other processes. Debuggers of Node use its inspector.',
    },
  ],
  Memory: [
    {
      names: '@memory',
      why: 'They place memory on NUMA nodes or hide it from the kernel, neither of which Node does.',
    },
    { names: 'migrate_pages move_pages', why: 'They move memory between NUMA nodes.' },
    { names: '@aio', why: 'Node does not use the older asynchronous I/O.' },
    {
      names:
        'ipc semget semctl semop semtimedop semtimedop_time64 shmget shmctl shmat shmdt msgget msgctl msgsnd msgrcv mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64',
      why: 'Any process that knows the name of a queue, a semaphore or shared memory can open it. Node does not use them.',
    },
  ],
  'Of one CPU, old or reserved': [
    { names: 'vmsplice', why: 'It maps memory of the process into a pipe, which Node does not do.' },
    {
      names: '@architecture',
      why: 'They exist on single CPU architectures, and Node does not make them.',
    },
    { names: '@obsolete', why: 'They are superseded, reserved or removed.' },
    {
      names:
        'epoll_ctl_old epoll_wait_old nice oldstat oldfstat oldlstat olduname oldolduname readdir signal sigaction sigpending sigsuspend remap_file_pages',
      why: 'C libraries have long used their successors.',
    },
    {
      names:
        'cachestat file_getattr file_setattr getxattrat setxattrat listxattrat removexattrat uprobe io_pgetevents io_pgetevents_time64 rseq_slice_yield',
      why: 'Node does not make these calls, and programs that do work without them.',
    },
  ],
};
