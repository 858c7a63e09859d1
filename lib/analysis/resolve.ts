/** resolve() and thisHost(): the policy of a profile, and the host that profiles are resolved for by default. */
import { thisHost as hostWith } from '../host.js';
import type { Policy } from '../policy/policy.js';
import { refuseAnyOption } from '../profile/document/options.js';
import { readHost } from '../profile/resolve/host-match.js';
import { type Host, resolve as resolveOn } from '../profile/resolve/resolve.js';
import { loadProfile, type ProfileSource } from '../profile/source.js';

/**
 * Returns the policy of a profile on a host: for each ABI, the decisions on each syscall number. A policy can be
 * evaluated, compared with others, combined and compiled.
 *
 * @param source - As for `loadProfile`. The policy of `unconfined` allows every call of every ABI.
 * @param host - The machine and the capabilities of the process; it need not be this machine. `kernel` has the first
 * two numbers of the kernel version. Default: `thisHost()`, which has no capabilities.
 * @returns The policy.
 * @throws {ProfileError} if the profile is not valid, or has errors that only show on this host, such as rules that
 * contradict each other.
 * @throws {SeccompError} ERR_SECCOMP_BUILTIN, ERR_SECCOMP_FILE or ERR_SECCOMP_OPTION as `loadProfile`.
 * @throws {TypeError | RangeError} if `host` is not a host.
 * @example
 * import { Profile, resolve } from 'seccomp';
 *
 * const profile = Profile.allowlist().allow('read', 'write', 'exit_group');
 * const policy = resolve(profile, {
 *   abi: 'aarch64',
 *   kernel: { major: 6, minor: 12 },
 *   capabilities: new Set(['CAP_SYS_TIME']),
 * });
 *
 * for (const { abi, syscalls } of policy.abis) console.log(abi.name, syscalls.size); // aarch64 3
 */
export function resolve(source: ProfileSource, host: Host = hostWith()): Policy {
  return resolveOn(loadProfile(source), readHost(host));
}

/**
 * Returns this machine as a host: its native ABI, its kernel version, and no capabilities. It is the default host of
 * `resolve`, `compile`, `explain`, `compare`, `intersect` and `union`. Outside Linux, the kernel version is 255.255, which
 * every `minKernel` accepts.
 *
 * @returns The host.
 * @throws {SeccompError} ERR_SECCOMP_UNSUPPORTED if this package has no syscall table for the CPU. Functions that take a
 * host work there with one that is given.
 * @example
 * import { resolve, thisHost } from 'seccomp';
 *
 * const policy = resolve('docker-default', { ...thisHost(), capabilities: new Set(['CAP_SYS_ADMIN']) });
 * console.log(policy.abis[0].abi.name);
 */
export function thisHost(options?: undefined): Host {
  refuseAnyOption(options, 'thisHost', 'change the properties of the host that it returns');
  const { abi, kernel, capabilities } = hostWith();
  return { abi, kernel, capabilities };
}
