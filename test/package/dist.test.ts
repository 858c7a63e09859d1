/** The built package: imported, required, and on another operating system than Linux. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', cwd: root });

/** The reason to skip tests of the addon. */
const NOT_LINUX = 'needs Linux';

test('import and require give what lib/ exports, under the same names, which functions and classes have too', async () => {
  const script = `
    import { createRequire } from 'node:module';
    import * as sandbox from 'seccomp';
    import * as testing from 'seccomp/testing';
    const required = createRequire(import.meta.url)('seccomp');
    const exported = Object.keys(required).filter((name) => !['default', 'module.exports', '__esModule'].includes(name));
    const all = Object.entries({ ...sandbox, ...testing });
    const misnamed = all.filter(([name, value]) => typeof value === 'function' && value.name !== name);
    console.log(JSON.stringify([Object.keys(sandbox), exported.sort(), Object.keys(testing), misnamed]));`;
  const sources = [await import('../../lib/index.js'), await import('../../lib/testing/index.js')];
  const [ofIndex, ofTesting] = sources.map((source) => Object.keys(source).sort());
  const found = JSON.parse(node('--input-type=module', '-e', script).stdout);
  expect(found).toEqual([ofIndex, ofIndex, ofTesting, []]);
});

test('an import loads two files, the filter of a built-in profile one more, and the first start of a program another', ({
  skip,
}) => {
  skip(process.platform !== 'linux', NOT_LINUX);
  const script = `
    import { basename } from 'node:path';
    import { createRequire } from 'node:module';
    import * as sandbox from 'seccomp';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).map((file) => basename(file)).sort();
    const atImport = loaded();
    sandbox.compile('docker-default');
    const toCompile = loaded();
    sandbox.spawnSync('true', 'docker-default');
    console.log(JSON.stringify([atImport, toCompile, loaded().filter((name) => name.endsWith('.cjs'))]));`;
  expect(JSON.parse(node('--input-type=module', '-e', script).stdout)).toEqual([
    ['core.chunk.cjs', 'index.cjs'],
    ['compile.chunk.cjs', 'core.chunk.cjs', 'index.cjs'],
    ['compile.chunk.cjs', 'core.chunk.cjs', 'index.cjs', 'sandbox.chunk.cjs'],
  ]);
});

// Under Jest, `require` does not work any more when a test file has ended, while its children may still run.
test('nothing is loaded for children that run already: how they end, and what they were denied', ({ skip }) => {
  skip(process.platform !== 'linux', NOT_LINUX);
  const script = `
    const Module = require('node:module');
    const { run, spawn, fork } = require('seccomp');
    const shell = (text, options) => run('sh', ['-c', text], 'docker-default', options);
    const controller = new AbortController();
    const runs = [
      shell('true'),
      shell('exit 3'),
      shell('kill -SYS $$'),
      shell('echo too long', { maxBuffer: 1 }),
      shell('sleep 60', { signal: controller.signal }),
      shell('sleep 60', { timeout: 1, forceKillAfter: 1 }),
      shell('unshare -r true; cat /etc/hostname', { onViolation: true, reportPaths: true, paths: { read: ['@system'] } }),
    ];
    const echo = "process.once('message', (text) => process.send(text))";
    const worker = fork('unused', 'docker-default', { execArgv: ['--eval', echo] });
    worker.on('message', () => {});
    spawn('/nonexistent', 'docker-default').on('error', () => {});
    const before = new Set(process.moduleLoadList);
    const required = [];
    const original = Module.prototype.require;
    Module.prototype.require = function (name) {
      required.push(name);
      return original.call(this, name);
    };
    worker.send('text');
    controller.abort();
    Promise.allSettled(runs).then((results) => {
      const outcomes = results.map(({ status, reason }) => status === 'fulfilled' ? 0 : reason.code ?? reason.signal ?? reason.violations.length);
      console.log(JSON.stringify([outcomes, required, process.moduleLoadList.filter((name) => !before.has(name))]));
    });`;
  const { stdout, stderr } = node('-e', script);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    [0, 0, 'SIGSYS', 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', 'ABORT_ERR', 'ETIMEDOUT', 2],
    [],
    [],
  ]);
});

