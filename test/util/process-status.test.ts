/** The state of this process and its threads, and public functions that are loaded late. */
import fs, { readFileSync, readlinkSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { attachedFilters, readStatus } from '../../lib/kernel/process-status.js';
import { limitedAsync, limitedFunction } from '../../lib/util/argument-count.js';
import { spyOnBuiltin } from '../support/spy-on-builtin.js';

test('the fields of the status are those of the kernel, without the space around them', () => {
  for (const id of ['self', 'thread-self'] as const)
    expect([...readStatus(id)][0]).toEqual(['Name', readFileSync(`/proc/${id}/comm`, 'utf8').trim()]);
  const status = readStatus('self');
  expect(status.get('Pid')).toBe(String(process.pid));
  expect(status.get('Tgid')).toBe(String(process.pid));
  expect(status.get('CapBnd')).toMatch(/^[0-9a-f]{16}$/);
});

// These tests run in a worker thread: see vitest.config.ts.
test('a thread has a status of its own', () => {
  const id = readlinkSync('/proc/thread-self').split('/').at(-1);
  expect(readStatus('thread-self').get('Pid')).toBe(id);
});

test('the number of filters is null where the kernel does not tell it', () => {
  expect(attachedFilters(new Map([['Seccomp_filters', '3']]))).toBe(3);
  expect(attachedFilters(new Map([['Seccomp_filters', '0']]))).toBe(0);
  expect(attachedFilters(new Map())).toBe(null);
});

test('user IDs are mapped as /proc/self/uid_map has them, and are not known without /proc', async () => {
  const instance = '../../lib/kernel/process-status.js?';
  const load = (n: number): Promise<typeof import('../../lib/kernel/process-status.js')> => import(instance + n);
  const [first, second] = [await load(1), await load(2)];
  spyOnBuiltin(fs, 'readFileSync')
    .mockReturnValueOnce('         0       1000          1\n         1     100000      65536\n')
    .mockImplementation(() => {
      throw new Error('ENOENT');
    });
  const ranges = [
    { first: 0, outside: 1000, count: 1 },
    { first: 1, outside: 100_000, count: 65_536 },
  ];
  expect([first.mappedUserIds(), first.mappedUserIds(), second.mappedUserIds()]).toEqual([ranges, ranges, null]);
});

test('limited public functions load their implementation at the first call, and refuse more arguments', async () => {
  const load = vi.fn(
    () =>
      (a: number, b = 0) =>
        a + b,
  );
  const add = limitedFunction('add', 2, load);
  expect([add.name, load.mock.calls.length, add(1, 2)]).toEqual(['add', 0, 3]);
  const remedy = 'leave it out; with array.map(), write (each) => add(each)';
  const message = `add() takes 2 arguments, and argument 3 would be ignored: ${remedy}. Received type number (3)`;
  expect(() => Reflect.apply(add, undefined, [1, 2, 3])).toThrow(message);

  const addLater = limitedAsync('add', 2, () => async (a: number, b: number) => a + b);
  expect(await addLater(1, 2)).toBe(3);
  await expect(Reflect.apply(addLater, undefined, [1, 2, 3])).rejects.toThrow(message);
});
