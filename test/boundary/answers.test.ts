/** Answers of handlers: a call is executed only if the answer is exactly { continue: true }. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { listen } from '../../lib/agent/agent.js';
import type { ProfileDocument } from '../../lib/profile/document/types.js';
import { fork } from '../../lib/sandbox/fork.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-'));
afterAll(() => rmSync(folder, { recursive: true }));
const everything: ProfileDocument = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] };

class Answer {
  readonly continue = true;
}
const throwing = () => {
  throw new Error('thrown');
};

/** A thenable. */
const thenable = (then: () => unknown): object => Object.fromEntries([['then', then]]);

/** Values by description. None of them is a valid answer. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  false: false,
  'a number': 0,
  'a text': 'continue',
  'a function': () => ({ continue: true }),
  'an empty object': {},
  'continue: false': { continue: false },
  'continue: 1': { continue: 1 },
  'continue: "true"': { continue: 'true' },
  'continue: {}': { continue: {} },
  'continue: undefined': { continue: undefined },
  'two ways': { continue: true, errno: 'EPERM' },
  'a second way that is undefined': { continue: true, errno: undefined },
  'an unknown key': { continue: true, because: 'of that' },
  'an unknown errno': { errno: 'EWHATEVER' },
  'a negative errno': { errno: -1 },
  'no value': { value: undefined },
  'a value that is not a number': { value: Number.NaN },
  'a value that is not whole': { value: 1.5 },
  'a value of more than 64 bits': { value: 2n ** 70n },
  'a value below all of 64 bits': { value: -(2n ** 63n) - 1n },
  'a descriptor that is none': { addFd: -1 },
  'a descriptor of another kind': { addFd: '1' },
  'closeOnExec that is no boolean': { addFd: 1, closeOnExec: 1 },
  'an array': [{ continue: true }],
  'a Map': new Map([['continue', true]]),
  'an instance of a class': new Answer(),
  'an object that inherits': Object.create({ continue: true }),
  'a getter': Object.defineProperty({}, 'continue', { get: () => true, enumerable: true }),
  'a getter that throws': Object.defineProperty({}, 'continue', { get: throwing, enumerable: true }),
  'a proxy that throws': new Proxy({}, { ownKeys: throwing }),
};

/** The ways in which a handler can return one. */
const WAYS: Readonly<Record<string, (answer: unknown) => unknown>> = {
  'given at once': (answer) => answer,
  promised: async (answer) => answer,
};

/** Handlers that never answer, with their timeouts in milliseconds. */
const NONE: Readonly<Record<string, () => unknown>> = {
  'a handler that throws': throwing,
  'a promise that is rejected': () => Promise.reject(new Error('rejected')),
  'a promise that never settles': () => new Promise(() => {}),
  'a then that does nothing': () => thenable(() => {}),
  'a then that throws': () => thenable(throwing),
};

const CASES: readonly (readonly [string, () => unknown])[] = [
  ...Object.entries(ANSWERS).flatMap(([name, answer]) =>
    Object.entries(WAYS).map(([way, give]) => [`${name}, ${way}`, () => give(answer)] as const),
  ),
  ...Object.entries(NONE),
];

let files = 0;
const newFile = () => join(folder, `made ${files++}`);

describe('a call is denied with EPERM, and that is reported once, for', () => {
  test.each(CASES)('%s', async (_, answer) => {
    const file = newFile();
    const handler = answer as () => { continue: true };
    const child = spawn('mkdir', [file], everything, {
      notify: { mkdir: handler },
      notifyTimeout: 50,
      env: { LC_ALL: 'C' },
    });
    let reports = 0;
    child.on('handlerError', () => reports++);
    const { code, stderr } = await finish(child);
    expect([code, stderr, reports, existsSync(file)]).toEqual([
      1,
      expect.stringContaining('Operation not permitted'),
      1,
      false,
    ]);
  });

  test.each(CASES)('%s, by an agent', async (_, answer) => {
    const file = newFile();
    const path = join(folder, `${files++}.sock`);
    const handler = answer as () => { continue: true };
    const agent = listen(path, { mkdir: handler }, { notifyTimeout: 50 });
    let reports = 0;
    agent.on('handlerError', () => reports++);
    const profile: ProfileDocument = {
      ...everything,
      listenerPath: path,
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
    };
    const { code, stderr } = await finish(spawn('mkdir', [file], profile, { env: { LC_ALL: 'C' } }));
    await agent.close();
    expect([code, stderr, reports, existsSync(file)]).toEqual([
      1,
      expect.stringContaining('Operation not permitted'),
      1,
      false,
    ]);
  });
});

test('only { continue: true } allows a call, from any realm, with or without a prototype', async () => {
  const { runInNewContext } = await import('node:vm');
  const answers: readonly { continue: true }[] = [
    { continue: true },
    Object.assign(Object.create(null), { continue: true }),
    runInNewContext('({ continue: true })'),
  ];
  for (const answer of answers) {
    for (const give of Object.values(WAYS)) {
      const file = newFile();
      const handler = () => give(answer) as typeof answer;
      const [code] = await once(spawn('mkdir', [file], everything, { notify: { mkdir: handler } }), 'exit');
      expect([code, existsSync(file)]).toEqual([0, true]);
    }
  }
});

test('a then on Object.prototype does not make an answer a promise', async () => {
  const mkdir = () => {
    Object.defineProperty(Object.prototype, 'then', { value: () => {}, configurable: true });
    setImmediate(() => Reflect.deleteProperty(Object.prototype, 'then'));
    return { errno: 'EXDEV' };
  };
  const child = spawn('mkdir', [newFile()], everything, { notify: { mkdir }, notifyTimeout: 50, env: { LC_ALL: 'C' } });
  let reports = 0;
  child.on('handlerError', () => reports++);
  const { stderr } = await finish(child);
  expect([stderr, reports]).toEqual([expect.stringContaining('Invalid cross-device link'), 0]);
});

test('fork refuses handlers', () => {
  const notify = { mkdir: () => ({ continue: true }) };
  expect(() => fork('/nonexistent.js', everything, { notify } as object)).toThrow(
    /options.notify: fork can't supervise/,
  );
});

describe('refuses handlers other than an object of functions by syscall name:', () => {
  const handler = () => ({ errno: 'EACCES' });
  class Handlers {
    mkdir() {
      return { errno: 'EACCES' };
    }
  }
  test.each<[string, unknown, RegExp]>([
    ['a Map', new Map([['mkdir', handler]]), /options\.notify: must be a plain object, not an instance of Map/],
    ['an array', [handler], /options\.notify: must be a plain object, not an array/],
    ['null', null, /options\.notify: must be an object with a function/],
    ['a function', handler, /options\.notify: must be an object with a function/],
    ['an instance of a class', new Handlers(), /options\.notify: must be a plain object, not an instance of Handlers/],
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
