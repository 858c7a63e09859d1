/**
 * Boots real kernels of other CPUs, and other kernels for this one, under qemu-system. The first process of the guest is
 * test/arch/init.c, which runs jobs in a system with the folders and users of a distribution, and busybox.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AbiName } from '../../lib/syscalls/abi.js';
import { compilerFor, keptFor, kernelOf, type Machine } from './machines.js';

/** One run of a program in the guest. */
export interface Job {
  /** The program's absolute path in the guest, and its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly input?: Uint8Array | string;
  /** The user and group ID. Default: that of root. */
  readonly user?: number;
}

/** Absolute paths in the guest, and the files or folders of this machine to copy there. */
export type Files = ReadonlyMap<string, string>;

/** What a guest has beside its jobs. */
export interface GuestOptions {
  /** Default: none. */
  readonly files?: Files;
  /** C programs to build: their absolute paths in the guest, sources, and ABIs. Default: none, and the native ABI. */
  readonly programs?: ReadonlyMap<string, { readonly source: URL; readonly abi?: AbiName }>;
  /** Additional kernel parameters. Default: none. */
  readonly parameters?: string;
}

/** The ordinary user of a guest, and the home directory, which the user owns; with /tmp, the only one. */
export const USER = 1000;
export const HOME = '/home/user';

/** Timeout for a guest, which needs half a minute on an idle machine. */
export const PATIENCE_MS = 600_000;

/** Folders of every guest, and symbolic links as in Debian. */
const FOLDERS = [
  ...['dev', 'etc', 'home', 'mnt', 'opt', 'proc', 'root', 'run', 'srv', 'sys', 'tmp'],
  ...['usr/bin', 'usr/lib', 'usr/lib64', 'usr/share', 'var/lib', 'var/tmp'],
];
const LINKS = ['bin', 'lib', 'lib64'];

/** The programs of busybox in every guest. */
const PROGRAMS = [
  ...[
    'sh',
    'cat',
    'chmod',
    'cp',
    'dd',
    'echo',
    'env',
    'find',
    'grep',
    'head',
    'id',
    'ln',
    'ls',
    'mkdir',
    'mkfifo',
    'mknod',
  ],
  ...[
    'mount',
    'mv',
    'pivot_root',
    'pwd',
    'readlink',
    'rm',
    'rmdir',
    'sed',
    'stat',
    'tail',
    'touch',
    'true',
    'truncate',
  ],
  ...['umount', 'unshare', 'wc'],
];

const ETC = {
  passwd: `root:x:0:0:root:/root:/bin/sh\nuser:x:${USER}:${USER}:user:${HOME}:/bin/sh\n`,
  group: `root:x:0:\nuser:x:${USER}:\n`,
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
};

/**
 * Boots the machine, runs the jobs one after the other, and returns the standard output of each.
 * @throws Error with the guest's console if a job fails, or the guest ends before all are done.
 */
export async function runJobs(
  machine: Machine,
  jobs: readonly Job[],
  options: GuestOptions = {},
): Promise<readonly Buffer[]> {
  const directory = mkdtempSync(join(tmpdir(), `seccomp-${machine.name}-`));
  try {
    const memory = join(directory, 'initrd');
    const answers = join(directory, 'answers');
    writeFileSync(memory, initrd(machine, jobs, options, join(directory, 'root')));
    const args = qemuArguments(machine, memory, answers, options.parameters);
    const { stdout: console } = await promisify(execFile)(machine.qemu, args, {
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 24,
    });
    return outputs(machine, readFileSync(answers), jobs, console);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function qemuArguments(machine: Machine, memory: string, answers: string, parameters = ''): readonly string[] {
  return [
    ...machine.options,
    ...['-m', '1024', '-nic', 'none', '-nographic', '-no-reboot'],
    ...['-kernel', kernelOf(machine).image, '-initrd', memory],
    ...['-append', `${machine.parameters} panic=-1 quiet ${parameters}`],
    ...['-device', 'virtio-serial-pci', '-chardev', `file,id=answers,path=${answers}`],
    ...['-device', 'virtserialport,chardev=answers,name=answers'], // init.c waits for the name.
  ];
}

/** Makes the initramfs that init.c describes. Source: Documentation/driver-api/early-userspace/buffer-format.rst. */
function initrd(machine: Machine, jobs: readonly Job[], options: GuestOptions, root: string): Buffer {
  makeSystem(machine, options, join(root, 'system'));
  crossCompile(machine, machine.abis[0], new URL('init.c', import.meta.url), join(root, 'init'));
  cpSync(join(keptFor(machine), 'modules'), join(root, 'modules'), { recursive: true });
  for (const [i, { command, input = '', user = 0 }] of jobs.entries()) {
    const job = join(root, 'jobs', String(i).padStart(4, '0'));
    mkdirSync(job, { recursive: true });
    writeFileSync(join(job, 'command'), command.map((argument) => `${argument}\0`).join(''));
    writeFileSync(join(job, 'input'), input);
    writeFileSync(join(job, 'user'), String(user));
  }
  const cpio = 'find . | cpio --quiet --create --format=newc --owner=0:0';
  return execFileSync('sh', ['-c', cpio], { cwd: root, maxBuffer: 1 << 30 });
}

function makeSystem(machine: Machine, { files = new Map(), programs = new Map() }: GuestOptions, system: string): void {
  for (const folder of FOLDERS) mkdirSync(join(system, folder), { recursive: true });
  for (const link of LINKS) symlinkSync(`usr/${link}`, join(system, link));
  for (const [name, content] of Object.entries(ETC)) writeFileSync(join(system, 'etc', name), content);
  cpSync(join(keptFor(machine), 'busybox'), join(system, 'bin/busybox'));
  for (const program of PROGRAMS) symlinkSync('busybox', join(system, 'bin', program));
  for (const [to, from] of files) cpSync(from, join(system, to), { recursive: true, dereference: true });
  for (const [to, { source, abi = machine.abis[0] }] of programs) {
    crossCompile(machine, abi, source, join(system, to));
  }
}

/** Builds a static program for an ABI of the machine. */
export function crossCompile(machine: Machine, abi: AbiName, source: URL, program: string): void {
  execFileSync(compilerFor(machine, abi), ['-static', '-O1', '-Wall', '-Wextra', '-o', program, fileURLToPath(source)]);
}

/** Parses the output of init.c on the port, which describes its format. */
function outputs({ name }: Machine, answers: Buffer, jobs: readonly Job[], console: string): readonly Buffer[] {
  const fail = (i: number, what: string) => {
    const command = jobs[i]?.command.join(' ');
    throw new Error(`${name}: job ${i + 1} of ${jobs.length}, ${command}: ${what}. Its console:\n${console}`);
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
