/** Starting this Node again in its place: what the new one inherits, for files of /proc in place of the kernel's. */
import fs from 'node:fs';
import { constants, endianness } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { decodeInstructions } from '../../../lib/filter/bpf/instruction.js';
import { interpret } from '../../../lib/filter/bpf/interpreter.js';
import { addon, type NativeRequest, NONE } from '../../../lib/native.js';
import { type Restart, restartNode, WITHOUT_IO_URING } from '../../../lib/sandbox/this-process/restart.js';
import { spyOnBuiltin } from '../../support/spy-on-builtin.js';

const { EACCES } = constants.errno;

const ownArgv = process.argv;
beforeEach(() => {
  process.argv = [process.execPath, '/a/module.js', 'x', 'y z'];
  vi.spyOn(addon(), 'execve').mockReturnValue({ error: EACCES, call: 'execve' });
});
afterEach(() => {
  process.argv = ownArgv;
  vi.restoreAllMocks();
});

/** This process, as /proc has it. */
interface Process {
  readonly cmdline?: string | Buffer;
  readonly environ?: string | Buffer;
  /** What its descriptors are open for. */
  readonly open?: Readonly<Record<number, string>>;
}

const COMMAND = [process.argv0, '--require', 'seccomp/register', '/a/module.js', 'x', 'y z'];
const terminated = (texts: readonly string[]) => texts.map((text) => `${text}\0`).join('');

/** What the addon is asked for, and the error after that, as it does not replace this process. */
function restarted(
  { cmdline = terminated(COMMAND), environ = 'A=1\0', open = {} }: Process,
  restart: Partial<Restart> = {},
) {
  const files: Readonly<Record<string, unknown>> = { '/proc/self/cmdline': cmdline, '/proc/self/environ': environ };
  spyOnBuiltin(fs, 'readFileSync').mockImplementation((file) => {
    return Buffer.from((files[String(file)] ?? expect.fail(`reads ${file}`)) as string);
  });
  spyOnBuiltin(fs, 'readdirSync').mockReturnValue([...Object.keys(open), '999'] as never);
  spyOnBuiltin(fs, 'readlinkSync').mockImplementation((file) => {
    const target = open[Number(String(file).replace('/proc/self/fd/', ''))];
    if (target === undefined) throw new Error('ENOENT'); // The directory itself, which is closed by now.
    return target;
  });
  const execve = vi.mocked(addon().execve).mockClear();
  let error: unknown;
  try {
    restartNode({ ...WITHOUT_IO_URING, ...restart });
  } catch (reason) {
    error = reason;
  }
  return { request: execve.mock.calls[0]?.[0] as NativeRequest | undefined, error };
}

describe('the new Node', () => {
  test('is the same program with the same arguments and environment', () => {
    const { request, error } = restarted({ environ: 'A=1\0B=x=y\0\0EMPTY=\0' });
    expect(request).toMatchObject({
      ...{ candidates: [process.execPath], args: COMMAND, env: 'A=1\0B=x=y\0EMPTY=\0', detached: false },
      ...{ noNewPrivileges: true, unconfined: false, filterFlags: 0 },
    });
    expect(error).toMatchObject({
      code: 'ERR_SECCOMP_ATTACH',
      message:
        'Node could not be restarted without io_uring (execve EACCES): start it in an environment that already denies io_uring_setup',
    });
  });

  test('has variables that are added in place of its own of the same name', () => {
    const { request } = restarted({ environ: 'A=1\0AB=2\0B=3\0' }, { variables: { A: 'new', C: '' } });
    expect(request?.env).toBe('AB=2\0B=3\0A=new\0C=\0');
  });

  test('sets no_new_privs, and is in the domain that is given', () => {
    const confinement = { ruleset: {} as never, domainRequired: true };
    expect(restarted({}, { confinement }).request).toMatchObject({ noNewPrivileges: true, ...confinement });
  });

  test('can’t make an io_uring instance, and is denied nothing else', () => {
    const { request } = restarted({});
    const endian = endianness() === 'LE' ? 'little' : 'big';
    const [filter, ...others] = request?.filters ?? [];
    expect([filter?.gate, others]).toEqual([[], []]);
    const program = decodeInstructions(filter?.bytes ?? new Uint8Array(), endian);
    const answer = (number: number) =>
      interpret(program, { arch: 0, number, args: [0n, 0n, 0n, 0n, 0n, 0n] }, endian).value;
    const [ALLOW, ENOSYS] = [0x7fff_0000, 0x0005_0000 + constants.errno.ENOSYS];
    expect([424, 425, 426, 0].map(answer)).toEqual([ALLOW, ENOSYS, ALLOW, ALLOW]);
  });

  test('has no filter where it may have io_uring', () => {
    const { request } = restarted({}, { withoutIoUring: false });
    expect(request).toMatchObject({ unconfined: true, filters: [] });
  });

  test('listens with its inspector itself', () => {
    const inspector = process.getBuiltinModule('inspector');
    const close = vi.spyOn(inspector, 'close').mockImplementation(() => {});
    const url = vi.spyOn(inspector, 'url').mockReturnValue(undefined);
    restarted({});
    expect(close).not.toHaveBeenCalled();
    url.mockReturnValue('ws://127.0.0.1:1/x');
    restarted({});
    expect(close).toHaveBeenCalledOnce();
  });
});

