/** The host that a profile is resolved against, and which rules count there. */
import { SeccompError } from '../errors.js';
import { ABIS, type AbiName, abiOf } from '../syscalls/abi.js';
import { copyFields, copyList, type Path, type Refuse } from '../util/own-data.js';
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
  readonly abis?: readonly AbiName[] | undefined;
}

/**
 * A copy of a host that a caller gave.
 * @throws SeccompError ERR_SECCOMP_OPTION for what is none.
 */
export function readHost(host: unknown): Host {
  const refuse = (path: Path, problem: string) => {
    const message = `${['host', ...path].join('.')}: ${problem}; a host is { abi, kernel: { major, minor }, capabilities }`;
    throw new SeccompError('ERR_SECCOMP_OPTION', message);
  };
  if (typeof host !== 'object' || host === null) return refuse([], 'must be an object');
  const { abi, kernel, capabilities, abis }: Partial<Host> = copyFields(host, refuse);
  if (abi === undefined || !ABIS.has(abi)) return refuse(['abi'], `no ABI is called ${String(abi)}`);
  if (typeof kernel !== 'object' || kernel === null) return refuse(['kernel'], 'must be { major, minor }');
  const { major, minor }: Partial<Host['kernel']> = copyFields(kernel, refuse);
  if (typeof major !== 'number' || typeof minor !== 'number') return refuse(['kernel'], 'must be { major, minor }');
  if (!(capabilities instanceof Set)) return refuse(['capabilities'], 'must be a Set of names');
  const others =
    abis === undefined ? undefined : copyList(abis, ABIS.size, refuse).map((name) => abiNamed(name, refuse));
  return { abi, kernel: { major, minor }, capabilities: new Set(capabilities), abis: others };
}

function abiNamed(name: unknown, refuse: Refuse): AbiName {
  const abi = [...ABIS.keys()].find((each) => each === name);
  return abi ?? refuse(['abis'], `no ABI is called ${String(name)}`);
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
