/** What fork() has its child load first: puts on the filters that the parent made, or ends the child. */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { SeccompError } from '../../errors.js';
import { HANDOVER, readHandover } from './fork-payload.js';
import { ALL_THREADS, install, openRings, orExit, restartWithoutRings } from './install-filters.js';

orExit('seccomp fork', () => {
  // fork()'s own two arguments are not the program's: a process that it forks in turn has the filter from the kernel.
  const place = process.execArgv.indexOf(__filename);
  if (place > 0) process.execArgv.splice(place - 1, 2);
  // A worker is started by a thread that has the filter, and so has it too.
  if (!isMainThread && getEnvironmentData(HANDOVER) === true) return;
  const text = process.env[HANDOVER];
  delete process.env[HANDOVER];
  if (text === undefined || !isMainThread) {
    throw new SeccompError('ERR_SECCOMP_OPTION', 'there is no filter to put on: this file is for fork() only');
  }
  const { filters, filterFlags, noNewPrivileges, withoutRings } = readHandover(text);
  if (withoutRings && openRings().length > 0) restartWithoutRings(noNewPrivileges);
  install({
    unconfined: false,
    filters,
    filterFlags: filterFlags | ALL_THREADS,
    noNewPrivileges,
  });
  setEnvironmentData(HANDOVER, true);
});