test('a timeout elapses even if timers were replaced after the import', ({ skip }) => {
  skip(process.platform !== 'linux', NOT_LINUX);
  const script = `
    const { run } = require('seccomp');
    for (const timers of [globalThis, require('node:timers')]) timers['setTimeout'] = () => {};
    run('sleep', ['60'], 'docker-default', { timeout: 1 }).catch(({ code }) => console.log(code));`;
  expect(node('-e', script).stdout).toBe('ETIMEDOUT\n');
});

test('the files that an import loads have less than 80 KB, not counting white space', () => {
  const texts = ['index.cjs', 'core.chunk.cjs'].map((name) => readFileSync(`${root}/dist/${name}`, 'utf8'));
  const sizes = texts.map((text) => transformSync(text, { minifyWhitespace: true }).code.length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(80_000);
});

test('every chunk can be the first one that is loaded', () => {
  const script = `
    const { readdirSync } = require('node:fs');
    const chunks = readdirSync('dist').filter((name) => name.endsWith('.chunk.cjs'));
    for (const name of chunks) {
      for (const file of Object.keys(require.cache)) delete require.cache[file];
      require('./dist/' + name);
    }
    console.log(chunks.length);`;
  const { stdout, stderr } = node('-e', script);
  expect(stderr).toBe('');
  expect(Number(stdout)).toBeGreaterThan(5);
});

test('declarations do without the type parameter of Buffer, which @types/node has from TypeScript 5.7 on', () => {
  const files = readdirSync(`${root}/dist`, { recursive: true, encoding: 'utf8' });
  const declarations = files.filter((name) => /\.d\.c?ts$/.test(name));
  expect(declarations).toContain('types.d.cts');
  const code = (name: string) => readFileSync(`${root}/dist/${name}`, 'utf8').replace(/\/\*.*?\*\//gs, '');
  expect(declarations.filter((name) => /\bBuffer</.test(code(name)))).toEqual([]);
});

test('source maps lead from dist/ to lib/', () => {
  const script = `
    const { findSourceMap } = require('node:module');
    const { RunError } = require('seccomp');
    const file = require.resolve('./dist/core.chunk.cjs');
    const lines = require('node:fs').readFileSync(file, 'utf8').split('\\n');
    const line = lines.findIndex((text) => text.includes('RunError = class'));
    console.log(findSourceMap(file).findEntry(line, 8).originalSource);`;
  expect(node('--enable-source-maps', '-e', script).stdout).toMatch(/lib\/sandbox\/child\/result\.ts\n$/);
});

test('harden loads all files, since its filter may deny opening them', ({ skip }) => {
  skip(process.platform !== 'linux', NOT_LINUX);
  const script = `
    const sandbox = require('seccomp');
    const filter = sandbox.compile('docker-default');
    sandbox.harden({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['open', 'openat', 'openat2'], action: 'SCMP_ACT_ERRNO' }] });
    const built = sandbox.Profile.denylist().deny('@mount');
    console.log(sandbox.disassemble(filter).length > 0, sandbox.constants.AF_INET, sandbox.explain('docker-default', { syscall: 'bpf' }) !== undefined, built.document.syscalls.length);`;
  const { stdout, stderr } = node('-e', script);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^true 2 true 1\n$/);
});

test('the command can be executed after every build', () => {
  expect(() => accessSync(`${root}/dist/cli/main.js`, constants.X_OK)).not.toThrow();
});

// This changes only the name of the platform. Other differences between operating systems are not tested.
test('on another operating system than Linux, profiles compile, and spawn throws', () => {
  const script = `
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const sandbox = await import('seccomp');
    const filter = sandbox.compile('docker-default');
    try { sandbox.spawn('true', 'docker-default'); } catch (error) { console.log(filter.instructions.length > 50, error.name, error.code, error.message); }`;
  expect(node('--input-type=module', '-e', script).stdout).toMatch(
    /^true SeccompError ERR_SECCOMP_UNSUPPORTED seccomp is a part of Linux and this is darwin: profiles can be checked and compiled here/,
  );
});

test('the install script names the packages of missing tools', () => {
  const env = { PATH: '/nowhere', npm_config_python: '', CXX: '' };
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build/addon.mjs'], {
    encoding: 'utf8',
    cwd: root,
    env,
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /needs python3 make g\+\+[\s\S]*apt-get install python3 make g\+\+[\s\S]*dnf install python3 make gcc-c\+\+/,
  );
});
