/** examples/converter.mjs: an HTTP service that converts pictures, logs denials, and counts them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isolationSupport } from '../../lib/landlock/domain.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/scripts.js';

interface Entry {
  readonly event: string;
  readonly port?: number;
}

const { by, reason } = isolationSupport();

describeUnless(by === 'scopes' ? obstacleTo('magick') : String(reason), 'the converter', () => {
  let service: ChildProcess;
  let address: string;
  const entries: Entry[] = [];
  const errors: string[] = [];
  let png: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    png = new Uint8Array(execFileSync('magick', ['-size', '64x48', 'gradient:red-blue', 'png:-']));
    const child = spawn(process.execPath, ['examples/converter.mjs', '0'], { cwd: packageRoot });
    service = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    const lines = createInterface(child.stdout).on('line', (line) => entries.push(JSON.parse(line)));
    await once(lines, 'line');
    address = `http://127.0.0.1:${entries[0]?.port}`;
  });

  afterAll(() => {
    service.kill();
  });

  const convert = (body: Uint8Array<ArrayBuffer> | string, type: string, to: string) =>
    fetch(`${address}/?to=${to}`, { method: 'POST', headers: { 'content-type': type }, body });

  const metrics = async () => (await fetch(`${address}/metrics`)).text();

  test('returns 20 pictures that are uploaded at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => convert(png, 'image/png', 'webp')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const bodies = await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(new Set(bodies.map((body) => Buffer.from(body).toString('latin1', 8, 12)))).toEqual(new Set(['WEBP']));
    expect(await metrics()).toContain('conversions_total 20\n');
  });

  test('logs and counts the program that an SVG would start', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
    expect([200, 422]).toContain((await convert(svg, 'image/svg+xml', 'png')).status);
    const denied = entries.filter(({ event }) => event === 'denied');
    expect(denied).toEqual([
      expect.objectContaining({
        level: 'warn',
        syscall: 'execve',
        why: expect.stringContaining('built on docker-default'),
      }),
    ]);
    expect(await metrics()).toMatch(/^denied_calls_total\{syscall="execve"\} \d+$/m);
  });

  test('refuses what is no picture, what is too large, and what it does not know', async () => {
    expect((await convert('no picture', 'image/png', 'png')).status).toBe(422);
    expect((await convert(new Uint8Array(10 * 1024 * 1024 + 1), 'image/png', 'png')).status).toBe(413);
    expect((await convert(png, 'image/png', 'pdf')).status).toBe(400);
    expect((await convert(png, 'constructor', 'png')).status).toBe(400);
    expect((await fetch(address)).status).toBe(400);
  });

  test('has printed no error', () => {
    expect(errors).toEqual([]);
    expect(entries.filter(({ event }) => event === 'error')).toEqual([]);
  });
});

describeUnless(
  by === 'scopes' ? undefined : String(reason),
  'a converter of which a limit ends each conversion',
  () => {
    const text = readFileSync(new URL('../../examples/converter.mjs', import.meta.url), 'utf8');

    test.each([
      ['output', 413, 'while :; do echo 0123456789012345678901234567890123456789; done', '10_000'],
      ['time', 504, 'while :; do :; done', '1'],
    ])('tells the client which: %s', async (limit, status, script, timeout) => {
      const changed = text
        .replace(/run\('magick', \[.*?\]/, `run('sh', ['-c', '${script}']`)
        .replace('timeout: 10_000', `timeout: ${timeout}`);
      const args = ['--input-type=module', '--eval', changed, 'converter.mjs', '0'];
      const service = spawn(process.execPath, args, { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const [line] = await once(createInterface(service.stdout), 'line');
        const address = `http://127.0.0.1:${JSON.parse(line).port}/?to=png`;
        const answer = await fetch(address, {
          method: 'POST',
          headers: { 'content-type': 'image/png' },
          body: 'picture',
        });
        expect([answer.status, await answer.text()]).toEqual([status, `the picture cannot be converted (${limit})\n`]);
      } finally {
        service.kill();
      }
    });
  },
);
