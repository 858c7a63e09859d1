/**
 * The trial of a newcomer on a minimal machine: installs the tarball without network, compiler and install scripts, and does
 * what the first pages of the documentation say, as an ordinary user.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnless } from '../support/describe-unless.js';
import { blocksOf } from '../support/docs/blocks.js';
import { textOfPage } from '../support/docs/pages.js';
import { packTo } from '../support/installed.js';
import { packageRoot } from '../support/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-newcomer-'));
const project = join(folder, 'project');
const bin = join(folder, 'bin');
afterAll(() => rmSync(folder, { recursive: true }));

/** All programs of this machine: no compiler, no make, no python. */
const PROGRAMS = ['sh', 'bash', 'env', 'true', 'npm', 'npx'];

/** Where a program of this machine is, or undefined. */
function find(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((path) => !path.includes('node_modules'));
  const file = folders.map((path) => join(path, program)).find((path) => existsSync(path));
  return file === undefined ? undefined : realpathSync(file);
}

const missing = PROGRAMS.filter((program) => find(program) === undefined);
const unusable = missing.length === 0 ? undefined : `${missing.join(' and ')} not installed`;

const USER = 65534;
/** Whether a child can have another user: this process is root, and Node is not in a folder that only root can enter. */
const canSwitch = spawnSync(process.execPath, ['--version'], { uid: USER, gid: USER, cwd: '/' }).status === 0;

interface RunSettings {
  readonly asUser?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a command in the project, with the programs of the minimal machine only. */
function run(command: string, args: readonly string[], { asUser = false, env = {}, cwd = project }: RunSettings = {}) {
  const offline = { npm_config_offline: 'true', npm_config_audit: 'false', npm_config_update_notifier: 'false' };
  const path = [join(cwd, 'node_modules/.bin'), bin].join(delimiter);
  const user = asUser && canSwitch ? { uid: USER, gid: USER } : {};
  const { status, stdout, stderr } = spawnSync(command, args, {
    ...user,
    cwd,
    encoding: 'utf8',
    env: { PATH: path, HOME: join(folder, asUser ? 'user' : 'home'), LANG: 'C.UTF-8', ...offline, ...env },
  });
  return { status, stdout, stderr };
}

const node = (args: readonly string[], settings?: RunSettings) => run(process.execPath, args, settings);

/** Writes a file of the project. Returns its name. */
function write(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return name;
}

/** The code blocks of a page in a language. */
const codeOf = (page: string, language: string) =>
  blocksOf(textOfPage(page)).filter((block) => block.language === language);

let installed: ReturnType<typeof run>;
beforeAll(() => {
  if (unusable !== undefined) return;
  chmodSync(folder, 0o755);
  for (const name of [project, bin, join(folder, 'home'), join(folder, 'user')]) mkdirSync(name, { mode: 0o755 });
  chmodSync(join(folder, 'user'), 0o777);
  for (const program of PROGRAMS) symlinkSync(find(program) ?? '', join(bin, program));
  symlinkSync(process.execPath, join(bin, 'node'));
  write('package.json', '{ "name": "newcomer", "type": "module" }');
  installed = run('npm', ['install', '--ignore-scripts', packTo(join(folder, 'packed'))]);
});

describeUnless(unusable, 'a newcomer', () => {
  test('installs the package without network, compiler and scripts', () => {
    expect(installed).toMatchObject({ status: 0, stderr: '' });
    expect(installed.stdout).toMatch(/^\s*added 1 package\b/);
  });

  test('checks the machine by doctor, as an ordinary user', () => {
    const { status, stdout, stderr } = run('npx', ['seccomp', 'doctor'], { asUser: true });
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ trial run {6}a Node program ran under docker-default$/m);
  });

  test('runs the first programs of "Getting started", an ES module and CommonJS, as an ordinary user', () => {
    const page = 'docs/getting-started.md';
    const [first] = [...codeOf(page, 'js'), ...codeOf(page, 'cjs')].filter(({ name }) => name === 'first.mjs');
    const [second] = codeOf(page, 'cjs');
    write('first.mjs', first?.code ?? '');
    write('first.cjs', second?.code ?? '');
    const version = `${process.version}\n`;
    expect(node(['first.mjs'], { asUser: true })).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(node(['first.cjs'], { asUser: true })).toEqual({ status: 0, stdout: `${version}exit code 0\n`, stderr: '' });
  });

  test.each([
    ['a wrong name', "spawn('true', [], 'dokcer-default');", /did you mean docker-default\?/],
    ['a wrong path', "spawn('true', [], './no.json');", /^SeccompError \[ERR_SECCOMP_FILE\]: \.\/no\.json: /m],
    ['a wrong profile', 'spawn("true", [], { defaultAction: "SCMP_ACT_ALOW" });', /did you mean SCMP_ACT_ALLOW\?/],
    ['a failed program', "await run('false', [], 'docker-default');", /false: ended with exit code 1|ENOENT/],
  ])('reads a short error for %s, which names the own line', (_, line, message) => {
    const file = write('wrong.mjs', `import { run, spawn } from 'seccomp';\n\nvoid [run, spawn];\n${line}\n`);
    const { status, stderr } = node([file]);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    const [frame] = stderr.match(/^ {4}at .*/m) ?? [];
    expect(frame).toMatch(/wrong\.mjs:4:/);
    expect(stderr.length, stderr).toBeLessThan(2000);
    expect(stderr.split('\n').length, stderr).toBeLessThan(30);
  });

  test.each(['darwin', 'win32'])('develops on %s with the code of "Other systems"', (platform) => {
    const [sandbox, first, second] = codeOf('docs/guides/other-systems.md', 'js');
    write('sandbox.mjs', sandbox?.code ?? '');
    write('preload.cjs', `Object.defineProperty(process, 'platform', { value: '${platform}' });`);
    const onPlatform = (code = '') => node(['--require', './preload.cjs', write('program.mjs', code)]);
    expect(onPlatform(first?.code)).toEqual({ status: 0, stdout: '42\n\n', stderr: '' });
    expect(onPlatform(second?.code)).toEqual({ status: 0, stdout: 'ready\n\n', stderr: '' });
    const both = "import { isSupported, spawnSync } from 'seccomp'; console.log(isSupported()); ";
    const { stdout, stderr } = onPlatform(`${both}spawnSync('true', [], 'docker-default');`);
    expect(stdout).toBe('false\n');
    expect(stderr).toContain(`[ERR_SECCOMP_UNSUPPORTED]: seccomp is a part of Linux`);
  });

  test('learns why a shim does not start where programs may not be started', () => {
    writeFileSync(join(project, 'shim'), '#!/usr/bin/env bash\nexec true\n', { mode: 0o755 });
    const file = write('shim.mjs', "import { run } from 'seccomp'; await run('./shim', [], 'node-no-exec');");
    const { stderr } = node([file]);
    expect(stderr).toMatch(/\.\/shim: ended with exit code 12[67]\n/);
    expect(stderr).toContain('hint: exit codes 126 and 127 can mean that the profile denies execve');
  });

  test('keeps secrets out of the environment by the option env', () => {
    const show = (options: string) => `console.log((await run('env', [], 'docker-default'${options})).stdout);`;
    const code = `import { run } from 'seccomp'; ${show('')}; console.log('---'); ${show(', { env: { A: "1" } }')}`;
    const [all = '', few] = node([write('env.mjs', code)], { env: { TOKEN: 'secret' } }).stdout.split('---\n');
    expect(all).toContain('TOKEN=secret\n');
    expect(few).toBe('A=1\n\n');
  });
});

