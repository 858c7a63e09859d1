/** A child that sends what no Node sends over its channel: its parent goes on, and so do its other children. */
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../../lib/sandbox/run.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { compileC } from '../support/compile-c.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder('seccomp-channel-');
chmodSync(folder, 0o755);
const program = join(folder, 'channel');
copyFileSync(compileC('../adversary/channel.c', ['-static']), program);
chmodSync(program, 0o755);

const users: readonly (readonly [who: string, options: object])[] = [
  ['this user', {}],
  ['another user', { uid: 65_534, gid: 65_534, cwd: '/' }],
];

const NOT_JSON = /sent a line that is not JSON/;
const TOO_LONG = /sent a message of more than 16 MiB/;
const HANDLE = /has sent a handle, which does not arrive/;

describe.each(users)('a child of %s', (_, options) => {
  const needsRoot = 'uid' in options && process.getuid?.() !== 0;

  test.for<[attack: string, error: RegExp | undefined]>([
    ['file', HANDLE],
    ['memory', HANDLE],
    ['channel', HANDLE],
    ['handles', HANDLE],
    ['files', undefined],
    ['no JSON', NOT_JSON],
    ['nothing', NOT_JSON],
    ['no end', TOO_LONG],
    ['half lines', TOO_LONG],
    ['deep', undefined],
    ['flood', undefined],
    ['answers', /answered a handle that it was not sent/],
    ['names', undefined],
    ['reset', undefined],
  ])('ends nothing but its channel: %s', async ([attack, expected], { skip }) => {
    skip(needsRoot, 'needs root');
    const child = spawn(program, [attack], 'docker-default', {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      ...options,
    });
    const errors: Error[] = [];
    let messages = 0;
    child.on('error', (error) => errors.push(error));
    child.on('message', () => messages++);
    await new Promise<void>((resolve) => child.once('close', () => resolve()));
    expect(errors.length > 0).toBe(expected !== undefined);
    expect(errors[0]?.message ?? '').toMatch(expected ?? '');
    expect([child.connected, child.channel]).toEqual([false, null]);
    if (attack === 'flood') expect(messages).toBe(2 ** 20);
    const { stdout } = await run('echo', ['the loop goes on'], 'docker-default');
    expect(stdout).toBe('the loop goes on\n');
  });
});
