/** The built-in profiles against Docker's and Podman's own, with each capability on each ABI. test/profile/builtin has some. */
import { describe, test } from 'vitest';
import { loadProfile, parseProfile } from '../../lib/profile/source.js';
import { ABIS } from '../../lib/syscalls/abi.js';
import { includedProfile } from '../support/corpus.js';
import { expectSame } from '../support/policies.js';

describe.each([
  ['docker-default', 'moby__profiles__seccomp__default.json'],
  ['podman-default', 'containers__container-libs__common__pkg__seccomp__seccomp.json'],
])('%s', (name, file) => {
  const theirs = parseProfile(includedProfile(file), { mode: 'compat' });
  test.each([...ABIS.keys()])('decides every call as its origin does if %s is native', (abi) => {
    expectSame(abi, loadProfile(name), theirs, 1);
  });
});
