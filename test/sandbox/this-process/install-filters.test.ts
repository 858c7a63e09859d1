/** Filters on the process that runs: the errors of the kernel, and the state of a thread. */
import fs from 'node:fs';
import { constants } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as status from '../../../lib/kernel/process-status.js';
import { addon, type NativeFilters } from '../../../lib/native.js';
import { installFilters, threadState } from '../../../lib/sandbox/this-process/install-filters.js';
import { spyOnBuiltin } from '../../support/spy-on-builtin.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const { EACCES, EINVAL, ENOSYS, EPERM, ESRCH } = constants.errno;
const filter = { bytes: new Uint8Array(8), gate: [] };
const filters: NativeFilters = { unconfined: false, filters: [filter, filter], filterFlags: 1, noNewPrivileges: true };

/** Fails to attach the filters like this. */
const failing = (failure: ReturnType<ReturnType<typeof addon>['install']>) => {
  const install = vi.spyOn(addon(), 'install').mockReset().mockReturnValue(failure);
  return () => {
    installFilters(filters);
    expect(install.mock.calls).toEqual([[filters]]);
  };
};

describe('filters', () => {
  test('are attached', () => {
    expect(failing(undefined)).not.toThrow();
  });

  test.each([
    [
      { error: EPERM, call: 'seccomp' },
      'the filter was not attached (seccomp EPERM): an attached filter denies seccomp(2): change the profile of the container or service that attached it',
    ],
    [{ error: EPERM, call: 'seccomp', attached: 0 }, 'the filter was not attached (seccomp EPERM): an'],
    [{ error: EPERM, call: 'seccomp', attached: 1 }, 'only 1 of 2 filters were attached (seccomp EPERM): an'],
    [
      { error: EACCES, call: 'seccomp' },
      '(seccomp EACCES): with noNewPrivileges: false, this process needs CAP_SYS_ADMIN',
    ],
    [{ error: EINVAL, call: 'seccomp' }, '(seccomp EINVAL): "seccomp doctor" reports what this kernel can do'],
  ])('that the kernel refuses are an error: %j', (failure, message) => {
    expect(failing(failure)).toThrow(
      expect.objectContaining({
        code: 'ERR_SECCOMP_ATTACH',
        message: expect.stringContaining(message),
        cause: expect.objectContaining({ errno: -failure.error, syscall: 'seccomp' }),
      }),
    );
  });

  test.each([
    [ENOSYS, 'seccomp'],
    [EINVAL, 'prctl'],
  ])('of a kernel that has none are unsupported: errno %i of %s', (error, call) => {
    expect(failing({ error, call })).toThrow(expect.objectContaining({ code: 'ERR_SECCOMP_UNSUPPORTED' }));
  });

  test('that a thread can’t get are an error with the number and the name of the thread', () => {
    const failure = failing({ error: ESRCH, call: 'seccomp', thread: 77 });
    const read = spyOnBuiltin(fs, 'readFileSync').mockReset().mockReturnValue('a thread\n');
    expect(failure).toThrow(
      'the filter was not attached to any thread: thread 77 ("a thread") has a filter that the calling thread does not have; harden',
    );
    expect(read.mock.calls).toEqual([['/proc/self/task/77/comm', 'utf8']]);
    read.mockImplementation(() => expect.fail('has ended'));
    expect(failure).toThrow('to any thread: thread 77 has a filter');
  });
});

describe('the state of this thread', () => {
  test.each<[string, ReadonlyMap<string, string>, object]>([
    [
      'has the filters and no_new_privs',
      new Map([
        ['NoNewPrivs', '1'],
        ['Seccomp_filters', '3'],
      ]),
      { noNewPrivileges: true, filters: 3 },
    ],
    [
      'without these',
      new Map([
        ['NoNewPrivs', '0'],
        ['Seccomp_filters', '0'],
      ]),
      { noNewPrivileges: false, filters: 0 },
    ],
    ['on a kernel that does not count', new Map([['NoNewPrivs', '0']]), { noNewPrivileges: false, filters: null }],
  ])('%s', (_, fields, expected) => {
    const read = vi
      .spyOn(status, 'readStatus')
      .mockReset()
      .mockReturnValue(fields as never);
    expect(threadState()).toEqual(expected);
    expect(read.mock.calls).toEqual([['thread-self']]);
  });

  test('is unknown without /proc', () => {
    vi.spyOn(status, 'readStatus').mockImplementation(() => expect.fail('no /proc'));
    expect(threadState()).toEqual({ noNewPrivileges: null, filters: null });
  });
});
