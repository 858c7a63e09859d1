/**
 * What a platform engineer does with docs/guides/server.md and cluster.md: starts servers under a profile, looks at what
 * is denied, and hardens them further. The programs are those of the pages.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { main } from '../support/built.js';
import { blocksOf } from '../support/docs/blocks.js';
import { textOfPage } from '../support/docs/pages.js';
import { noLibraries } from '../support/libraries.js';
import { makeProject, startServer } from '../support/project.js';

const project = makeProject([], noLibraries === undefined ? ['piscina'] : []);
afterAll(project.remove);

const SECCOMP = [process.execPath, main];
const underNoExec = [...SECCOMP, 'run', '-p', 'node-no-exec', '--', process.execPath];
const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };

/** Writes a program of a page into the project, with a free port in place of its own. Returns the port. */
async function writeProgram(page: string, name: string): Promise<number> {
  const code = blocksOf(textOfPage(page)).find((block) => block.name === name)?.code ?? expect.fail(`${page}: ${name}`);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  writeFileSync(join(project.path, name), code.replace(/\b84\d\d\b/, String(port)));
  return port;
}

function writeFile(name: string, text: string): string {
  writeFileSync(join(project.path, name), text);
  return name;
}

const run = (command: readonly string[], variables: Readonly<Record<string, string>> = {}) => {
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: project.path,
    encoding: 'utf8',
    timeout: 60_000, // Only what hangs takes so long.
    env: { ...env, ...variables },
  });
  return { status, stdout, stderr };
};

describe('a server under `seccomp run -p node-no-exec`', () => {
  test('serves every request, is denied each program, and ends on SIGTERM', async () => {
    const port = await writeProgram('docs/guides/server.md', 'server.mjs');
    const server = startServer(project, [...underNoExec, 'server.mjs']);
    try {
      expect(await server.nextLine()).toBe('listening');
      const answers = await Promise.all(Array.from({ length: 100 }, () => textAt(port)));
      expect(new Set(answers)).toEqual(new Set(['spawnSync /bin/true EACCES']));
    } finally {
      expect(await server.end()).toBe('SIGTERM');
    }
    expect(server.stderr()).toBe('');
  });

  test('goes on serving, without connections of its own, after harden()', async () => {
    const port = await writeProgram('docs/guides/server.md', 'sealed.mjs');
    const server = startServer(project, [...underNoExec, 'sealed.mjs']);
    try {
      expect(await server.nextLine()).toBe('listening');
      const answers = await Promise.all(Array.from({ length: 100 }, () => textAt(port)));
      expect(answers.filter((answer) => !answer.startsWith('connect EPERM 127.0.0.1:80'))).toEqual([]);
    } finally {
      await server.end();
    }
  });

  test('learns at once that harden() would leave its clients waiting', async () => {
    await writeProgram('docs/guides/server.md', 'sealed.mjs');
    const sealed = readFileSync(join(project.path, 'sealed.mjs'), 'utf8').replace(".allow('accept4')", '');
    const { status, stderr } = run([...underNoExec, writeFile('stuck.mjs', sealed)]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('the profile denies accept4: no client would be served'),
    ]);
  });

  test('runs threads of Piscina', async ({ skip }) => {
    if (noLibraries !== undefined) skip(noLibraries);
    for (const name of ['task.mjs', 'threads.mjs']) await writeProgram('docs/guides/cluster.md', name);
    expect(run([...underNoExec, 'threads.mjs'])).toEqual({
      status: 0,
      stdout: "[ 'spawnSync true EACCES', 'spawnSync id EACCES' ]\n",
      stderr: '',
    });
  });
});

const textAt = async (port: number) => (await fetch(`http://127.0.0.1:${port}`)).text();

describe('seccomp/register', () => {
  const program = 'console.log(child_process.spawnSync("true").error.code); throw new Error("a crash")';

  test('keeps output and errors that go to one pipe', () => {
    const shell = `"$1" --require seccomp/register -e '${program}' 2>&1 | cat`;
    const { stdout } = run(['sh', '-c', shell, 'sh', process.execPath], { SECCOMP_PROFILE: 'node-no-exec' });
    expect(stdout).toMatch(/^EACCES\n/);
    expect(stdout).toContain('Error: a crash');
  });
});

