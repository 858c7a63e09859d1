/** Descriptors that the launcher hands over, which is not started here: sockets, and the channel for messages. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addon, CHANNEL, launcherFile, NONE, NULL, SOCKET } from '../../../lib/native.js';
import { openStdio, refuseChannel } from '../../../lib/sandbox/child/stdio.js';

vi.mock(import('node:child_process'), async (original) => ({ ...(await original()), spawn: vi.fn() }));

const { EMFILE, ECONNRESET } = constants.errno;
const HANDOVER = 50;
const RECEIVED = 60;
const TEXT = 'NODE_CHANNEL_FD=3\0NODE_CHANNEL_SERIALIZATION_MODE=json\0A=NODE_CHANNEL_=b\0NODE_CHANNEL_X=a=b';

/** A launcher, and what is done with it. */
class Launcher extends EventEmitter {
  readonly done: string[] = [];
  connected = true;
  readonly stdio: readonly unknown[];

  constructor(stdio: readonly unknown[]) {
    super();
    this.stdio = stdio.map((entry) => {
      if (entry !== 'pipe') return null;
      const pipe = new Socket();
      vi.spyOn(pipe, 'destroy').mockImplementation(() => {
        this.done.push('destroy');
        return pipe;
      });
      vi.spyOn(pipe, 'unref').mockImplementation(() => {
        this.done.push('unref pipe');
        return pipe;
      });
      return pipe;
    });
  }
  unref = () => void this.done.push('unref');
  ref = () => void this.done.push('ref');
  disconnect = () => void this.done.push('disconnect');
}

let launchers: Launcher[] = [];
let natives: { openHandover: unknown[]; receive: unknown[]; giveBack: unknown[] };

beforeEach(() => {
  launchers = [];
  vi.mocked(spawn)
    .mockReset()
    .mockImplementation(((_: string, __: string[], { stdio }: { stdio: unknown[] }) => {
      const launcher = new Launcher(stdio);
      launchers.push(launcher);
      return launcher as unknown as ChildProcess;
    }) as never);
  const open = vi.spyOn(addon(), 'openHandover').mockReset().mockReturnValue(HANDOVER);
  const receive = vi.spyOn(addon(), 'receive').mockReset().mockReturnValue({ descriptor: RECEIVED, text: TEXT });
  const giveBack = vi
    .spyOn(addon(), 'giveBack')
    .mockReset()
    .mockImplementation(() => {});
  natives = { openHandover: open.mock.calls, receive: receive.mock.calls, giveBack: giveBack.mock.calls };
});
afterEach(() => {
  vi.restoreAllMocks();
});

const WITH_CHANNEL = ['ignore', 'pipe', 'inherit', 'ipc'] as const;
const HANDLES = { handles: true };

test('a channel is made by the addon, at its place, with the variables that name it', () => {
  const { descriptors, channel } = openStdio(['ignore', 'ipc'], 'spawn', { serialization: 'advanced' });
  expect(descriptors).toEqual([NULL, CHANNEL, SOCKET]);
  expect({ ...channel?.variables }).toEqual({ NODE_CHANNEL_FD: '1', NODE_CHANNEL_SERIALIZATION_MODE: 'advanced' });
  expect(vi.mocked(spawn)).not.toHaveBeenCalled();
});

