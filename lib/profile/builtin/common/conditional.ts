/**
 * The conditional rules that all built-ins share: personalities, syscalls of single CPUs, and capabilities with few
 * syscalls.
 */
import type { Group } from '../definition.js';

/** Source: linux/personality.h. */
const PER_LINUX = 0;
const PER_LINUX32 = 8;
const UNAME26 = 0x2_0000;
const ONLY_ASK = 0xffff_ffff;

/** The bits of clone's flags that make a namespace. Source: linux/sched.h. */
export const NAMESPACES =
  0x0002_0000 | // CLONE_NEWNS
  0x0200_0000 | // CLONE_NEWCGROUP
  0x0400_0000 | // CLONE_NEWUTS
  0x0800_0000 | // CLONE_NEWIPC
  0x1000_0000 | // CLONE_NEWUSER
  0x2000_0000 | // CLONE_NEWPID
  0x4000_0000; // CLONE_NEWNET

export const PERSONALITIES: Group = {
  why: 'Personalities without security effects: PER_LINUX, PER_LINUX32, UNAME26 and the query of the current one.',
  names: 'personality',
  args: [PER_LINUX, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32, ONLY_ASK].map((equals) => ({ argument: 0, equals })),
};

/** Syscalls that only one kind of CPU has or needs. */
export const BY_CPU: readonly Group[] = [
  {
    why: 'The C library of x86 uses them to set up thread-local storage and segments.',
    names: 'modify_ldt',
    when: { native: ['x86_64', 'x32', 'x86'] },
  },
  {
    why: 'It sets the register for thread-local storage on 64-bit x86.',
    names: 'arch_prctl',
    when: { native: ['x86_64', 'x32'] },
  },
  {
    why: 'ARM has its own variants of common calls, and calls for caches and the thread register.',
    names: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls',
    when: { native: ['aarch64', 'arm'] },
  },
  {
    why: 'POWER has its own calls to flush files and to switch user contexts.',
    names: 'sync_file_range2 swapcontext',
    when: { native: ['ppc64le'] },
  },
  {
    why: 'On s390, they access mapped PCI devices and sample the program’s own instructions.',
    names: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr',
    when: { native: ['s390x', 's390'] },
  },
  {
    why: 'It makes newly written code visible to instruction fetches on RISC-V.',
    names: 'riscv_flush_icache',
    when: { native: ['riscv64'] },
  },
];

/** A process that was given a capability on purpose gets the syscalls that the capability is for. */
export const BY_CAPABILITY: readonly Group[] = [
  { why: 'CAP_BPF permits BPF programs.', names: 'bpf', when: { capabilities: ['CAP_BPF'] } },
  {
    why: 'CAP_PERFMON permits performance monitoring.',
    names: 'perf_event_open',
    when: { capabilities: ['CAP_PERFMON'] },
  },
  {
    why: 'CAP_DAC_READ_SEARCH already bypasses the permissions of directories.',
    names: 'open_by_handle_at',
    when: { capabilities: ['CAP_DAC_READ_SEARCH'] },
  },
  {
    why: 'CAP_SYS_PTRACE permits inspecting and manipulating other processes.',
    names: 'process_madvise kcmp',
    when: { capabilities: ['CAP_SYS_PTRACE'] },
  },
  {
    why: 'CAP_SYS_TIME permits setting clocks.',
    names: 'settimeofday stime clock_settime clock_settime64',
    when: { capabilities: ['CAP_SYS_TIME'] },
  },
  {
    why: 'CAP_SYS_MODULE permits loading kernel modules.',
    names: 'init_module finit_module delete_module',
    when: { capabilities: ['CAP_SYS_MODULE'] },
  },
  {
    why: 'CAP_SYS_RAWIO permits access to I/O ports.',
    names: 'ioperm iopl',
    when: { capabilities: ['CAP_SYS_RAWIO'] },
  },
  { why: 'CAP_SYS_PACCT permits process accounting.', names: 'acct', when: { capabilities: ['CAP_SYS_PACCT'] } },
  {
    why: 'CAP_SYS_CHROOT permits changing the root directory.',
    names: 'chroot',
    when: { capabilities: ['CAP_SYS_CHROOT'] },
  },
  {
    why: 'CAP_SYS_TTY_CONFIG permits configuring terminals.',
    names: 'vhangup',
    when: { capabilities: ['CAP_SYS_TTY_CONFIG'] },
  },
];
