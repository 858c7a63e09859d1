/** A program under `untrusted`, which tries what a program that nobody has read could. */
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { thisHost } from '../../lib/host.js';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { run } from '../../lib/sandbox/run.js';
import { syscallNumber } from '../../lib/syscalls/table.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';

const NOBODY = 65_534;
const own = process.getuid?.() ?? 0;
const CHILDREN = own === 0 ? [{}, { uid: NOBODY, gid: NOBODY }] : [{}];
const home = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-untrusted-')));
const work = join(home, 'work');
const outside = join(tmpdir(), `seccomp-outside-${process.pid}`);
const abstract = `seccomp-untrusted-${process.pid}`;
const VARIABLE = 'SECCOMP_TEST_SECRET';
const PYTHON = '/usr/bin/python3';
const MARK = `marked-${process.pid}`;

/** What a program achieves whose user is another one than its parent's. */
const OF_ANYBODY = [
  'read a secret',
  'read a directory beside its own',
  'write its directory',
  'remove its input',
  'write beside its own directory',
  'write a file in /tmp',
  'see a variable',
  'share memory by a key',
  'send messages by a key',
  'share semaphores by a key',
  'share memory by a name',
  'connect by TCP',
  'send a datagram',
  'connect a Unix socket',
  'connect an abstract socket',
  'listen',
  'dump core',
];
const OF_THE_SAME_USER = [
  ...OF_ANYBODY,
  'read the environment of its parent',
  'read the memory map of its parent',
  'list the descriptors of its parent',
  'signal its parent',
  'limit its parent',
  'slow its parent',
  'move its parent to a CPU',
  'lower the I/O priority of its parent',
];

const tcp = createServer((socket) => socket.destroy());
const unix = createServer((socket) => socket.destroy());
const hidden = createServer((socket) => socket.destroy());

beforeAll(async () => {
  tcp.listen(0, '127.0.0.1');
  unix.listen(join(home, 'socket'));
  hidden.listen(`\0${abstract}`);
  await Promise.all([tcp, unix, hidden].map((server) => once(server, 'listening')));
  chmodSync(join(home, 'socket'), 0o777);
  process.env[VARIABLE] = 'secret';
});
afterAll(() => {
  for (const server of [tcp, unix, hidden]) server.close();
  delete process.env[VARIABLE];
  rmSync(home, { recursive: true, force: true });
  rmSync(outside, { force: true });
});

/** Would change all processes of the user, so it is only tried where it is denied. */
const OF_ALL_PROCESSES = 'slow all processes of its user';

/** What the program achieves, and whether it has left a process. */
async function achievedBy(
  ids: object,
  isRestricted: boolean,
): Promise<{ readonly achieved: readonly string[]; readonly isLeft: boolean }> {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  const plan = {
    parent: process.pid,
    secret: join(home, 'secret'),
    outside,
    variable: VARIABLE,
    port: (tcp.address() as AddressInfo).port,
    socket: join(home, 'socket'),
    abstract,
    ioprio_set: syscallNumber(thisHost().abi, 'ioprio_set'),
    mark: MARK,
    outlives: isRestricted,
    without: isRestricted ? [] : [OF_ALL_PROCESSES],
  };
  writeFileSync(join(home, 'secret'), 'secret');
  writeFileSync(join(work, 'plan.json'), JSON.stringify(plan));
  writeFileSync(join(work, 'input'), 'input');
  copyFileSync(new URL('untrusted.py', import.meta.url), join(work, 'untrusted.py'));
  const { uid = own, gid = process.getgid?.() ?? 0 }: { uid?: number; gid?: number } = ids;
  if (own === 0)
    for (const path of [home, work, ...readdirSync(work).map((name) => join(work, name))]) chownSync(path, uid, gid);
  const options = { cwd: work, ...ids };
  const { stdout } = isRestricted
    ? await run(PYTHON, ['untrusted.py'], 'untrusted', options)
    : await run(PYTHON, ['untrusted.py'], 'unconfined', { ...options, descendants: 'leave' });
  for (const path of [outside, '/dev/shm/seccomp-untrusted', `${join(home, 'secret')}.new`])
    rmSync(path, { force: true });
  return { achieved: JSON.parse(stdout), isLeft: processes().some((command) => command.startsWith(MARK)) };
}

function processes(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return ''; // It has ended meanwhile.
      }
    });
}

const obstacle = obstacleTo(PYTHON) ?? isolationSupport().reason ?? undefined;

describeUnless(obstacle, 'a program that nobody has read', () => {
  test.each(CHILDREN)('with %o achieves something if it is not restricted', async (ids) => {
    const { achieved } = await achievedBy(ids, false);
    expect(achieved).toEqual(expect.arrayContaining(Object.hasOwn(ids, 'uid') ? OF_ANYBODY : OF_THE_SAME_USER));
  });

  test.each(CHILDREN)('with %o achieves nothing of that under untrusted, and leaves no process', async (ids) => {
    expect(await achievedBy(ids, true)).toEqual({ achieved: [], isLeft: false });
  });
});
