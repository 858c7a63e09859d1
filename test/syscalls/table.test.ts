/** The table's own promises: lookups both ways, aliases, argument registers and their widths. */

import { describe, expect, test } from 'vitest';

import { ABIS, type AbiName, abiOf } from '../../lib/syscalls/abi.js';
import {
  argumentsOf,
  argumentWidth,
  entryPoint,
  syscallName,
  syscallNames,
  syscallNumber,
  syscallsOf,
} from '../../lib/syscalls/table.js';

const abis = [...ABIS.keys()];

/** `name:width` of each argument register. */
const registers = (abi: AbiName, name: string) =>
  argumentsOf(abi, name)?.map((argument) => `${argument.name}:${argument.width}`);

describe('numbers and names', () => {
  test.each<[AbiName, string, number]>([
    ['x86_64', 'read', 0],
    ['x86', 'read', 3],
    ['x32', 'read', 0x4000_0000],
    ['x32', 'execve', 0x4000_0000 + 520],
    ['mips', 'read', 4003],
    ['mips64', 'read', 5000],
    ['mips64n32', 'read', 6000],
    ['arm', 'set_tls', 0x0f_0005],
    ['aarch64', 'file_setattr', 469],
    ['mipsel64', 'file_setattr', 5469],
    ['x86_64', 'uprobe', 336],
    ['x86_64', 'listns', 470],
    ['x32', 'rseq_slice_yield', 0x4000_0000 + 471],
    ['mips64', 'fchroot', 5472],
    ['loongarch64', 'memfd_secret', 447],
  ])('%s %s is %i, both ways', (abi, name, number) => {
    expect(syscallNumber(abi, name)).toBe(number);
    expect(syscallName(abi, number)).toBe(name);
  });

  test('a name or number that an ABI lacks is undefined', () => {
    expect(syscallNumber('aarch64', 'open')).toBeUndefined();
    expect(syscallNumber('x86_64', 'frobnicate')).toBeUndefined();
    expect(syscallNumber('x86_64', 'toString')).toBeUndefined();
    expect(syscallNumber('x32', 'rt_sigreturn')).toBe(0x4000_0000 + 513);
    expect(syscallName('x32', 0)).toBeUndefined();
    expect(syscallName('x86_64', -1)).toBeUndefined();
    expect(syscallName('aarch64', 336)).toBeUndefined();
    expect(syscallNumber('s390', 'file_setattr')).toBe(469);
    expect(syscallNumber('s390', 'listns')).toBeUndefined();
  });

  test('placeholders in the headers are not syscalls', () => {
    const odd = [...syscallNames()].filter((name) => /^(un)?reserved|^unused|^Linux|syscalls$|BASE|MASK/.test(name));
    expect(odd).toEqual([]);
  });

  test('an alias has the number of a syscall, whose name is the one that is defined by a number', () => {
    expect(syscallNumber('arm', 'sync_file_range2')).toBe(341);
    expect(syscallNumber('arm', 'arm_sync_file_range')).toBe(341);
    expect(syscallName('arm', 341)).toBe('arm_sync_file_range');
  });

  test('that is the only alias', () => {
    const aliases = abis.flatMap((abi) =>
      [...syscallsOf(abi)].filter(([name, number]) => syscallName(abi, number) !== name).map(([name]) => [abi, name]),
    );
    expect(aliases).toEqual([['arm', 'sync_file_range2']]);
  });

  test('both byte orders have the same numbers', () => {
    const pairs: [AbiName, AbiName][] = [
      ['mips', 'mipsel'],
      ['mips64', 'mipsel64'],
      ['mips64n32', 'mipsel64n32'],
      ['ppc64', 'ppc64le'],
      ['sh', 'sheb'],
    ];
    for (const [big, little] of pairs) expect(syscallsOf(big)).toEqual(syscallsOf(little));
  });

  test('syscallNames() has the names of every ABI', () => {
    for (const name of ['open', 'riscv_hwprobe', 'breakpoint', 'chown32', 'clock_gettime64', 's390_sthyi']) {
      expect(syscallNames()).toContain(name);
    }
  });
});

