/** Handlers whose answer is too late: after the timeout, or after the end of the caller. */
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { NotifyResponse } from '../../lib/notify/answer.js';
import type { Handler } from '../../lib/notify/handlers.js';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';

const everything = { defaultAction: 'SCMP_ACT_ALLOW' } as const;

/**
 * The end of a program whose call the handler answers when its promise `late` is called and resolves, and the messages
 * of `handlerError` until then.
 */
async function afterTimeout(late: (call: Parameters<Handler>[0]) => Promise<unknown>) {
  const errors: string[] = [];
  let expire = () => {};
  const expired = new Promise<void>((resolve) => {
    expire = resolve;
  });
  const answers: Promise<unknown>[] = [];
  const child = spawn('uname', [], everything, {
    stdio: 'ignore',
    notifyTimeout: 20, // It is certain, as the handler waits for it.
    notify: {
      uname: (call) => {
        const answer = expired.then(() => late(call));
        answers.push(answer.catch(() => {}));
        return answer as Promise<NotifyResponse>;
      },
    },
  });
  child.on('handlerError', ({ message }: Error) => {
    errors.push(message);
    expire();
  });
  const { code } = await finish(child);
  await Promise.all(answers);
  return { code, errors };
}

test('a descriptor in a late answer is closed if its answer has close: true', async () => {
  for (const close of [true, false]) {
    const fd = openSync('/dev/null', 'r');
    const { code, errors } = await afterTimeout(async (call) => call.returnFd(fd, { close }));
    expect([code, errors]).toEqual([1, ['uname: no answer in 20 ms: ETIMEDOUT']]);
    expect(existsSync(`/proc/self/fd/${fd}`)).toBe(!close);
    if (!close) closeSync(fd);
  }
});

test.each<[string, () => Promise<unknown>]>([
  ['that is not valid', async () => ({ continue: true })],
  ['that is an error', () => Promise.reject(new Error('late'))],
])('a late answer %s is not reported: the timeout was', async (_, late) => {
  expect(await afterTimeout(late)).toEqual({ code: 1, errors: ['uname: no answer in 20 ms: ETIMEDOUT'] });
});

test('an answer to a caller that was killed is not an error', async () => {
  const errors: unknown[] = [];
  let answer: Promise<NotifyResponse> | undefined;
  const uname: Handler = (call) => {
    process.kill(Number(call.tid), 'SIGKILL');
    answer = exit.then(() => call.return(0));
    return answer;
  };
  const child = spawn('uname', [], everything, { stdio: 'ignore', notify: { uname } });
  const exit = once(child, 'exit');
  child.on('handlerError', (error) => errors.push(error));
  expect(await finish(child)).toMatchObject({ signal: 'SIGKILL' });
  await answer;
  expect(errors).toEqual([]);
});

test('the timeout of a handler does not keep the process alive after its answer', async () => {
  const script = `
    import { spawn } from 'seccomp';
    const notify = { uname: async (call) => call.continue() };
    const child = spawn('uname', { defaultAction: 'SCMP_ACT_ALLOW' }, { notify, notifyTimeout: 600_000, stdio: 'ignore' });
    child.on('close', () => console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], 'unconfined');
  expect(stdout).toBe('0\n');
});
