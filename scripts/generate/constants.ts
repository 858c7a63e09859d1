/**
 * Writes common-constants.ts, constants.ts and names.ts in lib/syscalls/generated/ from the UAPI headers of Debian's linux-libc-dev:
 * `npm run generate -- syscalls`. Most of this file is tables.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import { syscallNames } from '../../lib/syscalls/table.js';

/** The UAPI headers of every architecture, in Debian's linux-libc-dev (Debian 13 and later). */
const UAPI = '/usr/lib/linux/uapi';

/** For each ABI: its UAPI directory, the macros that its compiler predefines, and the flags for its struct layout. */
const TARGETS: readonly (readonly [
  abis: readonly AbiName[],
  directory: string,
  defines: readonly string[],
  layout: readonly string[],
])[] = [
  [['x86_64'], 'x86', ['__x86_64__'], ['-m64']],
  [['x86'], 'x86', ['__i386__'], ['-m32']],
  [['x32'], 'x86', ['__x86_64__', '__ILP32__'], ['-m32', '-malign-double']],
  [['aarch64'], 'arm64', ['__aarch64__'], ['-m64']],
  [['arm'], 'arm', ['__arm__', '__ARM_EABI__'], ['-m32', '-malign-double']],
  [['riscv64'], 'riscv', ['__riscv_xlen=64'], ['-m64']],
  [['loongarch64'], 'loongarch', [], ['-m64']],
  [['s390x'], 's390', ['__s390x__'], ['-m64']],
  [['s390'], 's390', [], ['-m32', '-malign-double']],
  [['ppc64le', 'ppc64'], 'powerpc', ['__powerpc64__'], ['-m64']],
  [['ppc'], 'powerpc', [], ['-m32', '-malign-double']],
  [['mips', 'mipsel'], 'mips', ['__mips__', '_MIPS_SIM=1', '_MIPS_SZLONG=32'], ['-m32', '-malign-double']],
  [['mips64', 'mipsel64'], 'mips', ['__mips__', '_MIPS_SIM=3', '_MIPS_SZLONG=64'], ['-m64']],
  [['mips64n32', 'mipsel64n32'], 'mips', ['__mips__', '_MIPS_SIM=2', '_MIPS_SZLONG=32'], ['-m32', '-malign-double']],
  [['parisc'], 'parisc', [], ['-m32', '-malign-double']],
  [['parisc64'], 'parisc', ['__LP64__'], ['-m64']],
  [['m68k'], 'm68k', [], ['-m32', '-fpack-struct=2']],
  [['sh', 'sheb'], 'sh', [], ['-m32']],
];

/**
 * The other ABIs that a machine of each native ABI runs. A constant has a meaning on the machine only if it has the
 * same value on all of them.
 */
const BESIDE: Readonly<Partial<Record<AbiName, readonly AbiName[]>>> = {
  x86_64: ['x86', 'x32'],
  x32: ['x86_64', 'x86'],
  aarch64: ['arm'],
  s390x: ['s390'],
  ppc64: ['ppc'],
  mips64: ['mips', 'mips64n32'],
  mips64n32: ['mips', 'mips64'],
  mipsel64: ['mipsel', 'mipsel64n32'],
  mipsel64n32: ['mipsel', 'mipsel64'],
  parisc64: ['parisc'],
};

