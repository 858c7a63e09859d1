/** The memory of a caller at the ends of what is mapped, and the errors of methods that can't use an argument. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { NotifiedCall } from '../../lib/notify/notified-call.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { finish } from '../support/processes.js';
import { everything } from '../support/profiles.js';

const script = fileURLToPath(new URL('bounded-memory.py', import.meta.url));

/** Uses the argument of a call by bounded-memory.py. Returns the result or the error's code, and what the call prints. */
async function using(place: string, use: (call: NotifiedCall) => unknown) {
  let used: unknown;
  const child = spawn('python3', [script, place], everything, {
    notify: {
      uname: (call) => {
        try {
          used = use(call);
        } catch (error) {
          used = Reflect.get(Object(error), 'code');
        }
        return call.deny('ENOTTY');
      },
    },
  });
  const { stdout, stderr } = await finish(child);
  return { used, stdout, stderr };
}

/** What bounded-memory.py prints after its call was denied with ENOTTY, if its memory was not written to. */
const UNCHANGED = `25 ${'a'.repeat(96)}\n`;

test.each<[string, string, (call: NotifiedCall) => unknown, unknown]>([
  ['a string that continues into a page that is not mapped', 'before the end', (call) => call.readString(0), 'EFAULT'],
  ['a string of more than 4,095 bytes', 'long', (call) => call.readString(0), 'ENAMETOOLONG'],
])('readString refuses %s with the errno that the kernel gives', async (_, place, use, code) => {
  expect(await using(place, use)).toEqual({ used: code, stdout: UNCHANGED, stderr: '' });
});

test.each<[string, string, (call: NotifiedCall) => unknown, unknown]>([
  ['readBytes', 'at the end', (call) => call.readBytes(0, 8), 'EFAULT'],
  ['writeBytes', 'at the end', (call) => call.writeBytes(0, Buffer.alloc(8)), 'EFAULT'],
  ['readString', 'kernel', (call) => call.readString(0), 'EFAULT'],
  ['readBytes', 'kernel', (call) => call.readBytes(0, 8), 'EFAULT'],
  ['readBytes of nothing', 'kernel', (call) => call.readBytes(0, 0).length, 0],
  ['writeBytes', 'kernel', (call) => call.writeBytes(0, Buffer.alloc(8)), 'EFAULT'],
  ['writeBytes of nothing', 'kernel', (call) => call.writeBytes(0, Buffer.alloc(0)), undefined],
])('%s of an address (%s) answers as the kernel does', async (_, place, use, result) => {
  expect(await using(place, use)).toEqual({ used: result, stdout: UNCHANGED, stderr: '' });
});

test('readBytes returns the bytes before a page that is not mapped', async () => {
  const { used } = await using('before the end', (call) => call.readBytes(0, 200).toString());
  expect(used).toBe('a'.repeat(96));
});