describeUnless(unusable, 'a bundle by esbuild', () => {
  const program =
    "import { run } from 'seccomp';\nconsole.log((await run('env', [], 'docker-default', { env: { A: '1' } })).stdout);";
  const [command = ''] = codeOf('docs/reference/install.md', 'sh')
    .map(({ code }) => code.trim())
    .filter((code) => code.startsWith('esbuild '));

  /** Bundles the program, and runs the bundle in another folder, in which the package is installed. */
  function runBundle(args: readonly string[]) {
    write('program.mjs', program);
    const bundled = run(join(packageRoot, 'node_modules/.bin/esbuild'), [...args, '--log-level=error']);
    expect(bundled).toEqual({ status: 0, stdout: '', stderr: '' });
    const cwd = mkdtempSync(join(folder, 'deployed-'));
    symlinkSync(join(project, 'node_modules'), join(cwd, 'node_modules'));
    renameSync(join(project, 'dist/bundle.mjs'), join(cwd, 'bundle.mjs'));
    return node(['bundle.mjs'], { cwd });
  }

  test('runs if it is made as the documentation says', () => {
    expect(runBundle(command.split(' ').slice(1))).toEqual({ status: 0, stdout: 'A=1\n\n', stderr: '' });
  });

  test('says what to do if it contains the package', () => {
    const args = command.split(' ').filter((arg) => arg !== '--external:seccomp');
    const { status, stderr } = runBundle(args.slice(1));
    expect(status).toBe(1);
    expect(stderr).toContain('mark it as external (esbuild: --external:seccomp), and install it beside the program');
  });
});
