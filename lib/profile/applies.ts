/** The host that a profile is resolved against, and which rules count there. */
import { type AbiName, abiOf } from '../syscalls/abi.js';
import type { Rule } from './document.js';
import type { ProfileFormat } from './options.js';

/** What a profile is resolved against. */
export interface Host {
  /** The native ABI. */
  readonly abi: AbiName;
  /** Kernel version, the two numbers that `minKernel` compares. */
  readonly kernel: { readonly major: number; readonly minor: number };
  /** Capabilities that the process holds, `CAP_…`. */
  readonly capabilities: ReadonlySet<string>;
  /** ABIs to decide, instead of those that the profile names. The native one always is. */
  readonly abis?: readonly AbiName[];
}

/**
 * Whether a rule counts. Excludes first: any hit drops the rule. Then includes: all must hold. The OCI runtime
 * specification has neither, and Podman no minKernel: they do not count there.
 * Source: moby/profiles, seccomp_linux.go; containers/common, pkg/seccomp.
 */
export function applies({ includes, excludes }: Rule, host: Host, format: ProfileFormat): boolean {
  if (format === 'oci') return true;
  const arch = abiOf(host.abi).docker;
  const reaches = (version: string | null | undefined) => format !== 'podman' && version && isAtLeast(host, version);
  const lacks = (version: string | null | undefined) => format !== 'podman' && version && !isAtLeast(host, version);
  if (excludes) {
    if (excludes.arches?.includes(arch)) return false;
    if (excludes.caps?.some((name) => host.capabilities.has(name))) return false;
    if (reaches(excludes.minKernel)) return false;
  }
  if (includes) {
    if (includes.arches?.length && !includes.arches.includes(arch)) return false;
    if (!(includes.caps ?? []).every((name) => host.capabilities.has(name))) return false;
    if (lacks(includes.minKernel)) return false;
  }
  return true;
}

function isAtLeast({ kernel }: Host, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}
