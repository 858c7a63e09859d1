/** Versions of the Linux kernel, compared by their first two numbers. */

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

/** A version above every kernel's: that of systems other than Linux. */
export const ABOVE_EVERY_KERNEL: KernelVersion = { major: 255, minor: 255 };

/** Reads a version such as `6.12`, or a release such as `6.12.8-arch1`. Missing numbers are 0. */
export function parseKernelVersion(text: string): KernelVersion {
  const [, major = '0', minor = '0'] = /^(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return { major: Number(major), minor: Number(minor) };
}

/**
 * Compares two versions for a sort: negative if `a` is older than `b`, positive if it is newer, 0 if they are equal.
 */
export function compareKernelVersions(a: KernelVersion, b: KernelVersion): number {
  return a.major - b.major || a.minor - b.minor;
}