describe('a channel for handles', () => {
  test('is made by Node for the launcher, and handed over at its place, with the variables that name it', () => {
    const { descriptors, channel } = openStdio(WITH_CHANNEL, 'spawn', { serialization: 'advanced', handles: true });
    expect(descriptors).toEqual([NULL, SOCKET, 2, RECEIVED]);
    const [command, args, options] = vi.mocked(spawn).mock.calls[0] ?? expect.fail('no launcher');
    expect([command, args, { ...options, env: { ...options.env } }]).toEqual([
      ...[launcherFile(), ['3']],
      { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc', HANDOVER, 'pipe'], serialization: 'advanced' },
    ]);
    expect({ ...channel?.variables }).toEqual({
      ...{ NODE_CHANNEL_FD: '3', NODE_CHANNEL_SERIALIZATION_MODE: 'json', NODE_CHANNEL_X: 'a=b' },
    });
    expect([channel?.descriptor, launchers[0]?.done]).toEqual([RECEIVED, ['unref', 'unref pipe']]);
  });

  test('may be handed over by descriptor 0', () => {
    vi.spyOn(addon(), 'openHandover').mockReturnValue(0);
    expect(openStdio(WITH_CHANNEL, 'spawn', HANDLES).descriptors).toEqual([NULL, SOCKET, 2, RECEIVED]);
    expect(vi.mocked(spawn).mock.calls[0]?.[2]).toMatchObject({
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', 0, 'pipe'],
    });
  });

  test('may be at any place', () => {
    const { descriptors } = openStdio(['ipc'], 'spawn', HANDLES);
    expect(descriptors).toEqual([RECEIVED, SOCKET, SOCKET]);
    expect(vi.mocked(spawn).mock.calls[0]?.[2]).toMatchObject({ stdio: ['ipc', HANDOVER, 'pipe'] });
  });

  test('keeps the launcher as long as the child', () => {
    const { channel } = openStdio(WITH_CHANNEL, 'spawn', HANDLES);
    const launcher = launchers[0] ?? expect.fail('no launcher');
    launcher.done.length = 0;
    channel?.childEnded(() => launcher.done.push('reported'));
    expect(launcher.done).toEqual(['ref', 'destroy', 'reported']);
  });

  test.each([true, false])('of a child that was not started is closed, if it still is open: %s', (connected) => {
    const { channel } = openStdio(WITH_CHANNEL, 'spawn', HANDLES);
    const launcher = launchers[0] ?? expect.fail('no launcher');
    Object.assign(launcher, { connected }).done.length = 0;
    channel?.close();
    expect(launcher.done).toEqual(connected ? ['destroy', 'disconnect'] : ['destroy']);
  });

  test('reports the errors of its own child only: a launcher that is not started hands nothing over', () => {
    openStdio(WITH_CHANNEL, 'spawn', HANDLES);
    expect(() => launchers[0]?.emit('error', new Error('ENOENT'))).not.toThrow();
  });
});

describe('a socket', () => {
  test('is handed over as a duplicate, and the launcher ends', () => {
    const socket = new Socket();
    const { descriptors, channel } = openStdio(['ignore', 'pipe', socket, 'ignore'], 'spawn');
    expect([descriptors, channel]).toEqual([[NULL, SOCKET, RECEIVED, NONE], undefined]);
    expect(vi.mocked(spawn).mock.calls[0]?.[1]).toEqual(['2']);
    expect(vi.mocked(spawn).mock.calls[0]?.[2]).toMatchObject({
      ...{ stdio: ['ignore', 'ignore', socket, HANDOVER, 'pipe'], serialization: undefined },
    });
    expect(launchers[0]?.done).toContain('destroy');
  });

  test('beside a channel is handed over first', () => {
    openStdio(['ipc', new Socket()], 'spawn', HANDLES);
    expect(vi.mocked(spawn).mock.calls.map(([, args]) => args)).toEqual([['1'], ['0']]);
  });
});

describe('what was handed over', () => {
  test.each<[string, readonly unknown[] | string, number]>([
    ['a channel', WITH_CHANNEL, 1],
    ['a socket', [new Socket()], 1],
    ['nothing', ['ignore', 5, { fd: 6 }], 0],
    ['nothing', 'pipe', 0],
  ])('is given back when the child has it: %s', (_, stdio, times) => {
    const { release } = openStdio(stdio, 'spawn', HANDLES);
    expect(natives.giveBack).toEqual([]);
    release();
    expect(natives.giveBack).toHaveLength(times);
  });

  test('is given back if another entry is refused', () => {
    expect(() => openStdio([new Socket(), 'pipes'], 'spawn')).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_SYNC_FORK_INPUT' }),
    );
    expect(natives.giveBack).toHaveLength(1);
    expect(() => openStdio([{}, 'pipe'], 'spawn')).toThrow();
    expect(natives.giveBack).toHaveLength(1);
  });

  test('is nothing if there are no more descriptors', () => {
    vi.spyOn(addon(), 'openHandover').mockReturnValue(-EMFILE);
    expect(() => openStdio(WITH_CHANNEL, 'spawn', HANDLES)).toThrow(
      expect.objectContaining({
        code: 'ERR_SECCOMP_UNSUPPORTED',
        message: `options.stdio[3]: can't be passed on to the program (EMFILE): seccomp-launch, which does that, must be executable, and this process may have too many descriptors`,
      }),
    );
    expect([vi.mocked(spawn).mock.calls, natives.giveBack.length]).toEqual([[], 1]);
  });

  test.each([true, false])('is nothing if the launcher fails, whose channel is closed: %s', (isConnected) => {
    vi.spyOn(addon(), 'receive').mockImplementation(() => {
      Object.assign(launchers[0] ?? {}, { connected: isConnected });
      return ECONNRESET;
    });
    expect(() => openStdio(WITH_CHANNEL, 'spawn', HANDLES)).toThrow(
      "options.stdio[3]: can't be passed on to the program (ECONNRESET)",
    );
    expect(launchers[0]?.done.filter((each) => !each.startsWith('unref'))).toEqual(
      isConnected ? ['destroy', 'disconnect'] : ['destroy'],
    );
  });

  test('is nothing if Node refuses to start the launcher', () => {
    vi.mocked(spawn).mockImplementation(() => {
      throw new RangeError('refused');
    });
    expect(() => openStdio(WITH_CHANNEL, 'spawn', HANDLES)).toThrow(new RangeError('refused'));
    expect([natives.receive.length, natives.giveBack.length]).toEqual([1, 1]);
  });
});

test.each([
  [
    'run',
    [1],
    'ERR_SECCOMP_OPTION',
    /^options\.stdio\[1\]: "ipc" is not for run: its promise has no channel: use spawn$/,
  ],
  ['record', [1], 'ERR_SECCOMP_OPTION', /^options\.stdio\[1\]: "ipc" is not for record: .* use "ignore", or spawn$/],
  ['spawnSync', [1], 'ERR_IPC_SYNC_FORK', /^IPC cannot be used with synchronous forks$/],
  ['spawn', [1, 2], 'ERR_IPC_ONE_PIPE', /^Child process can have only one IPC pipe$/],
  ['spawn', [1], undefined, /./],
  ['execve', [1], undefined, /./],
] as const)('%s refuses channels at %j: %s', (by, places, code, message) => {
  const entries = ['pipe', 'pipe', 'pipe'].map((entry, i) =>
    (places as readonly number[]).includes(i) ? 'ipc' : entry,
  );
  const refuse = () => refuseChannel(entries, 1, by);
  if (code === undefined) expect(refuse).not.toThrow();
  else expect(refuse).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  if (code !== undefined) expect(() => openStdio(entries, by)).toThrow(message);
});
