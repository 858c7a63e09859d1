/** Boots real kernels of other CPUs, and an older one of this kind, under qemu-system, with nothing on them but an init of ours that runs jobs. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AbiName } from '../../lib/syscalls/abi.js';

/** A machine that qemu makes, and the compilers for what runs on it. */
export interface Machine {
  /** Debian's name of the architecture. */
  readonly name: 'arm64' | 'riscv64' | 'amd64';
  /** The ABIs that its kernel answers, the native one first. */
  readonly abis: readonly [AbiName, ...AbiName[]];
  readonly compilers: ReadonlyMap<AbiName, string>;
  readonly qemu: string;
  readonly options: readonly string[];
  readonly console: string;
  /** What its kernel is told besides. Source: Documentation/admin-guide/kernel-parameters.txt. */
  readonly parameters?: string;
}

/** A Cortex-A57 runs 32-bit programs too. */
export const ARM64: Machine = {
  name: 'arm64',
  abis: ['aarch64', 'arm'],
  compilers: new Map([
    ['aarch64', 'aarch64-linux-gnu-gcc'],
    ['arm', 'arm-linux-gnueabihf-gcc'],
  ]),
  qemu: 'qemu-system-aarch64',
  options: ['-machine', 'virt', '-accel', 'tcg', '-cpu', 'cortex-a57'],
  console: 'ttyAMA0',
};

export const RISCV64: Machine = {
  name: 'riscv64',
  abis: ['riscv64'],
  compilers: new Map([['riscv64', 'riscv64-linux-gnu-gcc']]),
  qemu: 'qemu-system-riscv64',
  options: ['-machine', 'virt', '-accel', 'tcg', '-cpu', 'max'],
  console: 'ttyS0',
};

/** One compiler for all: a 64-bit program makes the calls of x86 and x32 too. Debian's kernels know x32 when told to. */
export const AMD64: Machine = {
  name: 'amd64',
  abis: ['x86_64', 'x86', 'x32'],
  compilers: new Map((['x86_64', 'x86', 'x32'] as const).map((abi) => [abi, 'x86_64-linux-gnu-gcc'])),
  qemu: 'qemu-system-x86_64',
  options: ['-machine', 'pc', '-accel', 'tcg', '-cpu', 'max'],
  console: 'ttyS0',
  parameters: 'syscall.x32=y',
};

/** Where scripts/arch-test.sh keeps what it fetched and built, and the architectures that it is asked for. */
const KEPT = process.env['SECCOMP_TEST_KERNELS'];
const ASKED = process.env['SECCOMP_TEST_ARCHITECTURES']?.split(' ');

/** What is kept for the machine: `vmlinuz`, `release`; but for riscv64 also `node/` and `package/`, this package built for it. */
export function keptFor({ name }: Machine): string {
  return join(KEPT ?? '', name);
}

/** Why the machine can't be booted; undefined if it can. */
export function obstacleTo(machine: Machine): string | undefined {
  if (KEPT === undefined) return '`npm run test:arch` boots it';
  if (ASKED !== undefined && !ASKED.includes(machine.name)) return 'SECCOMP_TEST_ARCHITECTURES leaves it out';
  return existsSync(kernelOf(machine).image) ? undefined : `no kernel in ${keptFor(machine)}`;
}

/** The kernel's file, and its release with where that comes from. */
export function kernelOf(machine: Machine): { readonly image: string; readonly release: string } {
  const release = join(keptFor(machine), 'release');
  return {
    image: join(keptFor(machine), 'vmlinuz'),
    release: existsSync(release) ? readFileSync(release, 'utf8').trim() : 'of unknown release',
  };
}

/** One run of a program in the guest. */
export interface Job {
  /** Its file in the guest's /bin. */
  readonly program: string;
  readonly input: Uint8Array | string;
}

/** Paths in the guest, and the files or folders of this machine that come there. */
export type Files = ReadonlyMap<string, string>;

