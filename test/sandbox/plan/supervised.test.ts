/** Filters with a listener: the calls that they notify of, and how this process is to answer them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { thisHost } from '../../../lib/host.js';
import { addon } from '../../../lib/native.js';
import { CHANNEL } from '../../../lib/notify/violations/violation.js';
import { NO_DENIALS } from '../../../lib/policy/denials.js';
import { evaluate } from '../../../lib/policy/evaluate.js';
import type { Policy } from '../../../lib/policy/policy.js';
import { resolveSources } from '../../../lib/sandbox/plan/resolve-sources.js';
import {
  observingFilter,
  supervisedFilter,
  supervisorOf,
  WITHOUT_CALLBACKS,
} from '../../../lib/sandbox/plan/supervised.js';
import { type AbiName, abiOf } from '../../../lib/syscalls/abi.js';
import { syscallNumber } from '../../../lib/syscalls/table.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const HOST = { abi: 'x86_64', kernel: { major: 6, minor: 18 }, capabilities: new Set<string>() } as const;
const ON_TWO = { ...HOST, abis: ['x86_64', 'x86'] } as const;
type Rule = Readonly<Record<string, unknown>>;

/** A profile with these rules. */
const profile = (defaultAction: string, ...syscalls: readonly Rule[]) =>
  JSON.stringify({ defaultAction: `SCMP_ACT_${defaultAction}`, syscalls });
const rule = (action: string, names: readonly string[], ...args: readonly number[]): Rule => ({
  names,
  action: `SCMP_ACT_${action}`,
  ...(args.length === 0 ? {} : { args: args.map((value, index) => ({ index, value, op: 'SCMP_CMP_EQ' })) }),
});

interface Watched {
  readonly watches?: boolean;
  readonly reportsPaths?: boolean;
}

/** The filter for a supervised child, and the options of its native supervisor. */
function supervised(
  source: string,
  names: readonly string[] = [],
  { watches = false, reportsPaths = false }: Watched = {},
  host: typeof HOST | typeof ON_TWO = HOST,
) {
  const native = vi.spyOn(addon(), 'supervision').mockClear();
  const made = supervisedFilter(resolveSources(source, { host }), names, { watches, reportsPaths }, NO_DENIALS);
  return { ...made, options: native.mock.calls[0]?.[0] };
}

/** What a policy does about a call. */
function kindOf({ policy }: { readonly policy: Policy }, syscall: string, args: readonly number[] = [], on?: AbiName) {
  const abi = on ?? 'x86_64';
  const all = Array.from({ length: 6 }, (_, i) => BigInt(args[i] ?? 0));
  const number = syscallNumber(abi, syscall) ?? expect.fail(`${abi} has no ${syscall}`);
  return evaluate(policy, { arch: abiOf(abi).audit, number, args: all as never }).kind;
}

describe('a supervisor', () => {
  test('watches for onViolation that is not false, or for a subscriber', () => {
    const callback = () => {};
    expect(supervisorOf({})).toEqual({ ...WITHOUT_CALLBACKS, timeout: 10_000 });
    expect(supervisorOf({ onViolation: false })).toMatchObject({ onViolation: false, watches: false });
    expect(supervisorOf({ onViolation: true })).toMatchObject({ onViolation: true, watches: true });
    expect(supervisorOf({ onViolation: callback })).toMatchObject({ onViolation: callback, watches: true });
    subscribe(CHANNEL, callback);
    expect([supervisorOf({}).watches, supervisorOf({ onViolation: false }).watches]).toEqual([true, true]);
    unsubscribe(CHANNEL, callback);
  });

  test('has the handlers by the names of their calls, and their timeout', () => {
    const [mkdir, rmdir] = [() => {}, () => {}] as never[];
    const { handlers, timeout, reportsPaths } = supervisorOf({
      ...{ notify: { mkdir, rmdir } as never, notifyTimeout: 5, reportPaths: true },
    });
    expect([[...handlers], timeout, reportsPaths]).toEqual([
      [
        ['mkdir', mkdir],
        ['rmdir', rmdir],
      ],
      5,
      true,
    ]);
    expect(() => supervisorOf({ notifyTimeout: 0 })).toThrow('options.notifyTimeout: must be a number');
  });
});

