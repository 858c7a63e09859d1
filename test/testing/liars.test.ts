/**
 * No assertion is green, with or without `.not`, for a program that is missing, lies about its end, is cut short, or is
 * answered by a handler, nor for a call that a profile leaves to a supervisor or a tracer.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunOptions } from '../../lib/sandbox/run.js';
import {
  assertAllowed,
  assertDenied,
  assertMakesNoDeniedCalls,
  assertNeedsNoMore,
  assertRunsUnder,
  neededSyscalls,
} from '../../lib/testing/index.js';
import '../../lib/testing/vitest.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-liars-'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});
const list = join(directory, 'list.json');
const made = join(directory, 'made');
beforeEach(() => {
  vi.stubEnv('CI', '');
  for (const path of [list, made]) rmSync(path, { recursive: true, force: true });
});

const deny = (action: string) => ({
  defaultAction: 'SCMP_ACT_ALLOW' as const,
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: action as 'SCMP_ACT_ERRNO' }],
});
const profile = deny('SCMP_ACT_ERRNO');

type Command = readonly string[];
const sh = (script: string): Command => ['sh', '-c', script];
const node = (script: string): Command => [process.execPath, '-e', script];
const LYING_TEXT = 'echo "mkdir: cannot create directory \'x\': Operation not permitted" >&2';

/** Ends with exit code 0 when it is asked to end. */
const YIELDS = node("process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000)");

/** Programs that fail, but not because of the profile. No assertion about a command holds for them. */
const FAILING: Readonly<Record<string, Command>> = {
  'is missing': ['/nowhere/program'],
  'is missing in PATH': ['seccomp-no-such-program'],
  'is missing for its shell': sh('/nowhere/program'),
  'can not be executed': [directory],
  'prints what a denial prints': sh(`${LYING_TEXT}; exit 1`),
  'exits as if it was not found': sh('exit 127'),
  'exits as a shell after SIGSYS': sh('exit 159'),
  'becomes another program': sh('exec false'),
  'becomes a missing program': sh('exec /nowhere/program'),
  'ends itself by SIGKILL': sh('kill -KILL $$'),
  'ends itself by SIGTERM': sh('kill -TERM $$'),
  'ends itself by SIGSYS': sh('kill -SYS $$'),
  'ends itself by a real-time signal': sh('kill -40 $$'),
  'fails as a Node program': node('process.exit(3)'),
  'aborts as a Node program': node('process.abort()'),
};

/** Programs whose run is cut short, and which may have exit code 0 nonetheless. */
const CUT_SHORT: Readonly<Record<string, () => readonly [Command, RunOptions]>> = {
  'is timed out, and exits with 0': () => [YIELDS, { timeout: 1000 }],
  'is timed out': () => [node('setInterval(() => {}, 1000)'), { timeout: 500 }],
  'is aborted, and exits with 0': () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    return [YIELDS, { signal: controller.signal }];
  },
  'writes too large a file': () => [
    ['dd', 'if=/dev/zero', `of=${made}`, 'bs=1000', 'count=10'],
    { rlimits: { fsize: 100 } },
  ],
};

/** What every assertion says about a command: it rejects unless it is green. */
const ABOUT_COMMANDS: Readonly<Record<string, (command: Command, options: RunOptions) => Promise<unknown>>> = {
  assertRunsUnder: (command, options) => assertRunsUnder(command, profile, options),
  toRunUnder: (command, options) => expect(command).toRunUnder(profile, options),
  'not.toRunUnder': (command, options) => expect(command).not.toRunUnder(profile, options),
  assertMakesNoDeniedCalls: (command, options) => assertMakesNoDeniedCalls(command, profile, options),
  'not.toMakeNoDeniedCalls': (command, options) => expect(command).not.toMakeNoDeniedCalls(profile, options),
  neededSyscalls,
  assertNeedsNoMore: (command, options) => assertNeedsNoMore(command, list, options),
  toNeedNoMoreThan: (command, options) => expect(command).toNeedNoMoreThan(list, options),
  'not.toNeedNoMoreThan': (command, options) => {
    writeFileSync(list, '[]');
    return expect(command).not.toNeedNoMoreThan(list, options);
  },
};

describe.each(Object.entries(ABOUT_COMMANDS))('%s is not green for a program that', (name, assertion) => {
  test.each(Object.entries(FAILING))('%s', async (_, command) => {
    await expect(assertion(command, {})).rejects.toThrow();
    if (!name.startsWith('not.')) expect(existsSync(list)).toBe(false);
  });

  test.each(Object.entries(CUT_SHORT))('%s', async (_, program) => {
    await expect(assertion(...program())).rejects.toThrow();
    if (!name.startsWith('not.')) expect(existsSync(list)).toBe(false);
  });
});

/** Calls that are carried out or not as another process wants. */
const DEFERRING = { 'a supervisor': 'SCMP_ACT_NOTIFY', 'a tracer': 'SCMP_ACT_TRACE' };

