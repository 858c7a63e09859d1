/** The addon's own children: how they are signalled, and what is told of their end. */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { addon, launcherFile, type NativeChild, type NativeRequest, NONE, NULL, SOCKET } from '../../lib/native.js';

const { EINVAL, ESRCH } = constants.errno;
const { SIGKILL, SIGTERM } = constants.signals;
/** The last signal. */
const LAST = 64;
const allowed = { bytes: Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f), gate: [] };
const request: NativeRequest = {
  candidates: ['/bin/sh'],
  args: ['sh', '-c', 'exec sleep 60'],
  env: 'PATH=/usr/bin:/bin\0',
  detached: false,
  noNewPrivileges: true,
  stdio: [NULL, NULL, NULL],
  filters: [allowed],
  unconfined: false,
  filterFlags: 0,
};
const inGroup = { guarded: true, inProcessGroup: true };

function start(members: object = {}) {
  let exit = (_status: readonly unknown[]) => {};
  let end = (_status: unknown) => {};
  const exited = new Promise<readonly unknown[]>((resolve) => {
    exit = resolve;
  });
  const ended = new Promise<unknown>((resolve) => {
    end = resolve;
  });
  const child = addon().spawn({ ...request, ...members }, (code, signal) => exit([code, signal]), end);
  if ('error' in child) throw new Error(`${child.call}: ${child.error}`);
  return { child, exited, ended };
}

const script = (code: string, stdio: readonly number[] = request.stdio) => ({ args: ['sh', '-c', code], stdio });

/** The results of a signal's numbers that are none. */
const wrongSignals = (send: (signal: number) => number) =>
  [-1, LAST + 1, 0.5, '15', undefined].map((wrong) => Reflect.apply(send, undefined, [wrong]));
const REFUSED = Array(5).fill(EINVAL);

describe('a child', () => {
  test('tells its exit code, and nothing of a signal', async () => {
    const { child, exited } = start(script('exit 7'));
    expect(await exited).toEqual([7, null]);
    expect(child).toMatchObject({ pid: expect.any(Number), domainError: 0, sockets: [-1, -1, -1] });
    expect(child).not.toHaveProperty('tree');
  });

  test('takes signals until it has ended', async () => {
    const { child, exited } = start();
    const { watch } = child;
    expect(wrongSignals((signal) => watch.kill(signal))).toEqual(REFUSED);
    expect([watch.kill(0), watch.kill(LAST)]).toEqual([0, 0]);
    expect(await exited).toEqual([null, LAST]);
    expect([watch.kill(0), watch.killGroup(0), watch.kill(-1)]).toEqual([ESRCH, ESRCH, ESRCH]);
    expect([watch.ref(), watch.unref(), watch.end()]).toEqual([undefined, undefined, undefined]);
  });

  test('is killed and reaped by end, and tells nothing then', async () => {
    let hasExited = false;
    const { child, exited } = start();
    exited.then(() => {
      hasExited = true;
    });
    child.watch.end();
    expect([existsSync(`/proc/${child.pid}`), child.watch.kill(0)]).toEqual([false, ESRCH]);
    await start(script('exit 0')).exited;
    expect(hasExited).toBe(false);
  });

  test('has this process’s end of each socket, and only of these', async () => {
    const { child, exited } = start(script('exit 0', [NULL, SOCKET, NONE, SOCKET]));
    expect(child.sockets).toEqual([-1, expect.toSatisfy((fd) => fd > 2), -1, expect.toSatisfy((fd) => fd > 2)]);
    await exited;
    for (const fd of child.sockets) addon().closeSocket(fd);
  });
});

describe('a tree', () => {
  const startTree = (members: object = {}) => {
    expect(addon().openGuardian(launcherFile())).toBe(0);
    const { child, ...promises } = start({ ...inGroup, ...members });
    return { ...promises, child, tree: child.tree as NonNullable<NativeChild['tree']> };
  };

  test('takes signals until it has ended', async () => {
    const { child, tree, exited, ended } = startTree();
    expect(child.isGroup).toBe(true);
    expect([...wrongSignals((signal) => tree.signal(signal)), tree.signal(0)]).toEqual([...REFUSED, EINVAL]);
    expect(tree.signal(LAST)).toBe(0);
    expect([await exited, await ended]).toEqual([[null, LAST], 0]);
    expect([tree.signal(SIGTERM), tree.signal(LAST + 1)]).toEqual([ESRCH, EINVAL]);
    expect([tree.ref(), tree.unref(), tree.childEnded()]).toEqual([undefined, undefined, undefined]);
  });

  test('is signalled as a group as long as its first process was not reaped', async () => {
    const { child, exited, ended } = startTree();
    expect(wrongSignals((signal) => child.watch.killGroup(signal))).toEqual(REFUSED);
    expect([child.watch.killGroup(0), child.watch.killGroup(SIGKILL)]).toEqual([0, 0]);
    expect([await exited, await ended]).toEqual([[null, SIGKILL], 0]);
    expect(child.watch.killGroup(0)).toBe(ESRCH);
  });
});

test.each<[string, readonly unknown[], RegExp]>([
  ['no callback', [request], /spawn\(request, onExit, onTreeEnd\)/],
  ['a wrong callback', [request, () => {}, 1], /spawn\(request, onExit, onTreeEnd\)/],
  [
    'a guardian without a callback',
    [{ ...request, ...inGroup }, () => {}],
    /guarded is true, but there is no onTreeEnd/,
  ],
])('spawn refuses %s', (_, parameters, message) => {
  expect(() => Reflect.apply(addon().spawn, undefined, parameters)).toThrowError(message);
});

test('there is no guardian without its program', () => {
  expect(addon().openGuardian(launcherFile())).toBe(0);
  for (const wrong of [undefined, 1, '/a\0'])
    expect(() => Reflect.apply(addon().openGuardian, undefined, [wrong])).toThrowError(TypeError);
});