describe('a handler gets', () => {
  test('all calls of its name, whatever the profile does about them', () => {
    for (const action of ['ALLOW', 'ERRNO', 'KILL_PROCESS'] as const) {
      const { filter } = supervised(profile('ALLOW', rule(action, ['mkdir', 'rmdir'])), ['mkdir']);
      expect([kindOf(filter, 'mkdir'), kindOf(filter, 'rmdir') === 'notify', kindOf(filter, 'read')]).toEqual([
        ...['notify', false, 'allow'],
      ]);
    }
  });

  test('those alone of which the profile notifies, if it does', () => {
    const { filter } = supervised(profile('ERRNO', rule('NOTIFY', ['mkdir'], 0, 7), rule('ALLOW', ['mkdir'], 1)), [
      'mkdir',
    ]);
    expect(
      [
        [0, 7],
        [0, 8],
        [1, 7],
        [2, 7],
      ].map((args) => kindOf(filter, 'mkdir', args)),
    ).toEqual([...['notify', 'errno', 'allow', 'errno']]);
  });

  test('calls of every ABI of the profile', () => {
    const { filter } = supervised(profile('ALLOW'), ['mkdir', 'socketcall'], {}, ON_TWO);
    expect([kindOf(filter, 'mkdir'), kindOf(filter, 'mkdir', [], 'x86'), kindOf(filter, 'read', [], 'x86')]).toEqual([
      ...['notify', 'notify', 'allow'],
    ]);
    expect(kindOf(filter, 'socketcall', [1], 'x86')).toBe('notify');
  });

  test('no calls by way of another one, which fail instead: their arguments are in memory', () => {
    const decide = (...names: readonly string[]) => {
      const { filter } = supervised(profile('ALLOW'), names, {}, ON_TWO);
      const [SOCKET, BIND, CONNECT] = [1, 2, 3];
      return [SOCKET, BIND, CONNECT].map((call) => kindOf(filter, 'socketcall', [call], 'x86'));
    };
    expect(decide('connect')).toEqual(['allow', 'allow', 'errno']);
    expect(decide('connect', 'socket')).toEqual(['errno', 'allow', 'errno']);
    expect(decide('mkdir')).toEqual(['allow', 'allow', 'allow']);
    const { filter } = supervised(profile('ALLOW', rule('KILL_PROCESS', ['socketcall'], 2)), ['connect'], {}, ON_TWO);
    expect([1, 2, 3].map((call) => kindOf(filter, 'socketcall', [call], 'x86'))).toEqual([
      ...['allow', 'kill-process', 'errno'],
    ]);
    const closed = { arch: abiOf('x86').audit, number: syscallNumber('x86', 'socketcall') ?? -1 };
    expect(evaluate(filter.policy, { ...closed, args: [3n, 0n, 0n, 0n, 0n, 0n] })).toMatchObject({ errno: 38 });
  });

  test('all of unconfined, where calls of other ABIs end the process', () => {
    const foreign = ({ policy }: { readonly policy: Policy }) => policy.foreignAction.kind;
    const { filter } = supervised('unconfined', ['mkdir']);
    expect([kindOf(filter, 'mkdir'), kindOf(filter, 'rmdir'), foreign(filter)]).toEqual([
      ...['notify', 'allow', 'kill-process'],
    ]);
    const { filter: reporting } = supervised('unconfined', [], { reportsPaths: true });
    expect([kindOf(reporting, 'openat'), kindOf(reporting, 'getpid'), foreign(reporting)]).toEqual([
      ...['notify', 'allow', 'allow'],
    ]);
  });

  test.each<[string, string, readonly string[], string]>([
    ['a call', profile('ALLOW', rule('NOTIFY', ['mkdir', 'rmdir'])), ['mkdir'], 'rmdir'],
    ['two calls', profile('ALLOW', rule('NOTIFY', ['mkdir', 'rmdir'])), [], 'rmdir, mkdir|mkdir, rmdir'],
    ['a call with conditions', profile('ALLOW', rule('NOTIFY', ['mkdir'], 1)), ['rmdir'], 'mkdir'],
  ])('what the profile notifies of, and without it is refused: %s', (_, source, names, unanswered) => {
    expect(() => supervised(source, names)).toThrow(
      expect.objectContaining({
        code: 'ERR_SECCOMP_UNSUPPORTED',
        message: expect.stringMatching(
          new RegExp(`^SCMP_ACT_NOTIFY needs a supervisor, and options\\.notify has no handler for (?:${unanswered})`),
        ),
      }),
    );
  });

  test('what a profile notifies of on each ABI, each call named once', () => {
    const source = profile('ALLOW', rule('NOTIFY', ['mkdir']));
    expect(() => supervised(source, [], {}, ON_TWO)).toThrow(/has no handler for mkdir$/);
    expect(() => supervised(source, ['mkdir'], {}, ON_TWO)).not.toThrow();
  });
});