describe.each(Object.entries(DEFERRING))('a call that is left to %s', (who, action) => {
  const about: Readonly<Record<string, () => unknown>> = {
    assertAllowed: () => assertAllowed(deny(action), 'mkdir'),
    assertDenied: () => assertDenied(deny(action), 'mkdir'),
    'assertDenied with an errno': () => assertDenied(deny(action), 'mkdir', { errno: 'EPERM' }),
    'assertDenied of several': () =>
      assertDenied({ ...deny(action), defaultAction: 'SCMP_ACT_ERRNO' }, ['read', 'mkdir']),
    toAllowSyscall: () => expect(deny(action)).toAllowSyscall('mkdir'),
    'not.toAllowSyscall': () => expect(deny(action)).not.toAllowSyscall('mkdir'),
    toDenySyscall: () => expect(deny(action)).toDenySyscall('mkdir'),
    'not.toDenySyscall': () => expect(deny(action)).not.toDenySyscall('mkdir'),
    'not.toDenySyscall with an errno': () => expect(deny(action)).not.toDenySyscall('mkdir', { errno: 'EPERM' }),
  };
  test.each(Object.entries(about))('is not green for %s', (_, assertion) => {
    expect(assertion).toThrow(`mkdir is left to ${who}`);
  });
});

describe('a command whose call a handler answers', () => {
  const notify = { mkdir: () => undefined as never, mkdirat: () => undefined as never };
  const answers: RunOptions['notify'] = { mkdir: (call) => call.return(0), mkdirat: (call) => call.return(0) };
  const lets: RunOptions['notify'] = { mkdir: (call) => call.continue(), mkdirat: (call) => call.continue() };
  const message = /a handler of options\.notify answered mkdir(?:at)?, not the profile/;

  test.each(Object.entries({ notify, answers, lets }))(
    'is neither green nor green behind .not: %s',
    async (_, handlers) => {
      const options = { notify: handlers };
      for (const under of [profile, deny('SCMP_ACT_NOTIFY')]) {
        await expect(assertRunsUnder(['mkdir', made], under, options)).rejects.toThrow(message);
        await expect(() => expect(['mkdir', made]).toRunUnder(under, options)).rejects.toThrow(message);
        await expect(() => expect(['mkdir', made]).not.toRunUnder(under, options)).rejects.toThrow(message);
        rmSync(made, { recursive: true, force: true });
      }
      await expect(neededSyscalls(['mkdir', made], options)).rejects.toThrow(
        'options.notify: record allows every call',
      );
    },
  );

  test('is green if the handler is not called', async () => {
    await assertRunsUnder(['true'], profile, { notify: answers });
  });

  test('is refused where an agent may answer', async () => {
    const listening = { ...deny('SCMP_ACT_NOTIFY'), listenerPath: '/nowhere/agent.sock' };
    for (const options of [{}, { onViolation: false }])
      await expect(assertRunsUnder(['true'], listening, options)).rejects.toThrow('its agent may answer calls');
  });

  test('is green beside an agent that no call is left to', async () => {
    const unused = { ...profile, listenerPath: '/nowhere/agent.sock' };
    for (const options of [{}, { onViolation: false }]) await assertRunsUnder(['true'], unused, options);
    await expect(['mkdir', made]).not.toRunUnder(unused);
  });
});

test('a run with more output than maxBuffer is neither green nor green behind .not', async () => {
  const options = { maxBuffer: 10 };
  const command = sh('echo 12345678901; exit 0');
  await expect(assertRunsUnder(command, profile, options)).rejects.toThrow(/maxBuffer/);
  await expect(() => expect(command).not.toRunUnder(profile, options)).rejects.toThrow(/maxBuffer/);
});

test('a list is not complete if a child is timed out that outlives the program', async () => {
  const late = neededSyscalls(sh('sleep 60 & exit 0'), { timeout: 500 });
  await expect(late).rejects.toThrow('was not recorded to its end: it took longer than 500 ms (options.timeout)');
});

test('a list that is missing where CI is set is green for no assertion', async () => {
  vi.stubEnv('CI', '1');
  await expect(() => expect(['true']).toNeedNoMoreThan(list)).rejects.toThrow('does not exist');
  await expect(() => expect(['true']).not.toNeedNoMoreThan(list)).rejects.toThrow('does not exist');
});

describe('.not.toRunUnder is green for a program that fails after a denial', () => {
  test('of a call', async () => {
    await expect(['mkdir', made]).not.toRunUnder(profile);
    expect(existsSync(made)).toBe(false);
  });

  test('of a file that paths do not grant', async () => {
    await expect(['cat', '/etc/shadow']).not.toRunUnder(profile, { paths: { read: ['@system'] } });
  });

  test('by SIGSYS, only if another denial was seen: a program can send itself that signal', async () => {
    const killing = () => expect(['mkdir', made]).not.toRunUnder(deny('SCMP_ACT_KILL_PROCESS'));
    await expect(killing).rejects.toThrow('ended with SIGSYS');
  });

  test.each(['process.exit(3)', 'process.abort()'])('but not if the only denials are fallbacks: %s', async (script) => {
    const failing = () => expect(node(script)).not.toRunUnder('docker-default');
    await expect(failing).rejects.toThrow('nothing shows that this is because of the profile');
  });

  test('but not without the denials', async () => {
    const unseen = () => expect(['mkdir', made]).not.toRunUnder(profile, { onViolation: false });
    await expect(unseen).rejects.toThrow('nothing shows that this is because of the profile');
  });
});
