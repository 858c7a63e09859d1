/** Errors of the system, and of putting filters on. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { SeccompError } from '../../errors.js';
import { fromCaller } from '../../util/caller.js';
import { define } from '../../util/own-data.js';

/** An error of the system as Node shows it. `errno` is positive. */
export function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return define(fromCaller(new Error(`${syscall} ${code}`)), { errno: -errno, code, syscall });
}

/** The error for a kernel that has no filters; undefined if the failure of `call` says something else. */
export function noFiltersError(errno: number, call: string): SeccompError | undefined {
  if (errno !== constants.errno.ENOSYS && (call !== 'prctl' || errno !== constants.errno.EINVAL)) return undefined;
  const cause = systemError(errno, call);
  const message = `this kernel has no seccomp filters (${cause.message}); "seccomp doctor" tells what is missing`;
  return new SeccompError('ERR_SECCOMP_UNSUPPORTED', message, { cause });
}

/** Why the kernel refuses a filter for `who`, and what to do. */
export function attachRemedy(errno: number, who: string): string {
  const remedies: ReadonlyMap<number, string> = new Map([
    [constants.errno.EACCES, `with noNewPrivileges: false ${who} needs CAP_SYS_ADMIN`],
    [constants.errno.EPERM, 'a filter that is on already forbids it'],
    [
      constants.errno.EBUSY,
      'a filter that is on already has a listener, and only one can: leave out onViolation, notify and listenerPath',
    ],
    [
      constants.errno.EMFILE,
      'its listener needs a descriptor, and this process or the child may open no more: close some, raise ulimit -n or rlimits.nofile',
    ],
    [constants.errno.ENOMEM, 'too many filters are on already, or memory is short'],
  ]);
  return remedies.get(errno) ?? '"seccomp doctor" tells what this kernel can do';
}
