/** The examples of the documentation run exactly as printed, on the Node that runs this suite. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { statusOf } from '../support/processes.js';
import { packageRoot } from '../support/scripts.js';

/** A folder in which `seccomp` is installed. */
const folder = mkdtempSync(join(tmpdir(), 'seccomp-examples-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(packageRoot, join(folder, 'node_modules', 'seccomp'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The code blocks of a page, in one language. */
const blocks = (page: string, language: string): readonly string[] =>
  [...readFileSync(join(packageRoot, 'docs', page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , code = '']) => code);

function exampleFile(name: string, code: string | undefined): string {
  const file = join(folder, name);
  writeFileSync(file, code ?? expect.fail(`there is no example for ${name}`));
  return file;
}

const runFile = (file: string) => spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: folder });

test('harden.md: the first example hardens this Node', () => {
  const [code] = blocks('harden.md', 'js');
  const file = exampleFile('harden.mjs', `${code}\n${readFileSync(new URL('try-exec.mjs', import.meta.url), 'utf8')}`);
  const { status, stdout, stderr } = runFile(file);
  expect([status, stdout, stderr]).toEqual([0, 'EPERM\n', '']);
});

test('harden.md: the command starts a program under docker-default', () => {
  const [command = ''] = blocks('harden.md', 'sh');
  writeFileSync(join(folder, 'server.js'), readFileSync(new URL('print-filters.cjs', import.meta.url)));
  const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` };
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', cwd: folder, env });
  expect([stdout, stderr]).toEqual(['Seccomp: 2\n', '']);
});

test('fork.md: both workers of the cluster serve under docker-default', async () => {
  const code = blocks('fork.md', 'js').find((text) => text.includes('cluster.fork'));
  const env = { ...process.env, PORT: '0' }; // The workers of a cluster share the port that the first is given.
  const primary = spawn(process.execPath, [exampleFile('cluster.mjs', code)], { cwd: folder, env });
  const complaints = primary.stderr.toArray();
  try {
    const pids: number[] = [];
    const ports = new Set<string>();
    for await (const line of createInterface(primary.stdout)) {
      const [, pid, port = ''] = /^process (\d+) listens on (\d+)$/.exec(line) ?? expect.fail(line);
      ports.add(port);
      if (pids.push(Number(pid)) === 2) break;
    }
    expect(pids.map((pid) => statusOf(pid).get('Seccomp'))).toEqual(['2', '2']);
    expect(ports.size).toBe(1);
    for (const port of ports) expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('hello\n');
  } finally {
    primary.kill();
  }
  expect(String(await complaints)).toBe('');
});

test('fork.md: the line for the parent does not disturb its event loop', () => {
  const code = blocks('fork.md', 'js').at(-1);
  const { status, stdout, stderr } = runFile(
    exampleFile('parent.mjs', `${code}\nimport { stat } from 'node:fs';\nstat('.', () => console.log('on'));`),
  );
  expect([status, stdout, stderr]).toEqual([0, 'on\n', '']);
});
