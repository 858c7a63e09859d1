/**
 * Writes lib/syscalls/generated/numbers.ts and arguments.ts from Debian's packages of kernel headers and from
 * newer-syscalls.json: `npm run generate -- syscalls`. Most of this file is tables.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { AbiName } from '../../lib/syscalls/abi.js';
import newer from './newer-syscalls.json' with { type: 'json' };

/** The UAPI headers of every architecture, in Debian's linux-libc-dev (Debian 13 and later). */
const UAPI = 'usr/lib/linux/uapi';
const SOURCES = 'usr/src';

/** For each numbering: its UAPI directory, and the macros that a compiler for the ABI predefines. */
const HEADERS: readonly (readonly [abis: readonly AbiName[], directory: string, defines: readonly string[]])[] = [
  [['x86_64'], 'x86', []],
  [['x86'], 'x86', ['__i386__']],
  [['x32'], 'x86', ['__ILP32__']],
  [['aarch64'], 'arm64', []],
  [['arm'], 'arm', ['__ARM_EABI__']],
  [['riscv64'], 'riscv', ['__CHAR_BIT__=8', '__SIZEOF_LONG__=8', '__SIZEOF_POINTER__=8']],
  [['loongarch64'], 'loongarch', ['__CHAR_BIT__=8', '__SIZEOF_LONG__=8', '__SIZEOF_POINTER__=8']],
  [['s390x'], 's390', ['__s390x__']],
  [['s390'], 's390', []],
  [['ppc64le', 'ppc64'], 'powerpc', ['__powerpc64__']],
  [['ppc'], 'powerpc', []],
  [['mips', 'mipsel'], 'mips', ['__linux__', '_MIPS_SIM=1']],
  [['mips64', 'mipsel64'], 'mips', ['__linux__', '_MIPS_SIM=3']],
  [['mips64n32', 'mipsel64n32'], 'mips', ['__linux__', '_MIPS_SIM=2']],
  [['parisc'], 'parisc', []],
  [['parisc64'], 'parisc', ['__LP64__']],
  [['m68k'], 'm68k', []],
  [['sh', 'sheb'], 'sh', []],
];

/** `__NR_` macros that are not syscalls: bases, masks, and slots that mips reserves. */
const NOT_A_SYSCALL = /^(Linux|BASE|\w*SYSCALL_(BASE|MASK)|syscalls|(reserved|unused)\d+)$/;

/** The files of the linux-headers package that declare the kernel's entry points. Later files override earlier ones. */
const DECLARATIONS: readonly (readonly [file: string, wanted: RegExp, prefix: string])[] = [
  ['include/asm-generic/syscalls.h', /\bsys_(mmap2?)\(([^()]*)\);/g, ''],
  ['include/linux/syscalls.h', /\bsys_(\w+)\(([^()]*)\);/g, ''],
  ['include/linux/compat.h', /\bcompat_sys_(\w+)\(([^()]*)\);/g, 'compat_'],
  ['arch/arm/include/asm/syscalls.h', /\bsys_(arm_fadvise64_64)\(([^()]*)\);/g, ''],
  ['arch/m68k/include/asm/syscalls.h', /\bsys_(cacheflush|[gs]et_thread_area)\(([^()]*)\);/g, 'm68k_'],
  ['arch/m68k/include/asm/syscalls.h', /\bsys_(atomic_\w+|getpagesize)\(([^()]*)\);/g, ''],
  ['arch/powerpc/include/asm/syscalls.h', /\b(?<!compat_)sys_(ppc_fadvise64_64|ppc64_personality)\(([^()]*)\);/g, ''],
  [
    'arch/powerpc/include/asm/syscalls.h',
    /\b(?<!compat_)sys_(rtas|s\w+_(?:endian|prot)|swapcontext)\(([^()]*)\);/g,
    '',
  ],
  ['arch/sh/include/asm/syscalls.h', /\b(?:sys_)?(cacheflush|old_mmap)\(([^()]*)\);/g, 'sh_'],
  ['arch/sh/include/asm/syscalls_32.h', /\bsys_(p(?:read|write)_wrapper)\(([^()]*)\);/g, ''],
];

/**
 * Entry points that those headers lack, or whose declaration depends on the kernel's configuration. Source:
 * SYSCALL_DEFINE in the kernel's file that is named above each group.
 */