describe('its descriptors', () => {
  const EPOLL = 'anon_inode:[eventpoll]';
  const RING = 'anon_inode:[io_uring]';
  const EVENT = 'anon_inode:[eventfd]';
  const FILE = '/a/file';

  const inherited = (open: Process['open'] & object) =>
    (restarted({ open }).request?.stdio ?? []).flatMap((fd, at) => {
      expect([at, NONE]).toContain(fd);
      return fd === at ? [fd] : [];
    });
  const STANDARD = { 0: FILE, 1: FILE, 2: FILE };

  test('are all but io_uring instances, each at its own number', () => {
    const loop = { 3: EPOLL, 4: RING, 5: EVENT, 6: 'pipe:[1]', 7: 'pipe:[1]', 8: RING };
    expect(inherited({ ...STANDARD, ...loop, 9: FILE, 12: 'socket:[5]' })).toEqual([0, 1, 2, 3, 5, 6, 7, 9, 12]);
    expect(restarted({ open: { ...STANDARD, 9: FILE } }).request?.stdio).toEqual([
      ...[0, 1, 2, NONE, NONE, NONE, NONE, NONE, NONE, 9],
    ]);
  });

  test('are at least the three standard ones, which are kept whatever they are', () => {
    expect(restarted({ open: {} }).request?.stdio).toEqual([NONE, NONE, NONE]);
    expect(restarted({ open: { 1: FILE } }).request?.stdio).toEqual([NONE, 1, NONE]);
    expect(inherited({ 0: EPOLL, 1: RING, 2: EVENT, 3: RING })).toEqual([0, 1, 2]);
  });
});

describe('Node is not restarted', () => {
  const refusal = (given: Process) => {
    const { request, error } = restarted(given);
    expect(request).toBe(undefined);
    return error instanceof Error ? error.message : error;
  };
  const OVERWRITTEN =
    'Node could not be restarted without io_uring as its arguments were overwritten: leave out --title, and do not set process.title first';

  test.each<[string, string]>([
    ['is another program’s name', terminated(['title', ...COMMAND.slice(1)])],
    ['has another last argument', terminated([...COMMAND.slice(0, -1), 'other'])],
    ['has another argument before', terminated([...COMMAND.slice(0, -2), 'other', 'y z'])],
    ['lacks its last argument', terminated(COMMAND.slice(0, -1))],
    ['has one more', terminated([...COMMAND, ''])],
    ['is empty', ''],
  ])('if its command line %s', (_, cmdline) => {
    expect(refusal({ cmdline })).toBe(OVERWRITTEN);
  });

  test.each([
    ['/proc/self/cmdline', { cmdline: Buffer.from([0x6e, 0xff, 0]) }],
    ['/proc/self/environ', { environ: Buffer.from([0x41, 0x3d, 0xff, 0]) }],
  ])('if %s is not UTF-8', (file, given) => {
    expect(refusal(given)).toMatch(`could not be restarted without io_uring as ${file} is not UTF-8: start it in an`);
  });

  test('if its files can’t be read', () => {
    spyOnBuiltin(fs, 'readFileSync').mockImplementation(() => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' });
    });
    expect(() => restartNode(WITHOUT_IO_URING)).toThrow(
      'Node could not be restarted without io_uring as /proc/self/cmdline cannot be read (EACCES): start it in an',
    );
  });

  test('but what follows the last NUL of its files is left out', () => {
    const { request } = restarted({ cmdline: `${terminated(COMMAND)}rest`, environ: 'A=1\0B=rest' });
    expect([request?.args, request?.env]).toEqual([COMMAND, 'A=1\0']);
  });
});
