/**
 * Boots real kernels of other CPUs, and an older kernel for this one, under qemu-system. The only process of the guest
 * is test/arch/init.c, which runs jobs.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AbiName } from '../../lib/syscalls/abi.js';

/** A machine that qemu emulates, and the compilers for its programs. */
export interface Machine {
  /** Debian's name for the architecture. */
  readonly name: 'arm64' | 'riscv64' | 'amd64';
  /** The ABIs that its kernel supports, the native one first. */
  readonly abis: readonly [AbiName, ...AbiName[]];
  readonly compilers: ReadonlyMap<AbiName, string>;
  readonly qemu: string;
  readonly options: readonly string[];
  readonly console: string;
  /** Additional kernel parameters. Source: Documentation/admin-guide/kernel-parameters.txt. */
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

/**
 * One compiler for all ABIs: a 64-bit program can make the calls of x86 and x32 too. Debian's kernels need a parameter
 * for x32.
 */
export const AMD64: Machine = {
  name: 'amd64',
  abis: ['x86_64', 'x86', 'x32'],
  compilers: new Map((['x86_64', 'x86', 'x32'] as const).map((abi) => [abi, 'x86_64-linux-gnu-gcc'])),
  qemu: 'qemu-system-x86_64',
  options: ['-machine', 'pc', '-accel', 'tcg', '-cpu', 'max'],
  console: 'ttyS0',
  parameters: 'syscall.x32=y',
};

/** The directory for downloads and builds of scripts/arch-test.sh, and the architectures to test. */
const KEPT = process.env['SECCOMP_TEST_KERNELS'];
const ASKED = process.env['SECCOMP_TEST_ARCHITECTURES']?.split(' ');

/**
 * The directory of the machine: `vmlinuz`, `release`, and `package/`, this package built for it; except for riscv64
 * also `node/`.
 */
export function keptFor({ name }: Machine): string {
  return join(KEPT ?? '', name);
}

/** The reason why the machine can't be booted; undefined if it can. */
export function obstacleTo(machine: Machine): string | undefined {
  if (KEPT === undefined) return '`npm run test:arch` boots it';
  if (ASKED !== undefined && !ASKED.includes(machine.name)) return 'SECCOMP_TEST_ARCHITECTURES leaves it out';
  return existsSync(kernelOf(machine).image) ? undefined : `no kernel in ${keptFor(machine)}`;
}

/** The kernel's file, and its release with the source of the package. */
export function kernelOf(machine: Machine): { readonly image: string; readonly release: string } {
  const release = join(keptFor(machine), 'release');
  return {
    image: join(keptFor(machine), 'vmlinuz'),
    release: existsSync(release) ? readFileSync(release, 'utf8').trim() : 'of unknown release',
  };
}

/** One run of a program in the guest. */
export interface Job {
  /** The program's file name in the guest's /bin. */
  readonly program: string;
  readonly input: Uint8Array | string;
}

/** Paths in the guest, and the files or folders of this machine to copy there. */
export type Files = ReadonlyMap<string, string>;

/** Timeout for a guest, which needs half a minute on an idle machine. */
export const PATIENCE_MS = 600_000;

/**
 * Boots the machine with additional kernel `parameters`, runs the jobs one after the other, and returns the standard
 * output of each.
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
    ...['-device', 'virtserialport,chardev=answers,name=answers'], // init.c waits for the name.
  ];
}

/** Makes the initramfs. Source: Documentation/driver-api/early-userspace/buffer-format.rst. */
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

/** Parses the output of init.c on the port, which describes its format. */
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