const UNDECLARED = `
kernel/fork.c: CLONE_BACKWARDS, CLONE_BACKWARDS2 and neither
  clone: unsigned long clone_flags, unsigned long newsp, int * parent_tidptr, int * child_tidptr, unsigned long tls
  clone_backwards: unsigned long clone_flags, unsigned long newsp, int * parent_tidptr, unsigned long tls, int * child_tidptr
  clone_backwards2: unsigned long newsp, unsigned long clone_flags, int * parent_tidptr, int * child_tidptr, unsigned long tls
kernel/signal.c: OLD_SIGSUSPEND and OLD_SIGSUSPEND3; sigreturn of every architecture reads registers, not arguments
  sigsuspend: old_sigset_t mask
  sigsuspend3: int unused1, int unused2, old_sigset_t mask
  rt_sigreturn: void
  sigreturn: void
fs/notify/fanotify/fanotify_user.c
  fanotify_mark: int fanotify_fd, unsigned int flags, __u64 mask, int dfd, const char * pathname
fs/dcookies.c, until Linux 6.6
  lookup_dcookie: u64 cookie64, char * buf, size_t len
arch/x86/kernel: ioport.c, ldt.c, process_64.c, tls.c, vm86_32.c
  arch_prctl: int option, unsigned long arg2
  get_thread_area: struct user_desc * u_info
  iopl: unsigned int level
  modify_ldt: int func, void * ptr, unsigned long bytecount
  set_thread_area: struct user_desc * u_info
  vm86: unsigned long cmd, unsigned long arg
  vm86old: struct vm86_struct * user_vm86
arch/arm/kernel/traps.c: arm_syscall()
  breakpoint: void
  arm_cacheflush: unsigned long start, unsigned long end, int flags
  usr26: void
  usr32: void
  set_tls: unsigned long value
  get_tls: void
arch/mips/kernel/syscall.c, arch/mips/mm/cache.c, arch/parisc/kernel/cache.c, arch/mips/kernel/signal.c
  cacheflush: unsigned long addr, unsigned long bytes, unsigned int cache
  cachectl: char * addr, int nbytes, int op
  mips_set_thread_area: unsigned long addr
  mips_sigsuspend: sigset_t * uset
  sysmips: long cmd, long arg1, long arg2
arch/powerpc/kernel/signal_32.c
  debug_setcontext: struct ucontext * ctx, int ndbg, struct sig_dbg_op * dbg
arch/riscv/kernel: sys_riscv.c, sys_hwprobe.c
  riscv_flush_icache: uintptr_t start, uintptr_t end, uintptr_t flags
  riscv_hwprobe: struct riscv_hwprobe * pairs, size_t pair_count, size_t cpusetsize, unsigned long * cpus, unsigned int flags
arch/s390/kernel: syscall.c, compat_linux.c, runtime_instr.c, guarded_storage.c, sthyi.c; arch/s390/pci/pci_mmio.c
  s390_fadvise64_64: struct fadvise64_64_args * args
  s390_guarded_storage: int command, struct gs_cb * gs_cb
  s390_ipc: uint call, int first, unsigned long second, unsigned long third, void * ptr
  s390_pci_mmio_read: unsigned long mmio_addr, void * user_buffer, size_t length
  s390_pci_mmio_write: unsigned long mmio_addr, const void * user_buffer, size_t length
  s390_runtime_instr: int command, int signum
  s390_sthyi: unsigned long function_code, void * buffer, u64 * return_code, unsigned long flags
`;

