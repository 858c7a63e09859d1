/** Systems on which this package cannot start programs under a profile. */

/** Runtimes with Node's API that lack functions of libuv which the addon calls, by their names in `process.versions`. */
const RUNTIMES_WITHOUT_LIBUV: ReadonlyMap<string, string> = new Map([
  ['bun', 'Bun'],
  ['deno', 'Deno'],
]);

/**
 * Why no addon of this package can work in this process: another operating system than Linux, or another runtime than
 * Node. Undefined if nothing is known against it.
 */
export function unsupportedReason(): string | undefined {
  const { platform, versions } = process;
  if (platform !== 'linux') return `seccomp is a part of Linux and this is ${platform}`;
  for (const [key, name] of RUNTIMES_WITHOUT_LIBUV)
    if (Object.hasOwn(versions, key))
      return `seccomp's addon needs Node.js, as it calls functions of libuv, and this is ${name} ${versions[key]}`;
  return undefined;
}
