/** The list of syscalls that a command needs, and the message of a command that fails under a profile. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { assertNeedsNoMore, assertRunsUnder } from '../../lib/testing/assertions.js';
import { neededSyscalls } from '../../lib/testing/needed-syscalls.js';

const directory = mkdtempSync(join(tmpdir(), 'seccomp-needed-'));
const file = join(directory, 'needed.json');
beforeEach(() => {
  rmSync(file, { force: true });
  vi.stubEnv('CI', '');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

test('the first run writes the list, and a later run fails with the syscalls that are new', async () => {
  await assertNeedsNoMore(['true'], file);
  const list: string[] = JSON.parse(readFileSync(file, 'utf8'));
  expect(list).toContain('exit_group');
  expect(list).not.toContain('chdir');
  await assertNeedsNoMore(['true'], file);
  writeFileSync(file, JSON.stringify(await neededSyscalls(['sh', '-c', ':'])));
  await expect(assertNeedsNoMore(['sh', '-c', 'cd /'], file)).rejects.toThrowError(
    expect.objectContaining({
      name: 'AssertionError',
      message: expect.stringMatching(/^sh -c cd \/ needs chdir \(made by \S+sh\), which/),
    }),
  );
});

test.each(['false', '0', 'FALSE', 'no'])('a missing list is written where CI is %s', async (value) => {
  vi.stubEnv('CI', value);
  await expect(assertNeedsNoMore(['true'], file)).resolves.toBe(undefined);
});

test('a missing list is a failure where CI is set, and is written only with update', async () => {
  vi.stubEnv('CI', 'true');
  await expect(assertNeedsNoMore(['true'], file)).rejects.toThrow(/does not exist, and is not written where CI is set/);
  expect(existsSync(file)).toBe(false);
  const once = join(directory, 'once');
  await assertNeedsNoMore(['sh', '-c', `echo >>${once}`], file, { update: true });
  expect([JSON.parse(readFileSync(file, 'utf8')), readFileSync(once, 'utf8')]).toEqual([
    expect.arrayContaining(['exit_group']),
    '\n',
  ]);
});

test('with update, new syscalls are added to the list, of as many runs as repeat says', async () => {
  vi.stubEnv('CI', 'true');
  const counter = join(directory, 'runs');
  const command = ['sh', '-c', `echo >>${counter}; [ "$(wc -l <${counter})" = 1 ] || cd /`];
  writeFileSync(file, '["mkdir"]');
  await assertNeedsNoMore(command, file, { update: true, repeat: 3 });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(expect.arrayContaining(['chdir', 'exit_group', 'mkdir']));
  expect(readFileSync(counter, 'utf8')).toBe('\n\n\n');
  await assertNeedsNoMore(command, file, { repeat: 3 });
  expect(readFileSync(counter, 'utf8')).toHaveLength(4);
  for (const repeat of [0, 1.5, 1001, '2' as never])
    await expect(assertNeedsNoMore(command, file, { repeat })).rejects.toThrow(
      'options.repeat: must be 1 to 1000 runs',
    );
  await expect(assertNeedsNoMore(command, file, { update: 'yes' as never })).rejects.toThrow('options.update: must be');
});

test('a command that fails without a filter is an error', async () => {
  await expect(neededSyscalls(['false'])).rejects.toThrow(/false ended with exit code 1, without a filter/);
});

test('a command that a signal without a name ends is an error', async () => {
  const command = ['bash', '-c', 'kill -35 $$'];
  await expect(neededSyscalls(command)).rejects.toThrow(/ ended with signal 35, without a filter/);
  await expect(assertNeedsNoMore(command, file)).rejects.toThrow(/ ended with signal 35, without a filter/);
  expect(existsSync(file)).toBe(false);
});

test('a file that is not a list is an error', async () => {
  writeFileSync(file, '{}');
  await expect(assertNeedsNoMore(['true'], file)).rejects.toThrow(/is not a list of names/);
});

test('the message of a command that fails names what was denied', async () => {
  const path = join(directory, 'made');
  await expect(
    assertRunsUnder(['mkdir', path], {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    }),
  ).rejects.toThrow(
    new RegExp(`ended with exit code 1[\\s\\S]*\\ndenied: mkdir.*${path}.* by inline, syscalls\\[0\\]$`),
  );
});