/** The longest life of a guest, which needs half a minute alone on a machine. */
export const PATIENCE_MS = 600_000;

/**
 * Boots the machine, its kernel told `parameters` besides, runs the jobs one after the other, and gives what each wrote to its
 * standard output.
 * @throws Error with the guest's console if a job fails, or the guest ends before all are done.
 */
export async function runJobs(
  machine: Machine,
  files: Files,
  jobs: readonly Job[],
  parameters = '',
): Promise<readonly Buffer[]> {
  const directory = mkdtempSync(join(tmpdir(), `seccomp-${machine.name}-`));
  try {
    const memory = join(directory, 'initrd');
    const answers = join(directory, 'answers');
    writeFileSync(memory, initrd(machine, files, jobs, join(directory, 'root')));
    const { stdout: console } = await promisify(execFile)(machine.qemu, options(machine, memory, answers, parameters), {
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 24,
    });
    return outputs(machine, readFileSync(answers), jobs, console);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function options(machine: Machine, memory: string, answers: string, parameters: string): readonly string[] {
  return [
    ...machine.options,
    ...['-m', '1024', '-nic', 'none', '-nographic', '-no-reboot'],
    ...['-kernel', kernelOf(machine).image, '-initrd', memory],
    ...['-append', `console=${machine.console} panic=-1 quiet ${machine.parameters ?? ''} ${parameters}`],
    ...['-device', 'virtio-serial-pci', '-chardev', `file,id=answers,path=${answers}`],
    ...['-device', 'virtserialport,chardev=answers'],
  ];
}

/** What the kernel unpacks as its first root. Source: Documentation/driver-api/early-userspace/buffer-format.rst. */
function initrd(machine: Machine, files: Files, jobs: readonly Job[], root: string): Buffer {
  for (const folder of ['bin', 'dev', 'jobs', 'proc', 'tmp']) mkdirSync(join(root, folder), { recursive: true });
  crossCompile(machine, machine.abis[0], fileURLToPath(new URL('init.c', import.meta.url)), join(root, 'init'));
  const modules = join(keptFor(machine), 'modules');
  if (existsSync(modules)) cpSync(modules, join(root, 'modules'), { recursive: true });
  for (const [to, from] of files) cpSync(from, join(root, to), { recursive: true, dereference: true });
  for (const [i, { program, input }] of jobs.entries()) {
    writeFileSync(join(root, 'jobs', `${String(i).padStart(4, '0')}.${program}`), input);
  }
  return execFileSync('sh', ['-c', 'find . | cpio --quiet --create --format=newc'], { cwd: root, maxBuffer: 1 << 30 });
}

/** Builds a static program for an ABI of the machine. */
export function crossCompile(machine: Machine, abi: AbiName, source: string, program: string): void {
  execFileSync(compilerFor(machine, abi), ['-static', '-O1', '-Wall', '-Wextra', '-o', program, source]);
}

/** The C compiler for an ABI of the machine. */
export function compilerFor({ name, compilers }: Machine, abi: AbiName): string {
  const compiler = compilers.get(abi);
  if (compiler === undefined) throw new RangeError(`no compiler for ${abi} on ${name}`);
  return compiler;
}

/** Takes apart what init wrote to the port: init.c has the form. */
function outputs({ name }: Machine, answers: Buffer, jobs: readonly Job[], console: string): readonly Buffer[] {
  const fail = (i: number, what: string) => {
    throw new Error(`${name}: job ${i + 1} of ${jobs.length}, ${jobs[i]?.program}: ${what}. Its console:\n${console}`);
  };
  let at = 0;
  return jobs.map((_, i) => {
    if (answers.length < at + 8) fail(i, 'the guest ended before it');
    const status = answers.readUInt32LE(at);
    const end = at + 8 + answers.readUInt32LE(at + 4);
    if (status !== 0) fail(i, `ended with wait status ${status}`);
    if (answers.length < end) fail(i, 'the guest ended in it');
    const output = answers.subarray(at + 8, end);
    at = end;
    return output;
  });
}
