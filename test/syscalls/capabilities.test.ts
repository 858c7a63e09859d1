/** Capabilities by name, and as the sets of the kernel. */
import { expect, test } from 'vitest';
import { CAPABILITIES, capabilitiesIn, capabilityBits } from '../../lib/syscalls/capabilities.js';

test.each([
  ['0000000000000000', []],
  ['0000000000000001', ['CAP_CHOWN']],
  ['0000000000200000', ['CAP_SYS_ADMIN']],
  ['0000010000000000', ['CAP_CHECKPOINT_RESTORE']],
  ['000001ffffffffff', CAPABILITIES],
  ['ffffffffffffffff', CAPABILITIES], // A newer kernel may have more.
])('the set %s of /proc/PID/status has %j', (set, names) => {
  expect(capabilitiesIn(set)).toEqual(names);
});

test('a set has the bit of each capability, by the numbers of linux/capability.h', () => {
  expect(capabilityBits([])).toBe(0n);
  expect(capabilityBits(['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_BPF', 'CAP_CHOWN'])).toBe(1n | (1n << 21n) | (1n << 39n));
  expect(capabilityBits(CAPABILITIES)).toBe((1n << 41n) - 1n);
});
