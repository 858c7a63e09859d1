/** The machines that Node runs on, with this package built for them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { AMD64, ARM64, compilerFor, type Files, keptFor, type Machine, obstacleTo } from './guest.js';

/** The programs that make calls, by ABI. */
type Probes = readonly { readonly abi: AbiName; readonly probe: string }[];

/** A machine with Node, its programs, and the libraries of the programs and of Node. */
export interface Subject {
  readonly machine: Machine;
  readonly probes: Probes;
  readonly loader: string;
}

export const SUBJECTS: readonly Subject[] = [
  {
    machine: ARM64,
    probes: [
      { abi: 'aarch64', probe: 'probe' },
      { abi: 'arm', probe: 'probe-arm' },
    ],
    loader: 'lib/ld-linux-aarch64.so.1',
  },
  {
    machine: AMD64,
    probes: AMD64.abis.map((abi) => ({ abi, probe: 'probe' })),
    loader: 'lib64/ld-linux-x86-64.so.2',
  },
];

/** The reason why the package can't be run there; undefined if it can. */
export function obstacleToPackage({ machine }: Subject): string | undefined {
  const built = join(keptFor(machine), 'package');
  return obstacleTo(machine) ?? (existsSync(built) ? undefined : `nothing was built in ${built}`);
}

/** Node, this package, and the libraries of both. */
export function packageFor(subject: Subject): Files {
  const kept = keptFor(subject.machine);
  return new Map([
    ['bin/node', join(kept, 'node/bin/node')],
    ['seccomp', join(kept, 'package')],
    ...libraries(subject),
  ]);
}

/** The libraries of Node and of the addon, from the cross compiler. */
function libraries({ machine, loader }: Subject): Files {
  const names = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libgcc_s.so.1', 'libstdc++.so.6'];
  const compiler = compilerFor(machine, machine.abis[0]);
  const pathOf = (name: string) => execFileSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  return new Map([
    [loader, pathOf(basename(loader))],
    ...[...names, 'libatomic.so.1'].map((name) => [`lib/${name}`, pathOf(name)] as const),
  ]);
}