/** Families of constants: the headers that define them, and the pattern of their names. */
const FAMILIES: readonly (readonly [headers: string, names: RegExp])[] = [
  ['asm/errno', /^E(?!CHO|POLL|XT|PIOC)[A-Z0-9]{2,}$/],
  [
    'linux/in linux/in6 linux/netlink',
    /^(IPPROTO_|NETLINK_(?!ADD_|DROP_|PKTINFO|BROADCAST_|NO_|CAP_|EXT_|GET_|LIST_|LISTEN_|RX_|TX_))/,
  ],
  [
    'linux/in linux/in6 linux/tcp asm/socket',
    /^(IP_(?!DF|MF|CE|DEF|PMTUDISC)|IPV6_(?!TLV|SRCRT|PRIORITY|FLOWINFO_|PREFER|PMTUDISC)|TCP_(?!FLAG|NLA|RECEIVE|AO_|MD5SIG_|CM_|S_)|SOL_|SO_)/,
  ],
  ['asm/fcntl linux/fcntl linux/stat', /^(O_|F_|FD_|AT_|LOCK_|S_I)/],
  [
    'linux/fs linux/falloc linux/fadvise linux/xattr',
    /^(RENAME_|RWF_|SEEK_|SYNC_FILE_RANGE_|FALLOC_FL_|POSIX_FADV_|XATTR_)/,
  ],
  [
    'linux/close_range linux/memfd linux/random linux/pidfd',
    /^(CLOSE_RANGE_|MFD_(?!HUGE_)|GRND_|PIDFD_(?!INFO|GET|SELF))/,
  ],
  ['linux/mount', /^(MS_|MOVE_MOUNT_|OPEN_TREE_|FSOPEN_|FSMOUNT_|FSPICK_|MOUNT_ATTR_)/],
  ['linux/sched linux/wait', /^(CLONE_|SCHED_|P_|W[A-Z]+$)/],
  ['linux/prctl asm/prctl', /^(PR_|ARCH_)/],
  ['asm/mman linux/mman linux/mempolicy', /^(MAP_(?!HUGE_)|PROT_|MADV_|MCL_|MLOCK_|MREMAP_|PKEY_|MPOL_)/],
  [
    'linux/ptrace linux/seccomp linux/landlock',
    /^(PTRACE_(?!EVENT)|SECCOMP_(SET|GET|MODE|FILTER|IOCTL)_|LANDLOCK_CREATE_)/,
  ],
  ['linux/signal linux/signalfd', /^(SIG[A-Z0-9]+|SIG_(UN)?BLOCK|SIG_SETMASK|SFD_\w+)$/],
  ['linux/futex linux/keyctl linux/resource', /^(FUTEX_|KEYCTL_(?!SUPPORTS|CAPS)|RLIMIT_|RUSAGE_|PRIO_)/],
  ['linux/time linux/timerfd', /^(CLOCK_|ITIMER_|TIMER_ABSTIME|TFD_)/],
  [
    'linux/eventpoll linux/eventfd linux/inotify linux/fanotify',
    /^(EPOLL_|EFD_|IN_(CLOEXEC|NONBLOCK)$|FAN_(CLASS|MARK|CLOEXEC|NONBLOCK|UNLIMITED|REPORT))/,
  ],
  [
    'linux/perf_event linux/ipc linux/shm',
    /^(PERF_FLAG_|IPC_|SHM_|SEM(OP|GET|CTL|TIMEDOP)$|MSG(SND|RCV|GET|CTL)$|SHM(AT|DT|GET|CTL)$)/,
  ],
  ['linux/net', /^SYS_(?!SECCOMP)[A-Z0-9]+$/],
  ['linux/reboot linux/kexec linux/quota', /^(LINUX_REBOOT_CMD_|KEXEC_(?!ARCH)|Q_)/],
  [
    'asm/ioctls asm/termbits linux/sockios asm/sockios',
    /^(TC[SGX][A-Z0-9]+|TCFLSH|TIOC[A-Z0-9]+|FIO[A-Z]+|SIOC[A-Z0-9]+)$/,
  ],
  [
    'linux/fs linux/fscrypt linux/fsverity',
    /^(FS_IOC_|FI(BMAP|GETBSZ|FREEZE|THAW|TRIM|CLONE|CLONERANGE|DEDUPERANGE)$|BLK[A-Z0-9]+$)/,
  ],
  [
    'linux/if_tun linux/loop linux/nsfs linux/userfaultfd linux/kvm',
    /^(TUN[A-Z]+$|LOOP_(SET|CLR|GET|CHANGE|CTL|CONFIGURE)|NS_GET_|UFFDIO_[A-Z]+$|USERFAULTFD_|KVM_(CREATE_VM|CREATE_VCPU|RUN|GET_API_VERSION|CHECK_EXTENSION|GET_VCPU_MMAP_SIZE|SET_USER_MEMORY_REGION2?)$)/,
  ],
  [
    'linux/kd linux/vt linux/random linux/perf_event',
    /^(KD[GS]\w+|VT_(OPENQRY|[GS]ETMODE|GETSTATE|RELDISP|ACTIVATE|WAITACTIVE|DISALLOCATE)|RND[A-Z]+|PERF_EVENT_IOC_(?!FLAG)\w+)$/,
  ],
];

