/** The reasons why the built-ins for Node do not always allow the other syscalls. */
import { syscallGroup } from '../../../syscalls/groups.js';
import { type Group, namesOf, type Refusal, type Topics } from '../definition.js';

/**
 * All topics of refusals: those of one profile first, then those of all. A name that begins with `@` is a group of
 * syscalls. A refusal is about those of its names that are neither allowed nor in an earlier refusal.
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
      names: '@namespace',
      why: 'A new user namespace gives every capability inside it, and with them far more of the kernel to attack.',
    },
    { names: '@mount', why: 'Mounts decide what a program sees of the machine; Node makes none.' },
    { names: 'statmount listmount', why: 'Node has no use for the list of mounts.' },
  ],
  'The kernel itself': [
    { names: '@module @bpf', why: 'Code in the kernel is above every boundary.' },
    { names: '@reboot', why: 'It stops the machine, or starts another kernel.' },
    {
      names: '@io-uring',
      why: 'It makes other calls out of a filter’s sight; Node goes on with threads where there is none.',
    },
    { names: 'userfaultfd', why: 'It lets a process halt the kernel mid-way, which makes its races easy to win.' },
    { names: '@raw-io rtas', why: 'They reach devices and firmware past the kernel’s drivers.' },
    {
      names: 'lsm_get_self_attr lsm_set_self_attr lsm_list_modules',
      why: 'Security modules confine the program; it has no part in how.',
    },
  ],
  'The whole machine': [
    { names: '@clock', why: 'The clock is that of the whole machine.' },
    { names: '@swap', why: 'Swap is that of the whole machine.' },
    { names: '@administration', why: 'Names, quotas, accounting and the log are those of the whole machine.' },
    {
      names: 'fanotify_init fanotify_mark',
      why: 'They watch, and can hold up, accesses to a whole file system; Node uses inotify.',
    },
    { names: '@keyring', why: 'Node keeps no keys in the kernel, whose keyrings know no containers.' },
    { names: '@file-handle', why: 'Handles open files past the permissions of directories.' },
  ],
  'Other processes': [
    {
      names: '@debug process_madvise process_mrelease',
      why: 'They look into other processes, or act on them past signals; a debugger of Node uses its inspector.',
    },
  ],
  Memory: [
    {
      names: '@memory',
      why: 'They place memory on NUMA nodes, or hide it from the kernel; Node leaves placing to the kernel.',
    },
    { names: 'migrate_pages move_pages', why: 'They move memory between NUMA nodes.' },
    { names: '@aio', why: 'The old asynchronous I/O, which Node does not use.' },
    {
      names:
        'ipc semget semctl semop semtimedop semtimedop_time64 shmget shmctl shmat shmdt msgget msgctl msgsnd msgrcv mq_open mq_unlink mq_notify mq_getsetattr mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64',
      why: 'Queues, semaphores and shared memory with names are shared by all who know these; Node has no use for them.',
    },
  ],
  'Of one CPU, old or reserved': [
    { names: 'vmsplice', why: 'It lends memory of a process to a pipe, which Node does not do.' },
    {
      names: '@architecture',
      why: 'Calls of one kind of CPU, or of how it runs programs of another kind, that Node does not make.',
    },
    { names: '@obsolete', why: 'Superseded, reserved or removed.' },
    {
      names:
        'epoll_ctl_old epoll_wait_old nice oldstat oldfstat oldlstat olduname oldolduname readdir signal sigaction sigpending sigsuspend remap_file_pages',
      why: 'C libraries left these for their successors long ago.',
    },
    {
      names:
        'cachestat file_getattr file_setattr getxattrat setxattrat listxattrat removexattrat uprobe io_pgetevents io_pgetevents_time64',
      why: 'Node does not make these calls, and what does goes on without.',
    },
  ],
};
