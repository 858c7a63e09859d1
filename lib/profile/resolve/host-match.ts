/** The host that a profile is resolved for, and the rules that apply there. */

import { refuseIn } from '../../errors.js';
import { ABIS, type AbiName, abiOf, findAbi } from '../../syscalls/abi.js';
import { CAPABILITIES } from '../../syscalls/capabilities.js';
import { ABOVE_EVERY_KERNEL, compareKernelVersions, parseKernelVersion } from '../../util/kernel-version.js';
import { copyFields, copyList, type Fields, numberProblem, type Path, type Refuse } from '../../util/own-data.js';
import { suggest } from '../../util/suggest.js';
import type { Rule } from '../document/types.js';
import { shown } from '../json/value.js';

/** The facts that a profile is resolved for: a machine, and the capabilities of a process. */
export interface Host {
  /** The native ABI. */
  readonly abi: AbiName;
  /** The kernel version, which `minKernel` is compared with. */
  readonly kernel: { readonly major: number; readonly minor: number };
  /** The capabilities that the process holds, as `CAP_…`. */
  readonly capabilities: ReadonlySet<string>;
  /** ABIs to cover in place of those that the profile lists. The native one is always covered. */
  readonly abis?: readonly AbiName[] | undefined;
}

/** The native ABIs of machines on which profiles are used. */
const NATIVE_ABIS = ['x86_64', 'aarch64', 'riscv64', 'ppc64le', 's390x', 'loongarch64'] as const;

/** Hosts of which each rule of a profile has one that it applies to, and one that it does not, if it has conditions. */
export function* eachHost(): Generator<Host> {
  for (const abi of NATIVE_ABIS)
    for (const kernel of [ABOVE_EVERY_KERNEL, BELOW_EVERY_KERNEL])
      for (const capabilities of [new Set<string>(), new Set(CAPABILITIES)]) yield { abi, kernel, capabilities };
}

const BELOW_EVERY_KERNEL = { major: 0, minor: 0 };

/**
 * Copies a host that a caller gives.
 * @throws {TypeError | RangeError} if the value is not a host.
 */
export function readHost(host: unknown): Host {
  const refuse = refuseIn('host', 'a host is { abi, kernel: { major, minor }, capabilities }');
  const at =
    (...place: Path): Refuse =>
    (path, problem, kind) =>
      refuse([...place, ...path], problem, kind);
  const { abi, kernel, capabilities, abis, ...others } = fieldsOf(host, at());
  for (const name of Object.keys(others)) refuse([name], 'is unknown');
  const { major, minor, ...more } = fieldsOf(kernel, at('kernel'));
  for (const name of Object.keys(more)) refuse(['kernel', name], 'is unknown');
  return {
    abi: readAbi(abi, at('abi')),
    kernel: { major: versionNumber(major, at('kernel', 'major')), minor: versionNumber(minor, at('kernel', 'minor')) },
    capabilities: readCapabilities(capabilities, at('capabilities')),
    abis: abis === undefined ? undefined : readAbis(abis, at('abis')),
  };
}

function fieldsOf(value: unknown, refuse: Refuse): Fields {
  if (typeof value !== 'object' || value === null) return refuse([], 'must be an object', 'type');
  return copyFields(value, refuse);
}

function versionNumber(value: unknown, refuse: Refuse): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse([], 'must be an integer of at least 0', numberProblem(value));
}

function readCapabilities(value: unknown, refuse: Refuse): ReadonlySet<string> {
  if (!(value instanceof Set)) return refuse([], 'must be a Set of names', 'type');
  const names = new Set<string>();
  // The prototype's forEach, as the set may have an iterator of the caller's.
  Reflect.apply(Set.prototype.forEach, value, [
    (name: unknown) => {
      const known = CAPABILITIES.find((each) => each === name);
      names.add(known ?? refuse([], `unknown capability ${shown(name)}${suggest(name, CAPABILITIES)}`));
    },
  ]);
  return names;
}

function readAbis(value: unknown, refuse: Refuse): readonly AbiName[] {
  if (typeof value !== 'object' || value === null) return refuse([], 'must be an array of ABIs', 'type');
  return copyList(value, ABIS.size, refuse).map((name) => readAbi(name, refuse));
}

function readAbi(name: unknown, refuse: Refuse): AbiName {
  return (
    findAbi(name)?.name ??
    refuse(
      [],
      `unknown ABI ${shown(name)}${suggest(name, [...ABIS.keys()])}`,
      typeof name === 'string' ? 'value' : 'type',
    )
  );
}

/**
 * Whether a rule applies to a host: no condition of `excludes` holds, and all of `includes` do. A document whose format
 * has no such conditions was read without them.
 * Source: moby/profiles, seccomp_linux.go; containers/common, pkg/seccomp.
 */
export function ruleApplies({ includes, excludes }: Rule, host: Host): boolean {
  const arch = abiOf(host.abi).docker;
  const reaches = (version: string | null | undefined) => version && isAtLeast(host, version);
  const lacks = (version: string | null | undefined) => version && !isAtLeast(host, version);
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
  return compareKernelVersions(kernel, parseKernelVersion(version)) >= 0;
}
