/**
 * A child that makes its parent wait when one of its calls is answered or reported: another child's call is answered meanwhile,
 * and what is to end the first one does.
 */
import { once } from 'node:events';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import type { Handlers } from '../../lib/notify/handlers.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { compileC } from '../support/compile-c.js';
import { hasCapability } from '../support/scripts.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder('seccomp-waiting-');
chmodSync(folder, 0o755);
const program = join(folder, 'waiting');
let obstacle: string | undefined;
beforeAll(() => {
  try {
    copyFileSync(compileC('../adversary/waiting.c', ['-pthread']), program);
  } catch (error) {
    obstacle = `no C compiler: ${String(error).slice(0, 80)}`;
  }
});

/** Handlers that look at what the caller could have made. */
const HANDLERS: Handlers = {
  mkdir: (call) => {
    call.readString(0);
    return call.deny('EXDEV');
  },
  shutdown: async (call) => {
    call.socket(0);
    await sleep(200); // The caller closes its own descriptor meanwhile.
    return call.deny('EXDEV');
  },
  connect: (call) => {
    const address = call.readSockaddr(1);
    if (address.family !== 'unix') call.socket(0);
    return call.connect(address);
  },
};
const HANDLED = 'linger queue fuse-memory threads fuse-file fuse-socket userfaultfd mapping stopped exec'.split(' ');
/** The ways in which a report, which names a file, can be made to wait. */
const REPORTED = ['fuse-memory', 'fuse-path', 'userfaultfd', 'mapping'];

/** What a caller prints that is answered EXDEV. */
const ANSWERED_LINES = /^ready\n(Invalid cross|Cross)-device link\n$/;

const ALLOW: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW' };
const DENYING: ProfileDocument = {
  ...ALLOW,
  syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errno: 'EXDEV' }],
};
const NOTIFYING: ProfileDocument = {
  ...ALLOW,
  syscalls: [{ names: Object.keys(HANDLERS), action: 'SCMP_ACT_NOTIFY' }],
};

/** A listener of `handlerError`. */
type OnError = (error: unknown, call: { readonly tid: number | null }) => void;

/** How calls are answered, and what is to be closed at the end. */
interface Answering extends Partial<AsyncDisposable> {
  readonly profile: ProfileDocument;
  readonly options?: object;
}

function byAgent(onError: OnError): Answering {
  const agent = listen(join(folder, 'agent'), HANDLERS).on('handlerError', onError);
  agent.on('refused', (error) => console.error(error)); // Its calls return ENOSYS then.
  const close = () => agent.close();
  return { profile: { ...NOTIFYING, listenerPath: agent.path }, [Symbol.asyncDispose]: close };
}

const ANSWERED: readonly (readonly [how: string, ways: readonly string[], begin: (onError: OnError) => Answering])[] = [
  ['by a handler', HANDLED, () => ({ profile: ALLOW, options: { notify: HANDLERS } })],
  ['by an agent', HANDLED, byAgent],
  ['by its filter, and reported', REPORTED, () => ({ profile: DENYING, options: { onViolation: true } })],
];

const USERS = [
  { who: 'the same user', user: {} },
  { who: 'another user', user: { uid: 65534, gid: 65534, cwd: '/' } },
];
const CALLERS = ANSWERED.flatMap(([how, ways, begin]) => USERS.map((each) => ({ how, ways, begin, ...each })));

describe.each(CALLERS)('a call by $who that is answered $how', ({ ways, begin, user }) => {
  test.for(ways)('and that makes its parent wait by %s keeps no other waiting', async (way, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    skip('uid' in user && process.getuid?.() !== 0, 'needs root');
    skip('uid' in user && ways !== REPORTED && !hasCapability('CAP_SYS_PTRACE'), 'needs CAP_SYS_PTRACE');
    /** The processes whose caller could not be looked at in time. */
    const late = new Set<number | null>();
    const onError: OnError = (error, { tid }) => {
      if (error instanceof Error && Object(error).code === 'ETIMEDOUT') late.add(tid);
    };
    const { profile, options, [Symbol.asyncDispose]: close } = begin(onError);
    const start = (each: string) => {
      const stdio = ['ignore', 'pipe', 'inherit'] as const;
      const child = spawn(program, [each], profile, { stdio, descendants: 'kill', ...options, ...user });
      return child.on('handlerError', onError);
    };
    const hostile = start(way);
    try {
      const [line] = await once(createInterface(hostile.stdout), 'line');
      skip(line !== 'ready', line);
      // A call is also denied if the machine is too busy to look at its caller in time. That passes; what the other does, does not.
      const answer = async (more = 20): Promise<string> => {
        const plain = start('plain');
        const lines = await text(plain.stdout);
        return late.has(plain.pid ?? null) && more > 0 ? answer(more - 1) : lines;
      };
      expect(await answer()).toMatch(ANSWERED_LINES);
      await sleep(300); // What the first call has left is closed.
      expect(await answer()).toMatch(ANSWERED_LINES);
    } finally {
      hostile.killTree('SIGKILL');
      await hostile.treeEnded;
      await close?.();
    }
  });
});

test.for(REPORTED)(
  'a report that is kept waiting by %s keeps no timeout from ending its child',
  async (way, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const options = { timeout: 500, onViolation: true } as const;
    const { stdout, limit } = spawnSync(program, [way], DENYING, { ...options, encoding: 'utf8' });
    skip(!stdout.startsWith('ready'), stdout);
    expect(limit).toBe('time');
    await expect(run(program, [way], DENYING, options)).rejects.toMatchObject({ limit: 'time' });
  },
);
