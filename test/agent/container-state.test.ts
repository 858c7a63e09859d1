/** The message of a runtime: what is read, and which property is wrong. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isCompleteJson, readMessage } from '../../lib/agent/container-state.js';
import { knownCredentials } from '../../lib/agent/credentials.js';

const sender = { pid: 1, uid: 2, gid: 3 };
const state = { id: 'one', pid: 5 };
const read = (message: unknown, descriptors = 1) => readMessage(JSON.stringify(message), descriptors, sender);

test('only an ID, a process ID and the listener are required', () => {
  const { container, listenerIndex } = read({ fds: ['seccompFd'], state });
  expect(listenerIndex).toBe(0);
  expect(container).toEqual({ id: 'one', pid: 5, status: null, bundle: null, annotations: {}, sender });
  expect(container).not.toHaveProperty('metadata');
  expect([Object.isFrozen(container), Object.isFrozen(container.annotations)]).toEqual([true, true]);
});

test('the process that has the filter is the one of the message, before that of the state', () => {
  expect(read({ fds: ['seccompFd'], state, pid: 6 }).container.pid).toBe(6);
  // 0: the process is not in this PID namespace.
  expect(read({ fds: ['seccompFd'], state, pid: 0 }).container.pid).toBeNull();
});

test('the listener is found by its name among all descriptors', () => {
  const fds = ['proc', 'seccompFd'];
  expect(read({ fds, state }, 2).listenerIndex).toBe(1);
  expect(read({ fds: [...fds, 'seccompFd'], state }, 3).listenerIndex).toBe(1);
  expect(() => read({ fds, state }, 1)).toThrow('the message has 1 descriptors, and seccompFd is the one at 1');
});

test.each<[unknown, string]>([
  [null, 'the message: not an object'],
  [[], 'the message: not an object'],
  [{ state: [] }, 'state: not an object'],
  [{ state: null }, 'state: not an object'],
  [{ state: { ...state, id: undefined }, fds: ['seccompFd'] }, 'state.id: not a string'],
  [{ state: { ...state, annotations: { a: 1 } }, fds: ['seccompFd'] }, 'state.annotations.a: not a string'],
  [{ state }, 'fds: seccompFd is missing'],
  [{ state, fds: 'seccompFd' }, 'fds: seccompFd is missing'],
  [{ state: { ...state, pid: -1 }, fds: ['seccompFd'] }, 'pid: not a process ID'],
  [{ state: { ...state, pid: 1.5 }, fds: ['seccompFd'] }, 'pid: not a process ID'],
  [{ state, pid: '5', fds: ['seccompFd'] }, 'pid: not a process ID'],
  [{ state: { ...state, status: 1 }, fds: ['seccompFd'] }, 'state.status: not a string'],
  [{ state: { ...state, bundle: 1 }, fds: ['seccompFd'] }, 'state.bundle: not a string'],
  [{ state: { ...state, annotations: ['a'] }, fds: ['seccompFd'] }, 'state.annotations: not an object'],
  [{ state, metadata: {}, fds: ['seccompFd'] }, 'metadata: not a string'],
])('%j is refused: %s', (message, problem) => {
  expect(() => read(message)).toThrow(problem);
});

test('a document is complete with its last brace, and not before', () => {
  const text = JSON.stringify({ state: { annotations: { a: '}' } } });
  const complete = Array.from(text, (_, i) => isCompleteJson(text.slice(0, i + 1)));
  expect(complete.indexOf(true)).toBe(text.length - 1);
  expect(isCompleteJson(`${text}\n`)).toBe(true);
  expect(isCompleteJson('[]')).toBe(false);
});

test('what a message says of the container is kept', () => {
  const more = { status: 'created', bundle: '/b', annotations: { a: 'x' } };
  const { container } = read({ fds: ['seccompFd'], state: { ...state, ...more }, metadata: 'of it' });
  expect(container).toEqual({ id: 'one', pid: 5, ...more, metadata: 'of it', sender });
  expect(isCompleteJson('{"a":}')).toBe(false);
});

test.each([
  [{ pid: 7, uid: 8, gid: 9 }, false, { pid: 7, uid: 8, gid: 9 }],
  [{ pid: 0, uid: 0, gid: 0 }, false, { pid: null, uid: 0, gid: 0 }],
  [{ pid: 1, uid: 65_533, gid: 65_535 }, false, { pid: 1, uid: 65_533, gid: 65_535 }],
  [{ pid: 1, uid: 65_534, gid: 1 }, false, { pid: 1, uid: null, gid: 1 }],
  [{ pid: 1, uid: 1, gid: 65_534 }, false, { pid: 1, uid: 1, gid: null }],
  [{ pid: 1, uid: 65_534, gid: 65_534 }, true, { pid: 1, uid: 65_534, gid: 65_534 }],
])('of %j, those are known in a namespace with all IDs (%j): %j', (native, isWhole, known) => {
  expect(knownCredentials(native, () => isWhole)).toEqual(known);
});

test('users and groups of a namespace are looked up each in its own map', () => {
  const onlyUsers = (map: string) => map === 'uid_map';
  expect(knownCredentials({ pid: 1, uid: 65_534, gid: 65_534 }, onlyUsers)).toMatchObject({ uid: 65_534, gid: null });
});

test('in the initial user namespace, user 65534 is one like others', ({ skip }) => {
  const maps = ['uid_map', 'gid_map'].map((map) =>
    readFileSync(`/proc/self/${map}`, 'utf8').trim().split(/\s+/).join(),
  );
  skip(
    maps.some((map) => map !== '0,0,4294967295'),
    'needs a user namespace with all IDs',
  );
  expect(knownCredentials({ pid: 1, uid: 65_534, gid: 65_534 })).toEqual({ pid: 1, uid: 65_534, gid: 65_534 });
});
