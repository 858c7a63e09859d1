/**
 * call.connect: connects a caller's socket in its place, with the caller's rights, and not after the call was answered.
 */
import { execFileSync, spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { addon, type SocketTraits } from '../../lib/native.js';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import type { SpawnOptions } from '../../lib/sandbox/options/types.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';
import { everything } from '../support/profiles.js';
import { interpreter } from '../support/python.js';
import { hasCapability } from '../support/scripts.js';
import { threadsNamed } from '../support/threads.mjs';
import { until } from '../support/until.mjs';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-'));
chmodSync(directory, 0o755);
const servers: { kill(signal: 'SIGKILL'): boolean }[] = [];
afterAll(() => {
  for (const server of servers) server.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const mayBeOthers = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE'].every(hasCapability);
const NOT_OTHERS = 'this process may not act as another user';

type Connect = (call: NotifiedCall) => NotifyResponse | Promise<NotifyResponse>;
const connects: Connect = (call) => call.connect(call.readSockaddr(1));

/** Starts a Python program whose connect(2) calls a handler answers. */
const python = (script: string, connect: Connect, options: SpawnOptions = {}) =>
  spawn(interpreter(), ['-S', '-c', `import os, socket, struct, sys, threading\n${script}`], everything, {
    notify: { connect },
    ...options,
  });

const printed = async (script: string, connect: Connect = connects, options: SpawnOptions = {}) => {
  const child = python(script, connect, options).on('handlerError', () => {}); // The call is denied.
  const { stdout, stderr } = await finish(child);
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
};

/** Starts a Python program without a profile, and waits for its first line. It ends with the tests. */
async function beside(script: string): Promise<{ first: string; lines: AsyncIterator<string> }> {
  const child = nodeSpawn(interpreter(), ['-S', '-c', `import os, socket, struct, sys\n${script}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  servers.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { first: (await lines.next()).value, lines };
}

/** A port at which connect(2) blocks: the queue of its server has one place, which is taken, so SYNs are dropped. */
async function fullPort(): Promise<number> {
  const { first } = await beside(`server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(0)
queued = [socket.socket() for i in range(3)]
for client in queued: client.setblocking(False); client.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True); sys.stdin.read()`);
  return Number(first);
}

/** Makes a local socket at which connect(2) blocks. */
const makeFullPath = (path: string) =>
  beside(`server = socket.socket(socket.AF_UNIX); server.bind('${path}'); server.listen(0)
queued = []
while True:
  queued.append(socket.socket(socket.AF_UNIX))
  queued[-1].setblocking(False)
  if queued[-1].connect_ex('${path}') == 11: break
print('ready', flush=True); sys.stdin.read()`);

/** The number of this process's threads that connect. */
const connecting = () => threadsNamed('seccomp-connect');
const noneConnects = () => until(() => connecting() === 0);

/** The state of a TCP socket, the first byte of TCP_INFO: 1 is established, 2 SYN_SENT, 7 closed. */
const STATE = 's.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]';

async function withServer<Result>(use: (port: number, ends: Promise<void>) => Promise<Result>): Promise<Result> {
  let end = () => {};
  const ends = new Promise<void>((resolve) => {
    end = resolve;
  });
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .on('close', () => end())
      .resume(),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    return await use((server.address() as AddressInfo).port, ends);
  } finally {
    server.close();
  }
}

describe('connections that take long', () => {
  test('delay neither file operations nor connections of other children', async () => {
    const port = await fullPort();
    let calls = 0;
    let answered = 0;
    let all = () => {};
    const allCalled = new Promise<void>((resolve) => {
      all = resolve;
    });
    const script = `
def connect(): socket.socket().connect_ex(('127.0.0.1', ${port}))
for i in range(70): threading.Thread(target=connect, daemon=True).start()
sys.stdin.read()
os._exit(0)`;
    const child = python(script, async (call) => {
      const answer = call.connect(call.readSockaddr(1));
      if (++calls === 70) all();
      await answer;
      answered++;
      return answer;
    });
    const exit = once(child, 'exit');
    await allCalled;
    await readFile('/proc/self/status');
    const quick = (to: number) => `print(socket.socket().connect_ex(('127.0.0.1', ${to})))`;
    expect(await withServer((to) => printed(quick(to)))).toEqual(['0']);
    expect(answered).toBe(0);
    await until(() => connecting() === 4); // The thread of the other connection may still be ending.
    child.kill('SIGKILL');
    await exit;
    await noneConnects();
  });

  test('are given up when the call is denied, and the socket is unchanged', async () => {
    const port = await fullPort();
    const script = `s = socket.socket()\nprint(s.connect_ex(('127.0.0.1', ${port})), ${STATE})`;
    expect(await printed(script, connects, { notifyTimeout: 50 })).toEqual(['1 7']); // The server never answers.
    const another: Connect = async (call) => {
      void call.connect(call.readSockaddr(1));
      await until(() => connecting() === 1);
      return call.deny('EACCES');
    };
    expect(await printed(script, another)).toEqual(['13 7']);
    await noneConnects();
  });

  test('to a local socket are given up too', async () => {
    const path = join(directory, 'full');
    await makeFullPath(path);
    const script = `print(socket.socket(socket.AF_UNIX).connect_ex('${path}'))`;
    expect(await printed(script, connects, { notifyTimeout: 50 })).toEqual(['1']); // The server never accepts.
    await noneConnects();
  });

  test('are given up when their caller is killed', async () => {
    const port = await fullPort();
    const answers: Promise<NotifyResponse>[] = [];
    const child = python(`socket.socket().connect_ex(('127.0.0.1', ${port}))`, (call) => {
      const answer = call.connect(call.readSockaddr(1));
      answers.push(answer);
      return answer;
    });
    const exit = once(child, 'exit');
    await until(() => connecting() === 1);
    child.kill('SIGKILL');
    await exit;
    await noneConnects();
    expect((await Promise.all(answers)).map(({ errno }) => errno)).toEqual([2]);
  });

  test('are given up when their caller is killed, but not its parent under the same filter', async () => {
    const port = await fullPort();
    const script = `
child = os.fork()
if child == 0: socket.socket().connect_ex(('127.0.0.1', ${port})); os._exit(0)
os.waitpid(child, 0)
sys.stdin.readline()
print('went on')`;
    const callers: number[] = [];
    const handler: Connect = (call) => {
      callers.push(Number(call.tid));
      return call.connect(call.readSockaddr(1));
    };
    const child = python(script, handler, { notifyTimeout: 600_000 });
    await until(() => connecting() === 1);
    for (const pid of callers) process.kill(pid, 'SIGKILL');
    await noneConnects();
    child.stdin?.end('\n');
    expect((await finish(child)).stdout).toBe('went on\n');
  });

  test('that had not begun when their call was denied are never made', async () => {
    const port = await fullPort();
    await withServer(async (good) => {
      const script = `
def connect(): socket.socket().connect_ex(('127.0.0.1', ${port}))
for i in range(4): threading.Thread(target=connect, daemon=True).start()
sys.stdin.readline()
s = socket.socket()
print(s.connect_ex(('127.0.0.1', ${good})), ${STATE}, flush=True)
os._exit(0)`;
      const child = python(script, (call) => {
        const address = call.readSockaddr(1);
        const isLast = 'port' in address && address.port === good;
        const connection = call.connect(address);
        return isLast ? call.deny('EACCES') : connection;
      });
      await until(() => connecting() === 4);
      child.stdin?.end('\n');
      expect((await finish(child)).stdout).toBe('13 7\n');
    });
    await noneConnects();
  });
});

describe('a connection', () => {
  test('that was made before its call is denied is closed', async () => {
    await withServer(async (port, ends) => {
      const script = `s = socket.socket()\nprint(s.connect_ex(('127.0.0.1', ${port})), ${STATE})`;
      const denies: Connect = async (call) => {
        expect((await call.connect(call.readSockaddr(1))).errno).toBe(0);
        return call.deny('EACCES');
      };
      expect(await printed(script, denies)).toEqual(['13 7']);
      await ends;
    });
  });

  test('keeps the errno, and the mode of the socket', async () => {
    await withServer(async (port) => {
      const script = `
free = socket.socket(); free.bind(('127.0.0.1', 0)); gone = free.getsockname(); free.close()
print(socket.socket().connect_ex(gone))
import select
s = socket.socket(); s.setblocking(False)
first = s.connect_ex(('127.0.0.1', ${port}))
select.select([], [s], [])
print(first in (0, 115), s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), os.get_blocking(s.fileno()), ${STATE})
s = socket.socket()
print(s.connect_ex(('127.0.0.1', ${port})), os.get_blocking(s.fileno()), ${STATE}, s.connect_ex(('127.0.0.1', ${port})), ${STATE})`;
      expect(await printed(script)).toEqual(['111', 'True 0 False 1', '0 True 1 106 1']);
    });
  });

  test('ends at the timeout of the socket', async () => {
    const port = await fullPort();
    // The kernel's timeout is the subject. It is certain, as the server never answers.
    const script = `s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 0, 250000))
print(s.connect_ex(('127.0.0.1', ${port})))`;
    expect(await printed(script)).toEqual(['115']);
  });

  test('is made only once for a call', async () => {
    await withServer(async (port) => {
      const answers: NotifyResponse[] = [];
      const twice: Connect = async (call) => {
        const both = [call.connect(call.readSockaddr(1)), call.connect(call.readSockaddr(1))] as const;
        answers.push(...(await Promise.all(both)));
        return both[0];
      };
      expect(await printed(`print(socket.socket().connect_ex(('127.0.0.1', ${port})))`, twice)).toEqual(['0']);
      expect(answers.map(({ errno }) => errno)).toEqual([0, 114]);
    });
  });

  test.each([
    ['of another family', 's = socket.socket(socket.AF_UNIX)', 97],
    ['that is not a socket', "s = open('/dev/null')", 88],
  ])('of a descriptor %s is refused', async (_, make, errno) => {
    const script = `${make}
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
address = struct.pack('=H', socket.AF_INET) + struct.pack('>H', 1) + bytes([127, 0, 0, 1]) + bytes(8)
print(libc.connect(s.fileno(), address, len(address)), ctypes.get_errno())`;
    expect(await printed(script)).toEqual([`-1 ${errno}`]);
  });

  test('of a descriptor that another thread replaces with one of another family is refused', async () => {
    await withServer(async (port) => {
      const script = `
s = socket.socket()
def replace():
  sys.stdin.readline()
  other = socket.socket(socket.AF_UNIX)
  os.dup2(other.fileno(), s.fileno())
  os.write(1, b'replaced\\n')
threading.Thread(target=replace).start()
print(s.connect_ex(('127.0.0.1', ${port})))`;
      const child = python(script, async (call) => {
        const address = call.readSockaddr(1);
        child.stdin?.end('\n');
        await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
        return call.connect(address);
      });
      expect((await finish(child)).stdout).toBe('replaced\n97\n');
    });
  });

  test('is not made to an address whose memory JavaScript takes away while the arguments are read', async () => {
    const [native, connect] = [addon(), addon().connect];
    const spy = vi.spyOn(native, 'connect').mockImplementationOnce((...[listener, id, tid, fd, address]) => {
      const bytes = Uint8Array.from(address);
      const seen: SocketTraits = Object.defineProperty([2, 1, 0], 0, {
        get: () => {
          new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer] })).fill(0); // AF_UNSPEC
          return 2;
        },
      });
      return connect(listener, id, tid, fd, bytes, seen);
    });
    expect(await printed("print(socket.socket().connect_ex(('127.0.0.1', 1)))")).toEqual(['22']);
    expect(spy).toHaveBeenCalledOnce();
    spy.mockRestore();
  });

  test('is made only if the socket is of the kind that the handler saw', async () => {
    await withServer(async (port) => {
      const script = `
s = socket.socket()
def replace():
  sys.stdin.readline()
  other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
  os.dup2(other.fileno(), s.fileno())
  os.write(1, b'replaced\\n')
threading.Thread(target=replace).start()
print(socket.socket().connect_ex(('127.0.0.1', ${port})), flush=True)
print(s.connect_ex(('127.0.0.1', ${port})))`;
      const seen: unknown[] = [];
      const child = python(script, async (call) => {
        seen.push(call.socket(0));
        if (seen.length === 2) {
          const replaced = once(child.stdout as NonNullable<typeof child.stdout>, 'data');
          child.stdin?.end('\n');
          await replaced;
        }
        return call.connect(call.readSockaddr(1));
      });
      expect((await finish(child)).stdout).toBe('0\nreplaced\n9\n');
      expect(seen).toEqual(Array(2).fill({ domain: 2, type: 1, protocol: 6 }));
    });
  });

  test('cannot be made without a socket: call.socket throws', async () => {
    const codes: unknown[] = [];
    const looks: Connect = (call) => {
      try {
        call.socket(0);
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      }
      return call.deny('EACCES');
    };
    await printed(
      "import ctypes\nfor fd in os.open('/dev/null', 0), 99: ctypes.CDLL(None).connect(fd, bytes(16), 16)",
      looks,
    );
    expect(codes).toEqual(['ENOTSOCK', 'EBADF']);
  });

  test('of a datagram socket can be dissolved and made again', async () => {
    const script = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
none = struct.pack('=H', socket.AF_UNSPEC) + bytes(14)
print(s.connect_ex(('::1', 9)), libc.connect(s.fileno(), none, len(none)), s.connect_ex(('::1', 9)))`;
    expect(await printed(script)).toEqual(['0 0 0']);
  });
});