describe('a child that is watched', () => {
  const source = profile(
    'ERRNO',
    rule('ALLOW', ['read']),
    rule('KILL_PROCESS', ['chroot']),
    rule('TRAP', ['acct']),
    rule('LOG', ['sync']),
  );

  test('reports what its profile denies with an errno, and nothing that ends or signals it', () => {
    const kinds = (watched: Watched) => {
      const { filter } = supervised(source, [], watched);
      return ['mkdir', 'read', 'chroot', 'acct', 'sync'].map((name) => kindOf(filter, name));
    };
    expect(kinds({ watches: true })).toEqual(['notify', 'allow', 'kill-process', 'trap', 'log']);
    expect(kinds({})).toEqual(['errno', 'allow', 'kill-process', 'trap', 'log']);
  });

  test('reports calls that name files, as far as the profile allows them', () => {
    const [O_RDONLY, O_WRONLY] = [0, 1];
    const open = (defaultAction: string, action: string) => {
      const args = [{ index: 1, value: O_WRONLY, op: 'SCMP_CMP_EQ' }];
      const conditional = { names: ['open'], action: `SCMP_ACT_${action}`, args };
      const { filter } = supervised(profile(defaultAction, conditional), [], { reportsPaths: true });
      return [O_RDONLY, O_WRONLY].map((flags) => kindOf(filter, 'open', [0, flags]));
    };
    expect(open('ALLOW', 'ERRNO')).toEqual(['notify', 'errno']);
    expect(open('ERRNO', 'ALLOW')).toEqual(['errno', 'notify']);
    expect(open('LOG', 'ALLOW')).toEqual(['log', 'notify']);
    expect(open('ALLOW', 'LOG')).toEqual(['notify', 'log']);
    const { filter } = supervised(profile('ALLOW'), [], { reportsPaths: true }, ON_TWO);
    const others = ['rename', 'execve', 'bind', 'truncate64'].map((name) => kindOf(filter, name, [], 'x86'));
    expect(others).toEqual(Array(4).fill('notify'));
    expect(kindOf(filter, 'read')).toBe('allow');
    const { filter: without } = supervised(profile('ALLOW'), [], { watches: true });
    expect(kindOf(without, 'open')).toBe('allow');
  });

  test('may not take descriptors of other processes, such as the listener, unless a handler decides that', () => {
    const kinds = (names: readonly string[]) => {
      const { filter, denials } = supervised(profile('ALLOW'), names, { watches: true });
      return [kindOf(filter, 'pidfd_getfd'), denials.supervised];
    };
    expect(kinds([])).toEqual(['notify', true]);
    expect(kinds(['pidfd_getfd'])).toEqual(['notify', false]);
    expect(kindOf(supervised(profile('ALLOW'), ['mkdir']).filter, 'pidfd_getfd')).toBe('errno');
  });

  test('makes the calls of its start under the filter', () => {
    const { filter } = supervised(profile('KILL_PROCESS'), [], { watches: true });
    expect(filter.gate.length).toBeGreaterThan(0);
    const decides = (name: string) => kindOf(filter, name);
    expect(['read', 'execve', 'exit_group', 'sendmsg', 'write'].map(decides)).toEqual(Array(5).fill('kill-process'));
  });
});

describe('the native supervisor', () => {
  test('passes all calls on if none are watched, and has the calls that name files if they are reported', () => {
    const options = (watched: Watched) => {
      const { options: given } = supervised(profile('ERRNO'), ['mkdir'], watched);
      return [given?.countsAll, given?.passesAll, (given?.paths.length ?? 0) > 0];
    };
    expect(options({})).toEqual([false, true, false]);
    expect(options({ watches: true })).toEqual([false, false, false]);
    expect(options({ reportsPaths: true })).toEqual([false, false, true]);
    expect(options({ watches: true, reportsPaths: true })).toEqual([false, false, true]);
  });

  test('answers as the profile decides, without its gate', () => {
    const { filter, options } = supervised(profile('ERRNO'), [], { watches: true });
    expect(options?.answers).not.toEqual(filter.bytes);
    const { filter: plain } = supervised(profile('ERRNO'));
    expect(Buffer.from(options?.answers ?? []).equals(plain.bytes)).toBe(plain.gate.length === 0);
  });

  test('knows the profiles, the host, and what is denied beside them', () => {
    const { profiles, host, denials } = supervised(profile('ERRNO'), [], { watches: true });
    expect([profiles.length, host.abi, denials]).toEqual([1, 'x86_64', { ...NO_DENIALS, supervised: true }]);
  });

  test('counts every call of a recording, by files if these are found, with one filter for equal denials', () => {
    const native = vi.spyOn(addon(), 'supervision').mockClear();
    const denials = { ...NO_DENIALS, grouped: true };
    const [calls, files] = [observingFilter(denials, false), observingFilter(denials, true)];
    expect(
      native.mock.calls.map(([{ countsAll, passesAll, paths }]) => [countsAll, passesAll, paths.length > 0]),
    ).toEqual([
      [true, false, false],
      [true, false, true],
    ]);
    expect(observingFilter(denials, false)).toBe(calls);
    expect(files).not.toBe(calls);
    expect(calls).toMatchObject({ profiles: [], denials, host: thisHost() });
    const { abi } = thisHost();
    expect([kindOf(calls.filter, 'read', [], abi), kindOf(calls.filter, 'setsid', [], abi)]).toEqual([
      'notify',
      'errno',
    ]);
    expect([calls.filter.policy.defaultAction.kind, calls.filter.policy.foreignAction.kind]).toEqual([
      'notify',
      'notify',
    ]);
  });
});
