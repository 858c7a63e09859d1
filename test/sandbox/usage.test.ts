/** What results say that a program has used. */
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Leaf } from '../../lib/process-tree/leaf.js';
import { usageOf } from '../../lib/process-tree/usage.js';
import { RunError } from '../../lib/sandbox/child/result.js';
import { run } from '../../lib/sandbox/run.js';
import { Sandbox } from '../../lib/sandbox/sandbox.js';
import { spawn } from '../../lib/sandbox/spawn.js';
import { spawnSync } from '../../lib/sandbox/spawn-sync.js';
import { evaluateScript } from '../support/scripts.js';

const PROFILE = 'docker-default';
const MiB = 1024 * 1024;
/** A program that uses 100 ms of CPU time, and more memory than this process. */
const USE = `
  const memory = Buffer.alloc(${process.resourceUsage().maxRSS * 1024 + 64 * MiB}, 1);
  while (process.cpuUsage().user < 100_000) memory[0]++;`;
const ARGS = ['-e', USE];
const USED = {
  wallTime: expect.any(Number),
  cpuTime: expect.any(Number),
  maxRss: expect.any(Number),
  peakMemory: null,
};

test('is that of the program, by run, spawn and spawnSync', async () => {
  const child = spawn(process.execPath, ARGS, PROFILE);
  const beforeEnd = child.usage;
  await once(child, 'exit');
  const { usage } = await run(process.execPath, ARGS, PROFILE);
  const all = [usage, child.usage, spawnSync(process.execPath, ARGS, PROFILE).usage];
  expect([beforeEnd, ...all]).toEqual([null, USED, USED, USED]);
  const used = all.map((each) => [Number(each?.cpuTime) > 100, Number(each?.maxRss) > 64 * MiB]);
  expect(used).toEqual([1, 2, 3].map(() => [true, true]));
});

test('does not count the memory of this process, a copy of which starts the program', async () => {
  expect((await run('true', PROFILE)).usage).toEqual({ ...USED, maxRss: null });
});

test('lasts from before the start to the end: no shorter than a program with one thread has had a CPU', async () => {
  const all = [(await run('true', PROFILE)).usage, spawnSync('true', PROFILE).usage];
  expect(all.map((each) => Number(each?.wallTime) >= Number(each?.cpuTime))).toEqual([true, true]);
});

test('is known where a filter on this process denies waitid', () => {
  const used = evaluateScript(`
    sandbox.harden(denying(1, 'waitid'), { acceptRings: true });
    const { usage } = sandbox.spawnSync('true', 'docker-default');
    return usage.cpuTime > 0;`);
  expect(used).toBe(true);
});

test('is known of a program that failed, and null for one that was not started', async () => {
  const failed: RunError = await run('false', PROFILE).catch((error) => error);
  expect(failed.usage).toEqual({ ...USED, maxRss: null });
  expect(JSON.parse(JSON.stringify(failed)).usage).toEqual(failed.usage);
  const missing: RunError = await run('/missing', PROFILE).catch((error) => error);
  expect([missing instanceof RunError, missing.usage, spawnSync('/missing', PROFILE).usage]).toEqual([
    true,
    null,
    null,
  ]);
});

test('the result of a Sandbox has it, but not enumerable', () => {
  const result = new Sandbox(PROFILE).spawnSync('true');
  expect(Object.keys(result)).not.toContain('usage');
  expect(result).toHaveProperty('usage', { ...USED, maxRss: null });
});

test('in a cgroup is that of all processes', () => {
  const leaf = Object.create(Leaf.prototype, {
    cpuTime: { value: () => 12 },
    peakMemory: { value: () => 34 },
  });
  const used = { cpuTime: 1, maxRss: null };
  expect(usageOf(0, used, leaf)).toMatchObject({ cpuTime: 12, maxRss: null, peakMemory: 34 });
});

test('is reported where a filter on this process denies getrusage', async () => {
  const denied = vi.spyOn(process, 'resourceUsage').mockImplementation(() => {
    throw new Error('EPERM: operation not permitted, uv_getrusage');
  });
  onTestFinished(() => denied.mockRestore());
  expect((await run('true', PROFILE)).usage).toEqual({ ...USED, maxRss: null });
});
