/** `untrusted`: the built-in sandbox for programs that nobody has read. */
import { BY_SCOPES_ALONE } from '../../landlock/domain.js';
import { AS_OPTION as PATHS_AS_OPTION, type PathsForm } from '../../landlock/paths/messages.js';
import { CheckedPaths, readPaths } from '../../landlock/paths/option.js';
import { AS_OPTION as LIMITS_AS_OPTION, readTreeLimits } from '../../process-tree/limits.js';
import { atMost, readLimits } from '../../process-tree/rlimits.js';
import { arg } from '../../profile/builder/argument.js';
import type { Profile } from '../../profile/profile.js';
import { extend } from '../../profile/source.js';
import { once } from '../../util/memo.js';
import { PRIVATE_DIRECTORY } from '../options/environment.js';
import { type LoadedSandbox, makeSandbox } from './loaded-sandbox.js';

const NAME = 'untrusted';

/**
 * Docker's profile without the calls that reach processes of the same user which Landlock does not keep apart: shared
 * memory, semaphores and queues with names; the content of other processes; and the priority and CPUs of others than the
 * caller.
 */
export const untrustedProfile = once(
  (): Profile =>
    extend('docker-default')
      .deny(...BY_NAME, ...OF_OTHERS)
      .comment('Reaches other processes of the user.')
      .deny('sched_setaffinity', 'sched_setscheduler', 'sched_setparam', 'sched_setattr', arg(0).ne(0))
      .deny('setpriority', 'ioprio_set', arg(1).ne(0))
      .deny('setpriority', arg(0).ne(PRIO_PROCESS))
      .deny('ioprio_set', arg(0).ne(IOPRIO_WHO_PROCESS)),
);

const BY_NAME = [
  ...(['shmget', 'shmat', 'shmctl', 'shmdt', 'msgget', 'msgsnd', 'msgrcv', 'msgctl'] as const),
  ...(['semget', 'semop', 'semtimedop', 'semtimedop_time64', 'semctl', 'ipc', 'mq_open', 'mq_unlink'] as const),
];
const OF_OTHERS = [
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'process_madvise',
  'kcmp',
  'pidfd_getfd',
] as const;

/** Source: linux/resource.h and linux/ioprio.h. */
const PRIO_PROCESS = 0;
const IOPRIO_WHO_PROCESS = 1;

const PATHS_FORM: PathsForm = {
  ...PATHS_AS_OPTION,
  name: `${NAME}: paths`,
  place: (list) => `${NAME}: paths.${list}`,
};
const LIMITS_FORM = { ...LIMITS_AS_OPTION, name: `${NAME}: limits` };

/** Variables that say how to write: to a terminal, and in which language and time zone. Source: environ(7), locale(7). */
const PASSED = [
  ...['PATH', 'TERM', 'COLORTERM', 'TZ', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_ADDRESS', 'LC_COLLATE', 'LC_CTYPE'],
  ...['LC_IDENTIFICATION', 'LC_MEASUREMENT', 'LC_MESSAGES', 'LC_MONETARY', 'LC_NAME', 'LC_NUMERIC', 'LC_PAPER'],
  ...['LC_TELEPHONE', 'LC_TIME'],
];

/** The sandbox. Its working directory is that of the program. */
export const untrusted = once(
  (): LoadedSandbox =>
    makeSandbox(
      NAME,
      {
        files: [],
        profile: untrustedProfile(),
        isolate: BY_SCOPES_ALONE,
        paths: new CheckedPaths(
          readPaths({ read: ['@system', '.'], write: ['@tmp'] }, PATHS_FORM).all,
          PATHS_FORM,
          true,
        ),
        network: 'none',
        // Enough for compilers and language runtimes.
        limits: readTreeLimits({ memory: '1G', processes: 128, exact: 'preferred' }, LIMITS_FORM),
        rlimits: readLimits({ core: 0, fsize: atMost('fsize', 512 * 1024 ** 2) }),
        env: { names: PASSED, values: new Map([['HOME', PRIVATE_DIRECTORY]]) },
        timeout: 60_000,
        descendants: 'kill',
        capabilities: [],
      },
      [],
    ),
);
