/** Whether a program is given a terminal, and what is planned for one that is not. test/adversary/terminal.test.ts tries it. */
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { WriteStream } from 'node:tty';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisHost } from '../../../lib/host.js';
import { readPaths } from '../../../lib/landlock/paths/option.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import { type FilterPlan, planFilters, planObservation, type Target } from '../../../lib/sandbox/plan/plan-filters.js';
import { resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import { hasTerminal } from '../../../lib/sandbox/plan/terminal.js';
import { abiOf } from '../../../lib/syscalls/abi.js';
import { constantOn } from '../../../lib/syscalls/constants.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';
import { describeUnless } from '../../support/describe-unless.js';

const MAKER = '/dev/ptmx';
/** A new terminal, which is nobody's. */
let terminal = -1;
/** A descriptor that is no terminal. */
let other = -1;
beforeAll(() => {
  if (!existsSync(MAKER)) return;
  terminal = openSync(MAKER, constants.O_RDWR | constants.O_NOCTTY);
  other = openSync('/dev/null', 'r+');
});
afterAll(() => {
  for (const descriptor of [terminal, other]) if (descriptor >= 0) closeSync(descriptor);
});

describeUnless(existsSync(MAKER) ? undefined : `needs ${MAKER}`, 'a program', () => {
  test('is given a terminal by any of its descriptors', () => {
    const given = [
      [terminal],
      [null, undefined, terminal],
      ['ignore', 'pipe', 'ipc', 'overlapped', terminal],
      [{ fd: terminal }],
      [other, { fd: other }, Object.create({ fd: terminal })],
      Object.assign(Array(terminal), { [terminal]: 'inherit' }),
    ];
    for (const stdio of given) expect([stdio, hasTerminal({ stdio }, 'pipe')]).toEqual([stdio, true]);
  });

  test('is given it by a stream of node:tty, which does not tell its descriptor', () => {
    const own = openSync(MAKER, constants.O_RDWR | constants.O_NOCTTY);
    const stream = new WriteStream(own);
    expect(hasTerminal({ stdio: ['ignore', stream] }, 'pipe')).toBe(true);
    stream.destroy(); // Closes the descriptor.
  });

  test('is given none by other descriptors, streams and words', () => {
    const given = [
      undefined,
      null,
      'pipe',
      'ignore',
      'overlapped',
      [],
      ['pipe', 'ignore', null, 'ipc'],
      [other, { fd: other }],
      [-1, 1.5, Number.NaN, 2 ** 31, 2 ** 40],
      [{ fd: -1 }, { fd: String(terminal) }, {}, { isTTY: false }, { fd: other, isTTY: true }],
      [String(terminal), BigInt(terminal), () => terminal],
      Object.assign(Array(other), { [other]: 'inherit' }),
    ];
    for (const stdio of given) expect([stdio, hasTerminal({ stdio }, 'pipe')]).toEqual([stdio, false]);
  });

  const { abi } = thisHost();
  const request = BigInt(constantOn(abi, 'TIOCSPGRP') ?? -1);
  const takes = ({ filters: [filter] }: FilterPlan): string | undefined => {
    const call = { arch: abiOf(abi).audit, number: syscallNumber(abi, 'ioctl') ?? -1, args: [0n, request] };
    return filter && evaluate(filter.policy, call).kind;
  };
  const planned = (options: object, target: Target = 'child') =>
    planFilters(resolveSources('docker-default', options), options, target);

  test('that is given none may not take one', () => {
    expect([takes(planned({})), takes(planned({ stdio: [other] })), takes(planned({ stdio: [terminal] }))]).toEqual([
      'errno',
      'errno',
      'allow',
    ]);
    expect(takes(planned({ isolate: false }))).toBe('allow');
    for (const stdio of [[other], [terminal]])
      for (const target of ['harden', 'register'] as const) expect(takes(planned({ stdio }, target))).toBe('allow');
    const closed = (stdio: readonly number[]) =>
      planned({ stdio }).enforcement(0).isolation.closed.includes('terminal');
    expect([closed([other]), closed([terminal])]).toEqual([true, false]);
  });

  test('that is recorded is said to have one, or not', () => {
    const recorded = (stdio: readonly number[]) => planObservation({ stdio } as object, false);
    expect([recorded([terminal]).hasTerminal, recorded([other]).hasTerminal]).toEqual([true, false]);
    expect(takes(recorded([other]))).toBe('notify');
  });

  test('with @system has /dev/tty only if it is given a terminal', () => {
    const words = (stdio: readonly number[], target: Target) => {
      const options = { stdio, paths: readPaths({ read: ['@system'] }), bestEffort: true };
      return [...(planned(options, target).paths?.paths.words ?? [])];
    };
    for (const target of ['child', 'execve', 'harden', 'register'] as const) {
      expect(words([terminal], target)).toEqual(['@system', '@terminal']);
      expect(words([other], target)).toEqual(['@system']);
    }
  });
});

describe('without stdio, a program', () => {
  const onTerminal = (options: object, byDefault: 'pipe' | 'inherit') => hasTerminal(options, byDefault);
  const inherited = hasTerminal({ stdio: 'inherit' }, 'pipe');

  test('has what its function gives it, and silent: true gives pipes', () => {
    expect(inherited).toBe([0, 1, 2].some((i) => hasTerminal({ stdio: [i] }, 'pipe')));
    expect(onTerminal({}, 'pipe')).toBe(false);
    expect(onTerminal({}, 'inherit')).toBe(inherited);
    expect(onTerminal({ silent: true }, 'inherit')).toBe(false);
    expect(onTerminal({ silent: false }, 'inherit')).toBe(inherited);
    expect(onTerminal({ stdio: 'inherit', silent: true }, 'inherit')).toBe(inherited);
  });
});
