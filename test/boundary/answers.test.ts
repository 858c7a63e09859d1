/** Answers of handlers: a call is executed only if its handler returns the result of call.continue(). */
import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { Handler, Handlers } from '../../lib/notify/handlers.js';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import { profileOf } from '../../lib/profile/source.js';

import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';
import { everything } from '../support/profiles.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(folder, { recursive: true }));

const throwing = () => {
  throw new Error('thrown');
};

/** A thenable. */
const thenable = (then: () => unknown): object => Object.fromEntries([['then', then]]);

class Answer {
  readonly continue = true;
}

/** What a handler returns, by description. None is a response to the call. */
const ANSWERS: Readonly<Record<string, (call: NotifiedCall) => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  'a number': () => 0,
  'a bigint': () => 0n,
  NaN: () => Number.NaN,
  'a string': () => 'continue',
  'a symbol': () => Symbol('continue'),
  'a function': () => (call: NotifiedCall) => call.continue(),
  'an empty object': () => ({}),
  'continue: true': () => ({ continue: true }),
  'continue: false': () => ({ continue: false }),
  'continue: "no"': () => ({ continue: 'no' }),
  'continue: undefined': () => ({ continue: undefined }),
  'an errno': () => ({ errno: 'EPERM' }),
  'errno: 0': () => ({ errno: 0 }),
  'a value': () => ({ value: 0 }),
  'a value that is not a number': () => ({ value: Number.NaN }),
  'a descriptor': () => ({ addFd: 0 }),
  'the members of an answer': () => ({ kind: 'continue' }),
  'an array': (call) => [call.continue()],
  'a Map': () => new Map([['continue', true]]),
  'an instance of a class': () => new Answer(),
  'a getter that throws': () => Object.defineProperty({}, 'continue', { get: throwing, enumerable: true }),
  'a proxy that throws': () =>
    new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  'the call itself': (call) => call,
  'a method without its call': (call) => call.continue,
  'a copy of a response': (call) => ({ ...call.continue() }),
  'a clone of a response': (call) => structuredClone(call.continue()),
  'an object that inherits from a response': (call) => Object.create(call.continue()),
  'an object with the prototype of a response': (call) => Object.create(Object.getPrototypeOf(call.continue())),
  'a proxy of a response': (call) => new Proxy(call.continue(), {}),
  'an object of the constructor of a response': (call) =>
    Reflect.construct(call.continue().constructor, [call, { kind: 'continue' }]),
};

/** The ways in which a handler can return one. */
const WAYS: Readonly<Record<string, (answer: unknown) => unknown>> = {
  'given at once': (answer) => answer,
  promised: async (answer) => answer,
};

/** Handlers as their users write them, whatever they return. */
type AnyHandler = (call: NotifiedCall) => unknown;

/** Handlers that never answer, with their timeouts in milliseconds. */
const NONE: readonly (readonly [string, AnyHandler, number | undefined])[] = [
  ['a handler that throws', throwing, undefined],
  ['a promise that is rejected', () => Promise.reject(new Error('rejected')), undefined],
  ['a promise that never settles', () => new Promise(() => {}), 50],
  ['a then that does nothing', () => thenable(() => {}), 50],
  ['a then that throws', () => thenable(throwing), undefined],
];

const CASES: readonly (readonly [string, AnyHandler, number | undefined])[] = [
  ...Object.entries(ANSWERS).flatMap(([name, answer]) =>
    Object.entries(WAYS).map(
      ([way, give]) => [`${name}, ${way}`, (call: NotifiedCall) => give(answer(call)), undefined] as const,
    ),
  ),
  ...NONE,
];

let files = 0;
const newFile = () => join(folder, `made ${files++}`);

type Start = (handler: AnyHandler, command: readonly string[], notifyTimeout?: number) => Promise<Outcome>;
const env = { LC_ALL: 'C', PATH: process.env['PATH'] };

// As profiles, not as documents, whose filters would be made again for each start.
const allowed = profileOf(everything);
const socket = join(folder, 'agent.sock');
const asked = profileOf({
  ...everything,
  listenerPath: socket,
  syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
});

/** How a program gets its calls of mkdir answered. */
const BY: Readonly<Record<string, Start>> = {
  'a handler': async (handler, [file = '', ...args], notifyTimeout) => {
    const child = spawn(file, args, allowed, { notify: { mkdir: handler as Handler }, notifyTimeout, env });
    return outcome(child, child);
  },
  'an agent': async (handler, [file = '', ...args], notifyTimeout) => {
    const agent = listen(socket, { mkdir: handler as Handler }, { notifyTimeout });
    const ended = await outcome(spawn(file, args, asked, { env }), agent);
    await agent.close();
    return ended;
  },
};

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
  /** The messages of `handlerError`. */
  readonly errors: readonly string[];
}

async function outcome(child: ChildProcess, emitter: EventEmitter): Promise<Outcome> {
  const errors: string[] = [];
  emitter.on('handlerError', ({ message }: Error) => errors.push(message));
  const { code, stderr } = await finish(child);
  return { code, stderr, errors };
}