/** The functions that syscalls of other names enter, as syscall=function; syscall= if it enters none. */
const ENTRIES: readonly (readonly [why: string, abis: string, entries: string])[] = [
  [
    'New calls took the names of old ones. The time32 twins of a function differ from it behind a pointer only.',
    '*',
    `stat=newstat lstat=newlstat fstat=newfstat oldstat=stat oldlstat=lstat oldfstat=fstat
    uname=newuname olduname=uname oldolduname=olduname umount=oldumount umount2=umount ugetrlimit=getrlimit
    _llseek=llseek _newselect=select readdir=old_readdir sys_debug_setcontext=debug_setcontext
    clock_adjtime64=clock_adjtime clock_getres_time64=clock_getres clock_gettime64=clock_gettime
    clock_nanosleep_time64=clock_nanosleep clock_settime64=clock_settime futex_time64=futex
    io_pgetevents_time64=io_pgetevents mq_timedreceive_time64=mq_timedreceive mq_timedsend_time64=mq_timedsend
    ppoll_time64=ppoll pselect6_time64=pselect6 recvmmsg_time64=recvmmsg rt_sigtimedwait_time64=rt_sigtimedwait
    sched_rr_get_interval_time64=sched_rr_get_interval semtimedop_time64=semtimedop timer_gettime64=timer_gettime
    timer_settime64=timer_settime timerfd_gettime64=timerfd_gettime timerfd_settime64=timerfd_settime
    utimensat_time64=utimensat`,
  ],
  [
    'Reserved, never written or removed long ago: sys_ni_syscall.',
    '*',
    `_sysctl= afs_syscall= bdflush= break= create_module= epoll_ctl_old= epoll_wait_old= ftime= get_kernel_syms=
    getpmsg= gtty= idle= lock= mpx= multiplexer= nfsservctl= prof= profil= putpmsg= query_module= security= stty=
    timerfd= tuxcall= ulimit= vserver=`,
  ],
  ['Indirect: its arguments are those of the call that it names.', 'mips mipsel', 'syscall='],
  [
    'A 64-bit off_t made sendfile and sendfile64 one.',
    'x86_64 x32 aarch64 riscv64 loongarch64 s390x ppc64le ppc64 mips64 mipsel64 mips64n32 mipsel64n32',
    'sendfile=sendfile64',
  ],
  [
    '16-bit user and group ids came first here (CONFIG_UID16).',
    'x86 arm s390 m68k sh sheb',
    `chown=chown16 fchown=fchown16 lchown=lchown16 setuid=setuid16 setgid=setgid16 setreuid=setreuid16
    setregid=setregid16 setresuid=setresuid16 setresgid=setresgid16 setfsuid=setfsuid16 setfsgid=setfsgid16
    getuid=getuid16 geteuid=geteuid16 getgid=getgid16 getegid=getegid16 getresuid=getresuid16 getresgid=getresgid16
    getgroups=getgroups16 setgroups=setgroups16
    chown32=chown fchown32=fchown lchown32=lchown setuid32=setuid setgid32=setgid setreuid32=setreuid
    setregid32=setregid setresuid32=setresuid setresgid32=setresgid setfsuid32=setfsuid setfsgid32=setfsgid
    getuid32=getuid geteuid32=geteuid getgid32=getgid getegid32=getegid getresuid32=getresuid getresgid32=getresgid
    getgroups32=getgroups setgroups32=setgroups`,
  ],
  [
    'CONFIG_CLONE_BACKWARDS',
    'x86 aarch64 arm riscv64 ppc64le ppc64 ppc mips mipsel mips64 mipsel64 mips64n32 mipsel64n32 parisc parisc64',
    'clone=clone_backwards',
  ],
  ['CONFIG_CLONE_BACKWARDS2', 's390x s390', 'clone=clone_backwards2'],
  ['CONFIG_OLD_SIGSUSPEND3', 'x86 arm s390x s390 m68k', 'sigsuspend=sigsuspend3'],
  ['A struct in memory holds the arguments.', 'x86 m68k ppc', 'select=old_select'],
  ['', 'x86 m68k s390x s390', 'mmap=old_mmap'],
  ["Today's getrlimit is ugetrlimit here.", 'x86 m68k s390 ppc sh sheb', 'getrlimit=old_getrlimit'],
  ['Slots of x86 that others copied and left empty.', 'ppc64le ppc64 ppc mips mipsel', 'iopl= modify_ldt= vm86='],
  ['', 'ppc64le ppc64 ppc', 'ioperm='],
  ['', 'arm', 'arm_sync_file_range=sync_file_range2 cacheflush=arm_cacheflush'],
  ['', 'm68k', 'cacheflush=m68k_cacheflush set_thread_area=m68k_set_thread_area get_thread_area=m68k_get_thread_area'],
  ['', 'mips mipsel mips64 mipsel64 mips64n32 mipsel64n32', 'set_thread_area=mips_set_thread_area'],
  ['', 'mips mipsel', 'sigsuspend=mips_sigsuspend'],
  [
    'fadvise64 with a 64-bit length.',
    'aarch64 riscv64 loongarch64 s390x mips mipsel mips64 mipsel64 mips64n32 mipsel64n32',
    'fadvise64=fadvise64_64',
  ],
  ['', 'ppc', 'fadvise64_64=ppc_fadvise64_64'],
  ['', 's390', 'mmap2=old_mmap fadvise64_64=s390_fadvise64_64 ipc=s390_ipc'],
  ['', 's390x', 'ipc=s390_ipc'],
  ['', 'sh sheb', 'cacheflush=sh_cacheflush mmap=sh_old_mmap pread64=pread_wrapper pwrite64=pwrite_wrapper'],
  [
    '64-bit powerpc kept the numbers of these, not the calls.',
    'ppc64le ppc64',
    `personality=ppc64_personality getrlimit= oldfstat= oldlstat= olduname= oldolduname= oldstat= readdir= select=
    sigaction= sigpending= sigprocmask= sigreturn= sigsuspend= sys_debug_setcontext= umount=`,
  ],
  [
    'Compat entry points, numbers 512 and up of syscall_64.tbl: x86 does not cut their pointers (__SC_DELOUSE).',
    'x32',
    `rt_sigaction=compat_rt_sigaction ioctl=compat_ioctl recvfrom=compat_recvfrom sendmsg=compat_sendmsg
    recvmsg=compat_recvmsg execve=compat_execve ptrace=compat_ptrace rt_sigpending=compat_rt_sigpending
    rt_sigtimedwait=compat_rt_sigtimedwait_time64 rt_sigqueueinfo=compat_rt_sigqueueinfo
    sigaltstack=compat_sigaltstack timer_create=compat_timer_create mq_notify=compat_mq_notify
    kexec_load=compat_kexec_load waitid=compat_waitid set_robust_list=compat_set_robust_list
    get_robust_list=compat_get_robust_list preadv=compat_preadv64 pwritev=compat_pwritev64
    rt_tgsigqueueinfo=compat_rt_tgsigqueueinfo recvmmsg=compat_recvmmsg_time64 sendmmsg=compat_sendmmsg
    io_setup=compat_io_setup io_submit=compat_io_submit execveat=compat_execveat preadv2=compat_preadv64v2
    pwritev2=compat_pwritev64v2`,
  ],
];

