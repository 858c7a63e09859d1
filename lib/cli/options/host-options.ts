/** The options for the host that a profile is resolved for. */
import type { Command } from 'commander';
import { MACHINES, machineFor, thisHost, thisKernel, thisMachine } from '../../host.js';
import type { AbiName, Host } from '../../index.js';
import { readOptions } from '../../sandbox/options/table.js';
import { quoted } from '../../util/foreign-text.js';
import { type KernelVersion, parseKernelVersion } from '../../util/kernel-version.js';
import { suggest } from '../../util/suggest.js';
import { several } from './repeated-options.js';

export interface HostFlags {
  readonly host?: string;
  readonly kernel?: string;
  readonly capability?: readonly string[];
}

/** Adds the options to a command. */
export function withHostOptions(command: Command): Command {
  return command
    .option(
      '--host <machine>',
      'resolve the profile for this machine: x64, arm64, riscv64, s390x, …; default: this one',
    )
    .option('--kernel <version>', 'resolve the profile for this version of Linux, such as 5.10; default: this one')
    .option('--capability <name>', 'resolve the profile for a process with this capability; may be repeated', several);
}

/** A host, and where it comes from. */
export interface NamedHost {
  readonly host: Host;
  /** Whether it is another machine or kernel than this one. */
  readonly isOther: boolean;
  /** Whether flags name the machine or the kernel. */
  readonly isNamed: boolean;
}

/**
 * Returns the host of the flags, which are checked. Without `--host`, an ABI that this machine does not run names a machine
 * that runs it.
 *
 * @param abi - The ABI of the calls; undefined for the native one.
 */
export function hostIn({ host, kernel, capability = [] }: HostFlags, abi?: AbiName): NamedHost {
  readOptions('probe', { capabilities: capability, ...(abi !== undefined && { abis: [abi] }) });
  const native = host === undefined ? (abi === undefined ? thisHost().abi : machineFor(abi)) : readMachine(host);
  const version = kernel === undefined ? thisKernel() : readVersion(kernel);
  const isNamed = host !== undefined || kernel !== undefined;
  const isOther = isNamed || native !== thisMachine();
  return { host: { abi: native, kernel: version, capabilities: new Set(capability) }, isOther, isNamed };
}

function readMachine(name: string): AbiName {
  const machine = MACHINES.get(name);
  if (machine !== undefined) return machine;
  const known = [...MACHINES.keys()];
  throw new Error(
    `--host: unknown machine ${quoted(name)}${suggest(name, known)}: give a name such as x64, arm64 or riscv64`,
  );
}

function readVersion(text: string): KernelVersion {
  if (/^\d{1,9}\.\d{1,9}(?!\d)/.test(text)) return parseKernelVersion(text);
  throw new Error(`--kernel: must be a version such as 5.10, not ${quoted(text)}`);
}
