/** Only compiled. The configuration of Vitest names `seccomp/testing/vitest`, and that of TypeScript its types. */
import { expect, test } from 'vitest';

test('has typed matchers', async () => {
  expect('docker-default').toDenySyscall('mount', { errno: 'EPERM' });
  await expect(['true']).toRunUnder('docker-default');
  // @ts-expect-error not the name of a syscall
  expect('docker-default').toDenySyscall('muont');
});
