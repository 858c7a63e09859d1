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
