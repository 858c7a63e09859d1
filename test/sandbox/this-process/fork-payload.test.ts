/** What fork() hands over to its child in a variable, and how a process ends that can't run its program. */

import fs from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { NOT_RUN, runOrExit } from '../../../lib/sandbox/this-process/exit-status.js';
import { decodePayload, encodePayload, type ForkPayload } from '../../../lib/sandbox/this-process/fork-payload.js';
import { spyOnBuiltin } from '../../support/spy-on-builtin.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const PAYLOAD: ForkPayload = {
  filters: [{ bytes: new Uint8Array([1, 2, 255]), gate: [] }],
  filterFlags: 0,
  noNewPrivileges: false,
  withoutIoUring: false,
  hidesNodeOptions: false,
};

describe('a payload', () => {
  test.each<Partial<ForkPayload>>([
    {},
    { filterFlags: 6 },
    { noNewPrivileges: true },
    { withoutIoUring: true },
    { hidesNodeOptions: true },
    {
      filters: [
        { bytes: new Uint8Array(24).fill(62), gate: [3, 0, 4, 1] },
        { bytes: new Uint8Array([0]), gate: [10] },
        { bytes: new Uint8Array([251, 255, 254]), gate: [] },
      ],
    },
  ])('is read as it was written: %o', (given) => {
    const payload = { ...PAYLOAD, ...given };
    expect(decodePayload(encodePayload(payload))).toEqual(payload);
  });

  test('is a text without line ends and quotes', () => {
    expect(encodePayload({ ...PAYLOAD, filters: [{ bytes: new Uint8Array([1, 2]), gate: [3, 0] }] })).toBe(
      '0 false false false AQI= [3,0]',
    );
  });

  const whole = encodePayload({ ...PAYLOAD, filters: [...PAYLOAD.filters, { bytes: new Uint8Array([1]), gate: [2] }] });
  test.each([
    ['', 'nothing'],
    [whole.slice(0, -1), 'its end'],
    [whole.slice(0, whole.lastIndexOf(' ')), 'a gate'],
    [whole.slice(0, whole.indexOf('AQ') - 1), 'all filters'],
    [whole.slice(2), 'its flags'],
    [` ${whole}`, 'nothing, with a space before'],
    [`${whole} `, 'nothing, with a space behind'],
    [`${whole}\n`, 'nothing, with a line end'],
    [whole.replace('false', 'no'), 'a flag'],
    [whole.replace('[2]', '[x]'), 'a number'],
    ['{"filters":[]}', 'everything'],
  ])('%j, which lacks %2$s, is refused', (text) => {
    expect(() => decodePayload(text)).toThrow('SECCOMP_FORK does not hold complete filters');
  });
});

describe('a step that has to succeed', () => {
  const failing = (reason: unknown) => () => {
    throw reason;
  };
  const observed = (write: () => number = () => 0) => {
    const exit = vi
      .spyOn(process, 'exit')
      .mockReset()
      .mockImplementation((() => {}) as never);
    const written = spyOnBuiltin(fs, 'writeSync').mockReset().mockImplementation(write);
    return { exit, written };
  };

  test('leaves the process alone if it does', () => {
    const { exit, written } = observed();
    const step = vi.fn();
    runOrExit('a program', step);
    expect([step.mock.calls.length, exit.mock.calls, written.mock.calls]).toEqual([1, [], []]);
  });

  test.each([
    [new Error('no filter'), 'no filter'],
    ['a text', 'a text'],
  ])('ends the process with 125 and says why: %o', (reason, message) => {
    const { exit, written } = observed();
    expect(() => runOrExit('a program', failing(reason))).toThrow(message);
    expect([NOT_RUN, exit.mock.calls]).toEqual([125, [[125]]]);
    expect(written.mock.calls).toEqual([[2, `a program: ${message}; the program was not run\n`]]);
  });

  test('ends the process also where nothing can be written', () => {
    const { exit } = observed(() => {
      throw new Error('EBADF');
    });
    expect(() => runOrExit('a program', failing(new Error('no filter')))).toThrow('EBADF');
    expect(exit.mock.calls).toEqual([[125]]);
  });
});