test('harden() takes a built-in profile in a Node that `seccomp run` started', () => {
  const code = 'require("seccomp").harden("docker-default"); console.log("hardened")';
  expect(run([...SECCOMP, 'run', '-p', 'node', '--', process.execPath, '-e', code]).stdout).toBe('hardened\n');
});

test('both workers of a cluster serve when the primary denies io_uring, as the reference shows', () => {
  const reference = blocksOf(textOfPage('docs/reference/node-processes.md'));
  const line = reference.find(({ code }) => code.includes("deny('io_uring_setup'"))?.code ?? expect.fail('no line');
  const program = line + readFileSync(new URL('programs/cluster.mjs', import.meta.url), 'utf8');
  expect(run([process.execPath, writeFile('primary.mjs', program)])).toEqual({
    status: 0,
    stdout: 'hello\n',
    stderr: '',
  });
});

describe('what is denied', () => {
  test('is reported by --explain', () => {
    const explain = [...SECCOMP, 'run', '--explain', '-p', 'node-no-exec', '--'];
    const { status, stderr } = run([...explain, process.execPath, '-e', 'child_process.spawnSync("true")']);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^seccomp: clone\(SIGCHLD.*\): EACCES$/m);
    expect(stderr).toMatch(/^ {5}1× clone\(.*\): EACCES$/m);
  });

  test('is in the kernel’s log as the guide shows it', ({ skip }) => {
    if (process.getuid?.() !== 0) skip('needs root, to read the log');
    const code = blocksOf(textOfPage('docs/guides/server.md')).find(({ code }) =>
      code.includes('FILTER_FLAG_LOG'),
    )?.code;
    run([process.execPath, writeFile('log.mjs', code ?? expect.fail('no block'))]);
    const program = 'child_process.spawnSync("true"); console.log(process.pid)';
    const { stdout } = run([...SECCOMP, 'run', '-p', 'server.json', '--', process.execPath, '-e', program]);
    const log = spawnSync('dmesg', { encoding: 'utf8', maxBuffer: 2 ** 26 }).stdout;
    const line = log.split('\n').findLast((each) => each.includes(`pid=${stdout.trim()} `));
    if (line === undefined) skip('the kernel did not log the call: its log has a rate limit, and auditd takes it away');
    expect(line).toMatch(
      /type=1326 audit\([\d.:]+\): auid=\d+ uid=\d+ gid=\d+ ses=\d+ (?:subj=\S+ )?pid=\d+ comm="\S+" exe="\S+" sig=0 arch=\w+ syscall=\d+ compat=0 ip=0x\w+ code=0x50000/,
    );
  });
});

test('a shim in place of node does not start under node-no-exec; the path that the guide names does', () => {
  const shim = join(project.path, writeFile('node', `#!/usr/bin/env bash\nexec ${process.execPath} "$@"\n`));
  chmodSync(shim, 0o755);
  const start = [...SECCOMP, 'run', '-p', 'node-no-exec', '--'];
  const { status, stderr } = run([...start, shim, '-e', 'console.log("started")'], { LC_ALL: 'C' });
  expect([status, stderr]).toEqual([126, "env: 'bash': Permission denied\n"]);
  // This path is the one that starts above.
  expect(execFileSync(shim, ['-p', 'process.execPath'], { encoding: 'utf8' }).trim()).toBe(process.execPath);
});

test('the unit file of the guide starts the command itself', ({ skip }) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip('needs systemd-analyze');
  const unit = blocksOf(textOfPage('docs/guides/server.md')).find(({ name }) => name === 'app.service')?.code ?? '';
  const start = `ExecStart=${process.execPath} ${main} run -p node-no-exec -- ${process.execPath} server.mjs`;
  const file = join(
    project.path,
    writeFile('app.service', unit.replace(/^ExecStart=.*$/m, start).replace('app', 'root')),
  );
  expect(unit).toMatch(
    /^ExecStart=\/srv\/app\/node_modules\/\.bin\/seccomp run -p node-no-exec -- \S*\/node server\.mjs$/m,
  );
  const { status, stderr } = run(['systemd-analyze', 'verify', file]);
  expect([status, stderr]).toEqual([0, '']);
});