/** Constants that are enumerators, not macros. */
const ENUMERATORS: readonly (readonly [header: string, pattern: RegExp])[] = [
  [
    'linux/bpf',
    /^\s(BPF_(?:MAP_(?:CREATE|\w+_ELEM|GET_\w+|FREEZE|\w+_BATCH)|PROG_(?:LOAD|ATTACH|DETACH|TEST_RUN|GET_\w+|QUERY|BIND_MAP)|OBJ_\w+|RAW_TRACEPOINT_OPEN|BTF_(?:LOAD|GET_\w+)|TASK_FD_QUERY|LINK_(?:CREATE|UPDATE|DETACH|GET_\w+)|ENABLE_STATS|ITER_CREATE|TOKEN_CREATE)),/gm,
  ],
  ['linux/membarrier', /^\s(MEMBARRIER_CMD_\w+)/gm],
  ['linux/personality', /^\s(\w+) ?=/gm],
  ['linux/landlock', /^\s(LANDLOCK_RULE_\w+)/gm],
];

/**
 * Constants that the UAPI headers lack. Source: the kernel's include/linux/socket.h and net.h, access(2) and umount(2).
 */
const WRITTEN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    `UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI SECURITY KEY NETLINK PACKET
     ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 CAIF
     ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP`
      .split(/\s+/)
      .map((name, number) => [`AF_${name}`, String(number)]),
  ),
  AF_LOCAL: '1',
  AF_ROUTE: '16',
  ...Object.fromEntries(
    `OOB:1 PEEK:2 DONTROUTE:4 CTRUNC:8 PROXY:10 TRUNC:20 DONTWAIT:40 EOR:80 WAITALL:100 FIN:200 SYN:400 CONFIRM:800
     RST:1000 ERRQUEUE:2000 NOSIGNAL:4000 MORE:8000 WAITFORONE:10000 BATCH:40000 ZEROCOPY:4000000 FASTOPEN:20000000
     CMSG_CLOEXEC:40000000`
      .split(/\s+/)
      .map((flag) => flag.split(':'))
      .map(([name, hexadecimal]) => [`MSG_${name}`, `0x${hexadecimal}`]),
  ),
  F_OK: '0',
  X_OK: '1',
  W_OK: '2',
  R_OK: '4',
  MNT_FORCE: '1',
  MNT_DETACH: '2',
  MNT_EXPIRE: '4',
  UMOUNT_NOFOLLOW: '8',
  SOCK_RAW: '3',
  SOCK_RDM: '4',
  SOCK_SEQPACKET: '5',
  SOCK_PACKET: '10',
  SOCK_CLOEXEC: 'O_CLOEXEC',
};

/** Macros whose names match a family's pattern, but that are no values of arguments. */
const NOT_A_CONSTANT =
  /(_MAX|_SIZE|_LAST|_NR|_SHIFT|_BITS|_OFFSET|_LEN|(?<!SEEK)_END|(?<!PR_[GS]ET)_NAME|SIGSTKSZ|TIOCPKT|TIOCSER_TEMT|SIGRTM\w+)$/;

/** Returns the files that generate() needs and this machine lacks, or undefined. */
export function missingHeaders(): string | undefined {
  if (!existsSync(UAPI)) return `${UAPI} (linux-libc-dev of Debian 13 or later)`;
  const test = spawnSync('gcc', ['-m32', '-malign-double', '-S', '-x', 'c', '-o', '/dev/null', '/dev/null']);
  return test.status === 0 ? undefined : 'gcc for x86';
}

const HEADERS = [
  ...new Set([...FAMILIES.flatMap(([names]) => names.split(' ')), ...ENUMERATORS.map(([name]) => name)]),
];

type Target = (typeof TARGETS)[number];