/** Returns the name of the newest linux-headers-*-common package below a root directory; undefined if there is none. */
function headersPackage(root: string): string | undefined {
  if (!existsSync(join(root, SOURCES))) return undefined;
  return readdirSync(join(root, SOURCES))
    .filter((name) => /^linux-headers-.*-common$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
}

/** Returns the files that generate() needs and this machine lacks, or undefined. */
export function missingHeaders(): string | undefined {
  if (!existsSync(join('/', UAPI))) return `/${UAPI} (linux-libc-dev of Debian 13 or later)`;
  return headersPackage('/') === undefined ? `/${SOURCES}/linux-headers-*-common` : undefined;
}

/** Returns the macros that asm/unistd.h defines. */
function macros(root: string, directory: string, defines: readonly string[]): ReadonlyMap<string, string> {
  const includes = [`-I${join(root, UAPI, directory)}`, `-I${join(root, 'usr/include')}`];
  const flags = ['-dM', '-undef', '-nostdinc', ...includes];
  const text = execFileSync('cpp', [...flags, ...defines.map((define) => `-D${define}`), '-'], {
    input: '#include <asm/unistd.h>\n',
    encoding: 'utf8',
  });
  return new Map([...text.matchAll(/^#define (\w+) (.+)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** Evaluates a macro: a number, another macro, or the sum of two of these. */
function evaluate(known: ReadonlyMap<string, string>, expression: string): number {
  const terms = expression.replace(/[()]/g, '').split('+');
  return terms.reduce((sum, term) => {
    const value = known.get(term.trim());
    const number = value === undefined ? Number(term) : evaluate(known, value);
    if (!Number.isSafeInteger(number)) throw new Error(`cannot evaluate ${expression}`);
    return sum + number;
  }, 0);
}

interface HeaderNumbers {
  /** The first number of the ABI, which the numbers of newer-syscalls.json are added to. */
  readonly base: number;
  /** The numbers by name. If several names share one, the name defined by a number is first. */
  readonly numbers: ReadonlyMap<string, number>;
}

function readNumbers(abi: AbiName, known: ReadonlyMap<string, string>): HeaderNumbers {
  // x86's unistd.h defines the x32 bit for every ABI.
  const base = evaluate(known, abi === 'x32' ? '__X32_SYSCALL_BIT' : known.has('__NR_Linux') ? '__NR_Linux' : '0');
  const isAlias = (macro: string) => known.has(known.get(macro) ?? '');
  const numbers = [...known.keys()]
    .sort((a, b) => Number(isAlias(a)) - Number(isAlias(b)) || (a < b ? -1 : 1))
    .map((macro) => [/^__(?:ARM_)?NR_(\w+)$/.exec(macro)?.[1] ?? 'BASE', macro] as const)
    .filter(([name]) => !NOT_A_SYSCALL.test(name))
    .map(([name, macro]) => [name, evaluate(known, macro)] as const);
  return { base, numbers: new Map(numbers) };
}

/** Returns the numbers of every ABI in the kernel headers below a root directory. */
export function headerNumbers(root: string): ReadonlyMap<AbiName, HeaderNumbers> {
  return new Map(
    HEADERS.flatMap(([abis, directory, defines]) => {
      const known = macros(root, directory, defines);
      return abis.map((abi) => [abi, readNumbers(abi, known)] as const);
    }),
  );
}

/** Returns the names and numbers of an ABI with those of newer-syscalls.json, sorted by number. */
function addNewer(abi: AbiName, { base, numbers }: HeaderNumbers): readonly (readonly [string, number])[] {
  const all = new Map(numbers);
  for (const { name, number, abis, except } of newer.syscalls) {
    if (abis?.includes(abi) === false || except?.includes(abi)) continue;
    if ((all.get(name) ?? base + number) !== base + number) throw new Error(`${abi}: headers renumber ${name}`);
    all.set(name, base + number);
  }
  return [...all].sort(([, a], [, b]) => a - b);
}

/**
 * Formats names as `0 read write …`: a number, then the names of it and the next numbers. Aliases are last, one a line.
 */
function formatNumbers(numbers: readonly (readonly [string, number])[]): string {
  const aliases = numbers.filter(([, number], i) => numbers[i - 1]?.[1] === number);
  const lines: string[] = [];
  let next = -1;
  for (const [name, number] of numbers.filter((entry) => !aliases.includes(entry))) {
    const line = lines.at(-1);
    if (line !== undefined && number === next && line.length + name.length < 120) lines.push(`${lines.pop()} ${name}`);
    else lines.push(`${number} ${name}`);
    next = number + 1;
  }
  return [...lines, ...aliases.map(([name, number]) => `${number} ${name}`)].join('\n');
}

/** Formats a C parameter list as tracefs does: `const char * filename`. */
function tidy(parameters: string): string {
  return parameters
    .replace(/\b__user\b/g, ' ')
    .replace(/\*/g, ' * ')
    .replace(/\s+/g, ' ')
    .replace(/ ?, ?/g, ', ')
    .trim();
}

/**
 * Returns the parameter lists of the entry points that the kernel headers below a root directory declare, by name
 * without `sys_`.
 */
export function headerPrototypes(root: string): ReadonlyMap<string, string> {
  const directory = join(root, SOURCES, headersPackage(root) ?? '');
  const declared = DECLARATIONS.flatMap(([file, pattern, prefix]) => {
    const text = readFileSync(join(directory, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    return [...text.matchAll(pattern)].map(([, name = '', list = '']) => [`${prefix}${name}`, tidy(list)] as const);
  });
  return new Map(declared);
}

/** Returns the parameter lists of all entry points: those of this machine's headers, and those that these lack. */
function prototypes(): ReadonlyMap<string, string> {
  const written = [...UNDECLARED.matchAll(/^ {2}(\w+): (.*)$/gm)].map(
    ([, name = '', list = '']) => [name, list] as const,
  );
  const added = newer.syscalls.map(({ name, arguments: list }) => [name, list] as const);
  const changed = newer.changedArguments.map(({ entry, arguments: list }) => [entry, list] as const);
  return new Map([...headerPrototypes('/'), ...written, ...added, ...changed]);
}

/** Returns the function that a syscall enters on an ABI; '' if there is none. */
function entryOf(abi: AbiName, name: string): string {
  const layers = ENTRIES.filter(([, abis]) => abis === '*' || abis.split(' ').includes(abi));
  const entries = layers.flatMap(([, , text]) => text.split(/\s+/)).map((entry) => entry.split('='));
  return entries.findLast(([syscall]) => syscall === name)?.[1] ?? name;
}

function numbersFile(header: string, numbers: ReadonlyMap<AbiName, string>): string {
  const constants = HEADERS.map(([[first]]) => first).filter((abi) => abi !== undefined);
  return [
    header,
    "import type { AbiName } from '../abi.js';\n",
    '/** The newest kernel whose syscalls are all in the tables. */',
    `export const NEWEST_KERNEL = '${newer.newest}';\n`,
    ...constants.map((abi) => `const ${abi} = \`\n${numbers.get(abi)}\n\`;\n`),
    '/** A line is a number, and the names of the syscalls that it and the numbers after it stand for. */',
    'const NUMBERS: Readonly<Record<AbiName, string>> = {',
    ...HEADERS.flatMap(([[first, ...others]]) => [`  ${first},`, ...others.map((abi) => `  ${abi}: ${first},`)]),
    '};\n',
    'export function numbersText(abi: AbiName): string {',
    '  return NUMBERS[abi];',
    '}\n',
  ].join('\n');
}

/** A row of ENTRIES, formatted as Biome formats it. */
function formatEntry(abis: string, entries: string): readonly string[] {
  const isLong = entries.includes('\n');
  const text = isLong ? `\`${entries}\`` : `'${entries}'`;
  const row = `  ['${abis}', ${text}],`;
  return isLong || row.length > 120 ? ['  [', `    '${abis}',`, `    ${text},`, '  ],'] : [row];
}

function argumentsFile(header: string, used: readonly (readonly [string, string])[]): string {
  return [
    header,
    '/** The functions that syscalls enter, without `sys_`: their parameters, as the kernel declares them. */',
    'const PROTOTYPES = `',
    ...used.map(([name, list]) => `${name}: ${list}`),
    '`;\n',
    '/** syscall=function where the names differ (syscall= where there is none), for ABIs; a later line overrides. */',
    'const ENTRIES: readonly (readonly [abis: string, entries: string])[] = [',
    ...ENTRIES.flatMap(([why, abis, entries]) => [
      ...(why === '' ? [] : [`  // ${why}`]),
      ...formatEntry(abis, entries),
    ]),
    '];\n',
    'export function prototypesText(): string {',
    '  return PROTOTYPES;',
    '}\n',
    'export function entriesByAbis(): typeof ENTRIES {',
    '  return ENTRIES;',
    '}\n',
  ].join('\n');
}

/**
 * Returns the text of lib/syscalls/generated/numbers.ts and arguments.ts, from this machine's headers.
 *
 * @throws if headers are missing, or if a syscall has neither a declaration nor an entry in the tables above.
 */
export function generate(): { readonly numbers: string; readonly arguments: string } {
  const headers = headersPackage('/');
  if (headers === undefined) throw new Error(`missing: ${missingHeaders()}`);
  const versions = ['linux-libc-dev', headers].map((name) =>
    execFileSync('dpkg-query', ['-W', name], { encoding: 'utf8' }).trim().replace('\t', ' '),
  );
  const header = `/**
 * Generated by scripts/generate/syscalls.ts from ${versions.join(', ')}
 * and scripts/generate/newer-syscalls.json. Do not edit.
 */\n`;

  const declared = prototypes();
  const used = new Set<string>();
  const numbers = new Map<AbiName, string>();
  for (const [abi, known] of headerNumbers('/')) {
    const table = addNewer(abi, known);
    numbers.set(abi, formatNumbers(table));
    for (const entry of table.map(([name]) => entryOf(abi, name)).filter((name) => name !== '')) {
      if (!declared.has(entry)) throw new Error(`${abi}: no prototype of ${entry}`);
      used.add(entry);
    }
  }
  const sorted = [...declared].filter(([name]) => used.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return { numbers: numbersFile(header, numbers), arguments: argumentsFile(header, sorted) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = generate();
  const directory = new URL('../../lib/syscalls/generated/', import.meta.url);
  writeFileSync(new URL('numbers.ts', directory), files.numbers);
  writeFileSync(new URL('arguments.ts', directory), files.arguments);
}