describe.each(Object.entries(BY))('a call that %s answers', (_, start) => {
  test.each(CASES)('is denied with EPERM, and that is reported once, for %s', async (_, handler, notifyTimeout) => {
    const file = newFile();
    const { code, stderr, errors } = await start(handler, ['mkdir', file], notifyTimeout);
    expect([code, stderr, errors.length, existsSync(file)]).toEqual([
      1,
      expect.stringContaining('Operation not permitted'),
      1,
      false,
    ]);
  });

  test('is executed for the result of call.continue(), at once or promised', async () => {
    for (const give of Object.values(WAYS)) {
      const file = newFile();
      expect(await start((call) => give(call.continue()), ['mkdir', file])).toEqual({
        code: 0,
        stderr: '',
        errors: [],
      });
      expect(existsSync(file)).toBe(true);
    }
  });

  test('is denied for a response that was used before', async () => {
    const [first, second] = [newFile(), newFile()];
    let response: NotifyResponse | undefined;
    const { code, errors } = await start(
      (call) => {
        response ??= call.continue();
        return response;
      },
      ['mkdir', first, second],
    );
    expect([code, existsSync(first), existsSync(second), errors]).toEqual([1, true, false, [ANOTHER]]);
  });

  test('is denied for the response to another call that waits', async () => {
    const names = [newFile(), newFile()];
    const responses: NotifyResponse[] = [];
    const waiting: (() => void)[] = [];
    const swapped: AnyHandler = async (call) => {
      const other = 1 - (responses.push(call.continue()) - 1);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) for (const each of waiting) each();
      });
      return responses[other];
    };
    const { errors } = await start(swapped, ['sh', '-c', 'mkdir "$0" & mkdir "$1" & wait', ...names]);
    expect([names.map(existsSync), errors]).toEqual([
      [false, false],
      [ANOTHER, ANOTHER],
    ]);
  });

  test('gets the returned response of several that its handler made', async () => {
    const file = newFile();
    const { stderr, errors } = await start(
      (call) => {
        const denied = call.deny('EXDEV');
        call.return(0);
        call.continue();
        return denied;
      },
      ['mkdir', file],
    );
    expect([stderr, errors, existsSync(file)]).toEqual([expect.stringContaining('cross-device'), [], false]);
  });

  test.each<[string, AnyHandler]>([
    ['for a condition that is given to continue()', (call) => Reflect.apply(call.continue, call, [false])],
    ['for a condition that is undefined', (call) => Reflect.apply(call.continue, call, [undefined])],
    ['for an errno that does not exist', (call) => call.deny('EWHATEVER')],
    ['for errno 0, with which it would succeed', (call) => call.deny(0)],
    ['for no errno', (call) => Reflect.apply(call.deny, call, [])],
    ['for NaN', (call) => call.return(Number.NaN)],
    ['for a misspelled option', (call) => call.returnFd(0, { closeOnExce: true } as object)],
    ['for a method without its call', ({ continue: method }) => method()],
  ])('is denied and reported %s', async (_, handler) => {
    for (const give of [handler, async (call: NotifiedCall) => handler(call)]) {
      const file = newFile();
      const { stderr, errors } = await start(give, ['mkdir', file]);
      expect([stderr, errors.length, existsSync(file)]).toEqual([
        expect.stringContaining('Operation not permitted'),
        1,
        false,
      ]);
    }
  });
});

const ANOTHER =
  'Expected the result of call.continue(), call.deny(), call.return(), call.returnFd() or call.connect() to be returned ' +
  'from the handler of mkdir but got the response to another call.';

test('a response is an answer for run and for the methods of a Sandbox', async () => {
  const notify: Handlers = { mkdir: (call) => call.deny('EXDEV') };
  const sandbox = new Sandbox(everything, { notify });
  await expect(run('mkdir', [newFile()], everything, { notify, env })).rejects.toThrow(/cross-device/);
  await expect(promisify(sandbox.execFile)('mkdir', [newFile()], { env })).rejects.toThrow(/cross-device/);
  expect((await finish(sandbox.spawn('mkdir', [newFile()], { env }))).stderr).toContain('cross-device');
});

test('a then on Object.prototype does not make an answer a promise', async () => {
  const mkdir: Handler = (call) => {
    Object.defineProperty(Object.prototype, 'then', { value: () => {}, configurable: true });
    setImmediate(() => Reflect.deleteProperty(Object.prototype, 'then'));
    return call.deny('EXDEV');
  };
  const child = spawn('mkdir', [newFile()], everything, { notify: { mkdir }, notifyTimeout: 50, env: { LC_ALL: 'C' } });
  let reports = 0;
  child.on('handlerError', () => reports++);
  const { stderr } = await finish(child);
  expect([stderr, reports]).toEqual([expect.stringContaining('Invalid cross-device link'), 0]);
});

describe('refuses handlers other than an object of functions by syscall name:', () => {
  const handler: Handler = (call) => call.deny('EACCES');
  class OwnHandlers {
    readonly mkdir = handler;
  }
  test.each<[string, unknown, RegExp]>([
    ['a Map', new Map([['mkdir', handler]]), /options\.notify: must be a plain object, not an instance of Map/],
    ['an array', [handler], /options\.notify: must be a plain object, not an array/],
    ['null', null, /options\.notify: must be an object with a function/],
    ['a function', handler, /options\.notify: must be an object with a function/],
    [
      'an instance of a class',
      new OwnHandlers(),
      /options\.notify: must be a plain object, not an instance of OwnHandlers/,
    ],
    ['an object that inherits', Object.create({ mkdir: handler }), /must be a plain object/],
    [
      'a getter',
      {
        get mkdir() {
          return handler;
        },
      },
      /options\.notify\.mkdir: is a getter/,
    ],
    ['no function', { mkdir: { continue: true } }, /options\.notify\.mkdir: must be a function/],
    ['no syscall', { makedir: handler }, /options\.notify: unknown syscall makedir/],
  ])('%s', (_, notify, message) => {
    expect(() => spawn('true', [], everything, { notify: notify as never })).toThrow(message);
    if (notify !== undefined) expect(() => listen(join(folder, 'never.sock'), notify as never)).toThrow(/handlers/);
  });
});