/** A local socket that prints the user and group of each connection. */
const SAYS_WHO = `
while True:
  client = server.accept()[0]
  print(*struct.unpack('iII', client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:], flush=True)`;
const saysWho = (path: string, mode: number) =>
  beside(`server = socket.socket(socket.AF_UNIX); server.bind(${path}); server.listen(9)
if ${path}[0] != '\\0': os.chmod(${path}, ${mode})
print('ready', flush=True)${SAYS_WHO}`);

describe('a connection to a local socket', () => {
  test('is resolved from the caller’s working directory', async () => {
    const cwd = join(directory, 'directory');
    mkdirSync(cwd);
    const { lines } = await saysWho(`'${cwd}/socket'`, 0o777);
    const script = `
for path in 'socket', '../directory/socket', '${cwd}/socket', 'nothing':
  print(socket.socket(socket.AF_UNIX).connect_ex(path))`;
    expect(await printed(script, connects, { cwd })).toEqual(['0', '0', '0', '2']);
    const who = `${process.getuid?.()} ${process.getgid?.()}`;
    for (let i = 0; i < 3; i++) expect((await lines.next()).value).toBe(who);
  });

  test('is made as the caller’s user and groups, or not at all', async ({ skip }) => {
    if (!mayBeOthers) skip(NOT_OTHERS);
    const [open, closed, group] = ['open', 'closed', 'group'].map((name) => join(directory, name));
    const { lines } = await saysWho(`'${open}'`, 0o777);
    await saysWho(`'${closed}'`, 0o700);
    await saysWho(`'${group}'`, 0o770);
    execFileSync('chgrp', ['4242', group ?? '']);
    const abstract = `\\0seccomp-${process.pid}`;
    const byName = await saysWho(`'${abstract}'`, 0);
    const script = `
for groups in [], [4242]:
  if os.geteuid() == 0: os.setgroups(groups)
  for path in '${open}', '${closed}', '${group}', '${abstract}':
    child = os.fork()
    if child == 0:
      os.setgid(65533); os.setuid(65534)
      print(socket.socket(socket.AF_UNIX).connect_ex(path), flush=True)
      os._exit(0)
    os.waitpid(child, 0)`;
    expect(await printed(script)).toEqual(['0', '13', '13', '0', '0', '13', '0', '0']);
    for (const each of [lines, byName.lines]) expect((await each.next()).value).toBe('65534 65533');
  });

  test('is refused to a caller whose filesystem user or group is not the effective one', async ({ skip }) => {
    if (process.getuid?.() !== 0 || !mayBeOthers) skip(NOT_OTHERS);
    const path = join(directory, 'filesystem-ids');
    await saysWho(`'${path}'`, 0o777);
    const script = `
import ctypes
libc = ctypes.CDLL(None)
connect = lambda: socket.socket(socket.AF_UNIX).connect_ex('${path}')
errors = [connect()]
for change in libc.setfsuid, libc.setfsgid:
  change(65534)
  errors.append(connect())
  change(0)
print(*errors, connect())`;
    expect(await printed(script)).toEqual(['0 13 13 0']);
  });

  test('is made without the capabilities that the caller lacks', async ({ skip }) => {
    if (process.getuid?.() !== 0 || !mayBeOthers) skip(NOT_OTHERS);
    const path = join(directory, 'of-another');
    await saysWho(`'${path}'`, 0o700);
    execFileSync('chown', ['65534:65534', path]);
    const script = `print(socket.socket(socket.AF_UNIX).connect_ex('${path}'))`;
    expect(await printed(script)).toEqual(['0']);
    expect(await printed(script, connects, { capabilities: [] })).toEqual(['13']);
  });

  test('is resolved in the caller’s root, and not through a link that leads out of it', async ({ skip }) => {
    if (!mayBeOthers) skip(NOT_OTHERS);
    const root = join(directory, 'root');
    mkdirSync(root);
    await saysWho(`'${root}/inside'`, 0o777);
    await saysWho(`'${directory}/outside'`, 0o777);
    const script = `
os.chroot('${root}'); os.chdir('/')
for path in '/inside', 'inside', '../../inside', '${root}/inside', '../outside':
  print(socket.socket(socket.AF_UNIX).connect_ex(path))`;
    expect(await printed(script)).toEqual(['0', '0', '0', '2', '2']);
    const links = `print(socket.socket(socket.AF_UNIX).connect_ex('/proc/self/root${directory}/outside'))`;
    expect(await printed(links)).toEqual(['40']);
  });

  test('that waits until others have ended is made with the caller’s rights alone, as the others are', async ({
    skip,
  }) => {
    if (!mayBeOthers) skip(NOT_OTHERS);
    const root = join(directory, 'queue');
    mkdirSync(root);
    await saysWho(`'${root}/inside'`, 0o777);
    const script = `
os.chroot('${root}'); os.chdir('/')
errors = []
def connect(): errors.append(socket.socket(socket.AF_UNIX).connect_ex('/inside'))
threads = [threading.Thread(target=connect) for i in range(24)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*sorted(errors))`;
    expect(await printed(script)).toEqual([Array(24).fill(0).join(' ')]);
  });

  test('of a caller in another user namespace is refused', async ({ skip }) => {
    const path = join(directory, 'namespace');
    await saysWho(`'${path}'`, 0o777);
    const script = `
import ctypes
if ctypes.CDLL(None).unshare(0x10000000) != 0: print('none'); sys.exit()
print(socket.socket(socket.AF_UNIX).connect_ex('${path}'))`;
    const [errno] = await printed(script);
    if (errno === 'none') skip('no user namespaces');
    expect(errno).toBe('13');
  });

  test('leaves this process’s user, directory and dumpable flag as they were', async ({ skip }) => {
    if (process.getuid?.() !== 0 || !mayBeOthers) skip(NOT_OTHERS);
    const path = join(directory, 'flag');
    await saysWho(`'${path}'`, 0o777);
    const script = fileURLToPath(new URL('as-before.mjs', import.meta.url));
    const capabilities = ['--inh-caps', '--ambient-caps'].map(
      (set) => `${set}=+setuid,+setgid,+dac_override,+sys_chroot,+sys_ptrace`,
    );
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    const args = [...user, ...capabilities, process.execPath, script, interpreter(), path];
    expect(await finish(nodeSpawn('setpriv', args))).toMatchObject({ stdout: '0\ntrue\n', stderr: '' });
  });
});