describe('arguments', () => {
  test('are named and typed as the kernel declares them', () => {
    expect(argumentsOf('x86_64', 'openat')).toEqual([
      { type: 'int', name: 'dfd', width: 32 },
      { type: 'const char *', name: 'filename', width: 64 },
      { type: 'int', name: 'flags', width: 32 },
      { type: 'umode_t', name: 'mode', width: 16 },
    ]);
    expect(argumentsOf('x86_64', 'listen')).toEqual([
      { type: 'int', width: 32 },
      { type: 'int', width: 32 },
    ]);
    expect(argumentsOf('x86_64', 'ppoll')?.[1]).toEqual({ type: 'unsigned int', width: 32 });
    expect(argumentsOf('x86_64', 'getpid')).toEqual([]);
  });

  test('are those of the function that the ABI enters', () => {
    expect(registers('x86_64', 'mmap')).toHaveLength(6);
    expect(registers('x86', 'mmap')).toEqual(['arg:32']);
    expect(registers('x86_64', 'clone')?.[0]).toBe('clone_flags:64');
    expect(registers('s390x', 'clone')?.[1]).toBe('clone_flags:64');
    expect(registers('aarch64', 'clone')?.[3]).toBe('tls:64');
    expect(registers('x86_64', 'umount2')).toEqual(['name:64', 'flags:32']);
    expect(registers('x86', 'umount')).toEqual(['name:32']);
    expect(registers('x86_64', 'setuid')).toEqual(['uid:32']);
    expect(registers('x86', 'setuid')).toEqual(['uid:16']);
    expect(registers('x86', 'setuid32')).toEqual(['uid:32']);
    expect(registers('ppc', 'setuid')).toEqual(['uid:32']);
    expect(registers('x86_64', 'fchroot')).toEqual(['fd:32', 'flags:32']);
    expect(registers('x86_64', 'bpf')).toEqual(['cmd:32', 'attr:64', 'size:32', 'attr_common:64', 'size_common:32']);
  });

  test('are found by the name of that function', () => {
    expect(entryPoint('x86_64', 'read')).toBe('read');
    expect(entryPoint('x86_64', 'stat')).toBe('newstat');
    expect(entryPoint('x86_64', 'vserver')).toBe('');
    expect(entryPoint('aarch64', 'stat')).toBeUndefined();
  });

  test('x32 reads compat types where it enters compat functions, and 64 bits elsewhere', () => {
    expect(registers('x32', 'ioctl')).toEqual(['fd:32', 'cmd:32', 'arg:32']);
    expect(registers('x86_64', 'ioctl')).toEqual(['fd:32', 'cmd:32', 'arg:64']);
    expect(registers('x32', 'ptrace')).toEqual(['request:32', 'pid:32', 'addr:32', 'data:32']);
    expect(registers('x32', 'preadv')).toEqual(['fd:64', 'vec:64', 'vlen:64', 'pos:64']);
    expect(registers('x32', 'readv')).toEqual(['fd:64', 'vec:64', 'vlen:64']);
    expect(registers('x32', 'execve')).toEqual(['filename:64', 'argv:64', 'envp:64']);
    expect(registers('x32', 'lseek')).toEqual(['fd:32', 'offset:64', 'whence:32']);
  });

  test('a 64-bit parameter is two 32-bit registers, in byte order, aligned where the ABI aligns', () => {
    const start = ['fd:32', 'buf:32', 'count:32'];
    expect(registers('x86_64', 'pread64')).toEqual(['fd:32', 'buf:64', 'count:64', 'pos:64']);
    expect(registers('x86', 'pread64')).toEqual([...start, 'pos_lo:32', 'pos_hi:32']);
    expect(registers('arm', 'pread64')).toEqual([...start, 'padding:32', 'pos_lo:32', 'pos_hi:32']);
    expect(registers('mips', 'pread64')).toEqual([...start, 'padding:32', 'pos_hi:32', 'pos_lo:32']);
    expect(registers('s390', 'pread64')).toEqual([...start, 'pos_hi:32', 'pos_lo:32']);
    expect(registers('sh', 'pread64')).toEqual([...start, 'dummy:32', 'pos_lo:32', 'pos_hi:32']);
    expect(registers('mips64n32', 'pread64')).toEqual([...start, 'pos:32']);
    const even = ['fd:32', 'mode:32', 'offset_lo:32', 'offset_hi:32', 'len_lo:32', 'len_hi:32'];
    for (const abi of ['x86', 'arm', 'mipsel'] as const) expect(registers(abi, 'fallocate')).toEqual(even);
  });

  test('never exceed six registers, or the width of one', () => {
    const tooLarge = abis.flatMap((abi) =>
      [...syscallsOf(abi).keys()].flatMap((name) => {
        const list = argumentsOf(abi, name) ?? [];
        const fits = list.length <= 6 && list.every(({ width }) => width <= abiOf(abi).bits);
        return fits ? [] : [`${abi} ${name}: ${registers(abi, name)?.join(' ')}`];
      }),
    );
    expect(tooLarge).toEqual([]);
  });

  test('are undefined for a syscall that is unknown or has no function', () => {
    expect(argumentsOf('x86_64', 'frobnicate')).toBeUndefined();
    expect(argumentsOf('aarch64', 'open')).toBeUndefined();
    expect(argumentsOf('x86_64', 'vserver')).toBeUndefined();
    expect(argumentsOf('ppc64le', 'select')).toBeUndefined();
    expect(argumentsOf('x86', 'iopl')).toHaveLength(1);
    expect(argumentsOf('ppc', 'iopl')).toBeUndefined();
  });

  test('an argument that is unknown or unused has the whole register', () => {
    expect(argumentWidth('x86_64', 'openat', 2)).toBe(32);
    expect(argumentWidth('x86_64', 'openat', 4)).toBe(64);
    expect(argumentWidth('x86_64', 'openat', -1)).toBe(64);
    expect(argumentWidth('x86_64', 'frobnicate', 0)).toBe(64);
    expect(argumentWidth('x86', 'frobnicate', 0)).toBe(32);
  });

  test('types that fill a 64-bit register are pointers, or these', () => {
    const wide = abis
      .filter((abi) => abiOf(abi).bits === 64)
      .flatMap((abi) => [...syscallsOf(abi).keys()].flatMap((name) => argumentsOf(abi, name) ?? []))
      .filter(({ type, width }) => width === 64 && !type.includes('*'))
      .map(({ type }) => type);
    expect([...new Set(wide)].sort()).toEqual(
      [
        ['__sighandler_t', 'cap_user_data_t', 'cap_user_header_t', 'const cap_user_data_t'], // pointers by another name
        ['aio_context_t', 'long', 'off_t', 'old_sigset_t', 'size_t', 'uintptr_t', 'unsigned long'], // longs
        ['__u64', 'u64', 'loff_t'], // long longs
      ]
        .flat()
        .sort(),
    );
  });
});
