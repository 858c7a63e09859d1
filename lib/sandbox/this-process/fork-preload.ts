/** The file that fork() has its child load first. It attaches the filters that the parent compiled, or exits. */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { SeccompError } from '../../errors.js';
import { runOrExit } from './exit-status.js';
import { decodePayload, PAYLOAD_VARIABLE } from './fork-payload.js';
import { ALL_THREADS, installFilters } from './install-filters.js';
import { ioUringDescriptors } from './io-uring.js';
import { restartNode, WITHOUT_IO_URING } from './restart.js';

runOrExit('seccomp fork', () => {
  // Hides fork()'s own two arguments from the program, which would pass them to a Node that it forks: that one inherits
  // the filters.
  const place = process.execArgv.indexOf(import.meta.filename);
  if (place > 0) process.execArgv.splice(place - 1, 2);
  // A worker's thread inherits the filters of the thread that starts it.
  if (!isMainThread && getEnvironmentData(PAYLOAD_VARIABLE) === true) return;
  const text = process.env[PAYLOAD_VARIABLE];
  delete process.env[PAYLOAD_VARIABLE];
  if (text === undefined || !isMainThread) {
    const message = `${PAYLOAD_VARIABLE} is not set, so there is no filter to attach: only fork() loads this file`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  }
  const { filters, filterFlags, noNewPrivileges, withoutIoUring, hidesNodeOptions } = decodePayload(text);
  if (hidesNodeOptions && process.env['NODE_OPTIONS'] === '') delete process.env['NODE_OPTIONS'];
  if (withoutIoUring && ioUringDescriptors().length > 0) restartNode({ ...WITHOUT_IO_URING, noNewPrivileges });
  installFilters({ unconfined: false, filters, filterFlags: filterFlags | ALL_THREADS, noNewPrivileges });
  setEnvironmentData(PAYLOAD_VARIABLE, true);
});