function gcc([abis, directory, defines, layout]: Target, flags: readonly string[], input: string) {
  const long = abis.some((abi) => abiOf(abi).bits === 64 && abi !== 'x32') ? 8 : 4;
  // linux/shm.h includes libc's unistd.h, which most targets lack. Its include guard is defined, so that it is empty.
  const own = [
    ...defines,
    '_UNISTD_H',
    '__CHAR_BIT__=8',
    `__SIZEOF_LONG__=${long}`,
    `__SIZEOF_POINTER__=${long}`,
    '__linux__',
  ];
  const order = ['__LITTLE_ENDIAN__', '__MIPSEL__', '__ARMEL__', '__BYTE_ORDER__=1234', '__ORDER_LITTLE_ENDIAN__=1234'];
  return spawnSync(
    'gcc',
    [
      ...['-undef', '-nostdinc', '-ffreestanding', '-w', ...layout, `-I${UAPI}/${directory}`, '-I/usr/include'],
      ...[...own, ...order].map((macro) => `-D${macro}`),
      ...[...flags, '-x', 'c', '-'],
    ],
    { input, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
}

/**
 * Includes all headers. Those of asm/, and those that need them, only if the ABI has them: gcc-multilib installs x86's.
 */
function includes([, directory]: Target): string {
  const there = HEADERS.filter((name) => {
    const isOptional = name.startsWith('asm/') || name === 'linux/kvm';
    return !isOptional || existsSync(`${UAPI}/${directory}/${name.replace('linux/', 'asm/')}.h`);
  });
  return there.map((name) => `#include <${name}.h>\n`).join('');
}

/** The names of an ABI's constants: macros without parameters that match a family's pattern, and the enumerators. */
function names(target: Target): readonly string[] {
  const defined = gcc(target, ['-E', '-dM'], includes(target)).stdout.matchAll(/^#define (\w+) \S/gm);
  const macros = [...defined]
    .map(([, name = '']) => name)
    .filter((name) => FAMILIES.some(([, pattern]) => pattern.test(name)) && !NOT_A_CONSTANT.test(name));
  const enumerators = ENUMERATORS.flatMap(([header, pattern]) =>
    [...readFileSync(`/usr/include/${header}.h`, 'utf8').matchAll(pattern)].map(([, name = '']) => name),
  );
  return [...new Set([...macros, ...enumerators])];
}

/** Evaluates expressions, by name. Those that are not numbers are left out: a string cannot be multiplied. */
function values(target: Target, all: readonly string[]): ReadonlyMap<string, bigint> {
  const mips = target[1] === 'mips';
  const written = Object.entries({
    ...WRITTEN,
    SOCK_STREAM: mips ? '2' : '1',
    SOCK_DGRAM: mips ? '1' : '2',
    SOCK_NONBLOCK: target[1] === 'parisc' ? '0x40000000' : 'O_NONBLOCK',
  });
  let rest: readonly (readonly [string, string])[] = [...all.map((name) => [name, name] as const), ...written];
  for (;;) {
    const lines = rest.map(([, value]) => `(${value}) * 1ULL,`);
    const source = `${includes(target)}\n#line 1 "values"\nunsigned long long values[] = {\n${lines.join('\n')}\n};\n`;
    const { stderr, stdout } = gcc(target, ['-S', '-o', '-', '-fmax-errors=0', '-ftrack-macro-expansion=0'], source);
    const wrong = new Set([...stderr.matchAll(/^values:(\d+):\d+: error/gm)].map(([, line]) => Number(line)));
    if (wrong.size === 0) {
      if (stderr.includes('error:')) throw new Error(`${target[0]}: ${stderr}`);
      const found = read(stdout);
      if (found.length !== rest.length) throw new Error(`${target[0]}: ${rest.length} names, ${found.length} values`);
      return new Map(rest.map(([name], i) => [name, found[i] ?? 0n]));
    }
    rest = rest.filter((_, i) => !wrong.has(i + 2));
  }
}

/** Reads the words of the array from assembly text: `.quad n`, or two `.long` if a word has 32 bits. */
function read(assembly: string): readonly bigint[] {
  const halves = [
    ...assembly.slice(assembly.indexOf('\nvalues:')).matchAll(/^\t\.(quad|long|zero)\t(-?\d+)$/gm),
  ].flatMap(([, kind, number = '0']) => {
    if (kind === 'zero') return Array.from({ length: Number(number) / 4 }, () => 0n);
    const value = BigInt(number);
    return kind === 'quad'
      ? [BigInt.asUintN(32, value), BigInt.asUintN(32, value >> 32n)]
      : [BigInt.asUintN(32, value)];
  });
  return Array.from(
    { length: halves.length / 2 },
    (_, i) => (halves[2 * i] ?? 0n) | ((halves[2 * i + 1] ?? 0n) << 32n),
  );
}

/** Truncates a negative int to 32 bits, as the kernel does. */
export function unsigned(value: bigint): bigint {
  return value >= 2n ** 63n ? value % 2n ** 32n : value;
}

/** Returns the values of the constants on some ABIs. Takes about 0.2 seconds of CPU time for each target. */
export function abiValues(abis: readonly AbiName[]): ReadonlyMap<AbiName, ReadonlyMap<string, bigint>> {
  return new Map(
    TARGETS.filter((target) => target[0].some((abi) => abis.includes(abi))).flatMap((target) => {
      const found = values(target, names(target));
      return target[0].map((abi) => [abi, found] as const);
    }),
  );
}

/** For each native ABI, the value on it and on the ABIs beside it; undefined if these differ on one of them. */
function perArchitecture(
  all: ReadonlyMap<AbiName, ReadonlyMap<string, bigint>>,
  name: string,
): ReadonlyMap<AbiName, bigint> | undefined {
  const found = new Map<AbiName, bigint>();
  for (const abi of ABIS.keys()) {
    const family = [abi, ...(BESIDE[abi] ?? [])].map((each) => all.get(each)?.get(name));
    if (new Set(family).size > 1) return undefined;
    const [value] = family;
    if (value !== undefined) found.set(abi, unsigned(value));
  }
  return found;
}

/**
 * Formats values as `64; 256: mips; -: sh`: the value on most architectures, then each other value (`-`: none) with
 * Docker's names of its native architectures.
 */
function formatVarying(values: ReadonlyMap<AbiName, bigint>): string {
  const groups = new Map<string, string[]>();
  for (const { name, docker } of ABIS.values()) {
    const value = String(values.get(name) ?? '-');
    groups.set(value, [...(groups.get(value) ?? []), docker]);
  }
  const [most, ...others] = [...groups].sort(([, a], [, b]) => b.length - a.length);
  return [most?.[0], ...others.map(([value, architectures]) => `${value}: ${architectures.join(' ')}`)].join('; ');
}

/** Entries of JSON, several a line: each line break is loaded with the package. */
function lines(entries: readonly string[], perLine = 8): string {
  const starts = [...entries.keys()].filter((i) => i % perLine === 0);
  return starts.map((i) => entries.slice(i, i + perLine).join(',')).join(',\n');
}

function constantFiles(header: string): { readonly common: string; readonly varying: string } {
  const all = abiValues([...ABIS.keys()]);
  const names = [...new Set([...all.values()].flatMap((values) => [...values.keys()]))].sort();
  const rows = names.map((name) => [name, perArchitecture(all, name)] as const);
  const known = rows.flatMap(([name, values]) => (values === undefined || values.size === 0 ? [] : [{ name, values }]));
  const isCommon = (values: ReadonlyMap<AbiName, bigint>) =>
    values.size === ABIS.size && new Set(values.values()).size === 1;
  const common = known.filter(({ values }) => isCommon(values));
  const varying = known.filter(({ values }) => !isCommon(values));
  const commonValue = (values: ReadonlyMap<AbiName, bigint>) => [...values.values()][0];
  const commonFile = [
    header,
    '/** Constants that are the same on every ABI. */',
    'export interface CommonConstants {',
    ...common.map(({ name, values }) => `  readonly ${name}: ${commonValue(values)};`),
    '}\n',
    '/** As JSON, which V8 reads in less time than an object literal. */',
    'export const COMMON_CONSTANTS = `{',
    lines(common.map(({ name, values }) => `"${name}":${commonValue(values)}`)),
    '}`;\n',
  ];
  const varyingFile = [
    header,
    '/** Constants that differ, or that only some ABIs have. */',
    'export type VaryingConstant =',
    `${varying.map(({ name }) => `  | '${name}'`).join('\n')};\n`,
    '/** A line is a name and the value of most architectures, then others (-: none) with the architectures of each. */',
    'const CONSTANTS = `',
    ...varying.map(({ name, values }) => `${name} ${formatVarying(values)}`),
    '`;\n',
    'export function varyingConstants(): string {',
    '  return CONSTANTS;',
    '}\n',
  ];
  return { common: commonFile.join('\n'), varying: varyingFile.join('\n') };
}

export function namesFile(header: string): string {
  const names = [...syscallNames()].sort();
  return `${[
    header,
    '/** Every name that is a syscall on some ABI. */',
    'export type SyscallName =',
    ...names.map((name) => `  | '${name}'`),
  ].join('\n')};\n`;
}

/** Returns the texts of common-constants.ts, constants.ts and names.ts, from this machine's headers. */
export function generate(): Readonly<Record<'common-constants' | 'constants' | 'names', string>> {
  const version = execFileSync('dpkg-query', ['-W', 'linux-libc-dev'], { encoding: 'utf8' }).trim().replace('\t', ' ');
  const header = (source: string) =>
    `/**\n * Generated by scripts/generate/constants.ts from ${source}. Do not edit.\n */\n`;
  const { common, varying } = constantFiles(header(version));
  return { 'common-constants': common, constants: varying, names: namesFile(header('numbers.ts')) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = new URL('../../lib/syscalls/generated/', import.meta.url);
  for (const [name, text] of Object.entries(generate())) writeFileSync(new URL(`${name}.ts`, directory), text);
}
