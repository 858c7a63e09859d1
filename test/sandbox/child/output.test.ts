/** The output of a child, which is a stream here: what is kept of it, and when the child is ended. */
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { OutputBuffer, type OutputLimits, outputLimits, overflowError } from '../../../lib/sandbox/child/output.js';
import { fakeTimeouts } from '../../support/fake-timers.js';

beforeEach(fakeTimeouts);

/** A child with these streams, and its output with these limits. */
function gathered(limits: Partial<OutputLimits> = {}, { hasStderr = true, hasEnded = false } = {}) {
  const ended: unknown[][] = [];
  const child = {
    stdout: new PassThrough(),
    stderr: hasStderr ? new PassThrough() : null,
    hasEnded,
    terminate: (...parameters: unknown[]) => void ended.push(parameters),
  };
  const given = { encoding: 'utf8', maxBuffer: 10, timeout: 0, killSignal: 9, ...limits } as OutputLimits;
  return { child, ended, output: new OutputBuffer(child as never, given) };
}

const write = async (stream: PassThrough | null, ...chunks: readonly (string | Buffer)[]) => {
  for (const chunk of chunks) {
    stream?.write(chunk);
    await new Promise(setImmediate);
  }
};

describe('output', () => {
  test('is text in the encoding, across chunks, or bytes without one', async () => {
    const [first, second] = [Buffer.from([0x61, 0xc3]), Buffer.from([0xa9])];
    for (const [encoding, expected] of [
      ['utf8', 'aé'],
      ['hex', '61c3a9'],
      [undefined, Buffer.from('aé')],
    ] as const) {
      const { child, output } = gathered({ encoding });
      await write(child.stdout, first, second);
      expect([output.output('stdout'), output.output('stderr')]).toEqual([expected, encoding ? '' : Buffer.alloc(0)]);
      expect(output.stopped).toBe(false);
    }
  });

  test('of a stream that is none is empty, and of one that a caller has made text is text', async () => {
    const { child, output } = gathered({ encoding: undefined }, { hasStderr: false });
    child.stdout.setEncoding('latin1');
    await write(child.stdout, Buffer.from([0xe9]));
    expect([output.output('stdout'), output.output('stderr')]).toEqual(['é', Buffer.alloc(0)]);
  });

  test.each<[string, OutputLimits['encoding'], number, readonly string[], string, boolean]>([
    ['less than maxBuffer', 'utf8', 5, ['ab', 'cd'], 'abcd', false],
    ['as much', 'utf8', 4, ['ab', 'cd'], 'abcd', false],
    ['one byte more', 'utf8', 3, ['ab', 'cd'], 'abc', true],
    ['more in one chunk', 'utf8', 1, ['abcd'], 'a', true],
    ['as many bytes in characters', 'utf8', 4, ['éé'], 'éé', false],
    ['more bytes in characters', 'utf8', 3, ['éé'], 'éé', true],
    ['bytes of another encoding', 'latin1', 3, ['éé'], 'Ã©Ã', true],
    ['as many bytes in two characters each', 'hex', 3, ['aé'], '61c3a9', false],
    ['more bytes in two characters each', 'hex', 2, ['aé'], '61', true],
    ['anything with 0', 'utf8', 0, ['a'], '', true],
  ])('%s', async (_, encoding, maxBuffer, chunks, expected, isStopped) => {
    const { child, output, ended } = gathered({ encoding, maxBuffer });
    await write(child.stdout, ...chunks.map((chunk) => Buffer.from(chunk)));
    expect([output.output('stdout'), output.stopped, output.overflow]).toEqual([
      ...[expected, isStopped, isStopped ? 'stdout' : undefined],
    ]);
    expect(ended).toEqual(isStopped ? [[9, 'output']] : []);
    expect([child.stdout.destroyed, child.stderr?.destroyed]).toEqual([isStopped, isStopped]);
  });

  test('of bytes is counted and cut in bytes', async () => {
    const { child, output, ended } = gathered({ encoding: undefined, maxBuffer: 3 });
    await write(child.stderr, Buffer.from('éé'));
    expect([output.output('stderr'), output.overflow, ended]).toEqual([
      ...[Buffer.from('éé').subarray(0, 3), 'stderr', [[9, 'output']]],
    ]);
  });

  test('of each stream is counted by itself', async () => {
    const { child, output } = gathered({ maxBuffer: 4 });
    await write(child.stdout, 'abcd');
    await write(child.stderr, 'efgh');
    expect([output.output('stdout'), output.output('stderr'), output.stopped]).toEqual(['abcd', 'efgh', false]);
  });
});

describe('the timeout', () => {
  test('ends the child, and its output', () => {
    const { child, output, ended } = gathered({ timeout: 100, killSignal: 2 });
    vi.advanceTimersByTime(99);
    expect([ended, output.timedOut]).toEqual([[], false]);
    vi.advanceTimersByTime(1);
    expect([ended, output.timedOut, output.stopped, output.overflow]).toEqual([[[2, 'time']], true, true, undefined]);
    expect([child.stdout.destroyed, child.stderr?.destroyed]).toEqual([true, true]);
  });

  test('is stopped when the child has ended, and none is started for 0', () => {
    const { output } = gathered({ timeout: 100 });
    expect(vi.getTimerCount()).toBe(1);
    output.finish();
    expect(vi.getTimerCount()).toBe(0);
    gathered({ timeout: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('an abort stops the timeout, ends a child that has ended, whose pipes others hold, and leaves a running one to itself', () => {
  for (const hasEnded of [true, false]) {
    const { output, ended } = gathered({ timeout: 100 }, { hasEnded });
    output.abort();
    expect([ended, vi.getTimerCount()]).toEqual([hasEnded ? [[]] : [], 0]);
  }
});

test.each<[object, Partial<OutputLimits>]>([
  [{}, { encoding: 'utf8', maxBuffer: 1024 * 1024, timeout: 0, killSignal: 15 }],
  [
    { encoding: 'latin1', maxBuffer: 5, timeout: 7, killSignal: 9 },
    { encoding: 'latin1', maxBuffer: 5, timeout: 7, killSignal: 9 },
  ],
  [
    { encoding: 'buffer', maxBuffer: 0 },
    { encoding: undefined, maxBuffer: 0 },
  ],
  [
    { encoding: null, maxBuffer: null },
    { encoding: undefined, maxBuffer: 1024 * 1024 },
  ],
  [{ encoding: 'no-encoding' }, { encoding: undefined }],
  [{ encoding: undefined }, { encoding: 'utf8' }],
])('the limits of %j are %j', (options, expected) => {
  expect(outputLimits(options)).toMatchObject(expected);
});

test('the error for too much output is Node’s', () => {
  expect(overflowError('stderr')).toMatchObject({
    ...{ name: 'RangeError', code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', message: 'stderr maxBuffer length exceeded' },
  });
});
