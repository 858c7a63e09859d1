/** Finding and loading the addon in an installed package, and the errors for a package that lacks it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PREBUILT = `prebuilds/${process.platform}-${process.arch}`;
/** The package.json of a version for which no addon was built. */
const NEWER_PACKAGE = readFileSync(join(root, 'package.json'), 'utf8').replace(
  /"version": ".*"/,
  '"version": "99.0.0"',
);
const BUILT_IN_PLACE = 'native/build/Release';

/** The offset of the CPU in an ELF file, and two CPUs. Source: linux/elf.h and linux/elf-em.h. */
const E_MACHINE = 18;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;

const projects: string[] = [];
afterEach(() => {
  for (const folder of projects.splice(0)) rmSync(folder, { recursive: true });
});

/** A project in which this package is installed, with its sources and no addon. */
class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'seccomp project-'));
  readonly package: string;

  constructor(place = 'node_modules/seccomp') {
    projects.push(this.folder);
    this.package = join(this.folder, place);
    this.write('native/binding.gyp', '{}');
    const filter = (file: string) => !file.endsWith('.map');
    for (const name of ['dist', 'package.json'])
      cpSync(join(root, name), join(this.package, name), { recursive: true, filter });
    if (place === 'node_modules/seccomp') return;
    mkdirSync(join(this.folder, 'node_modules'), { recursive: true });
    symlinkSync(this.package, join(this.folder, 'node_modules/seccomp'));
  }

  /** Writes a file of the package. */
  write(path: string, content: string): this {
    mkdirSync(dirname(join(this.package, path)), { recursive: true });
    writeFileSync(join(this.package, path), content);
    return this;
  }

  /** Copies this checkout's addon into a folder of the package. */
  add(folder: string, ...names: readonly string[]): this {
    for (const name of names.length === 0 ? ['seccomp.node', 'seccomp-launch'] : names)
      cpSync(join(root, 'build/Release', name), join(this.package, folder, name));
    return this;
  }

  /** The code and the message of the error with which this process's first start fails, by the package of the project. */
  startError(directory = this.folder): string {
    return this.#errorOf(({ spawnSync }) => spawnSync('true', 'docker-default'), directory);
  }

  /** The same of `isSupported`. */
  supportError(): string {
    return this.#errorOf(({ isSupported }) => isSupported(), this.folder);
  }

  #errorOf(action: (sandbox: typeof import('../../lib/index.js')) => unknown, directory: string): string {
    vi.stubEnv('npm_config_user_agent', '');
    const before = process.cwd();
    process.chdir(directory);
    const require = createRequire(join(this.folder, 'program.cjs'));
    try {
      return expect.fail(`no error, but ${action(require('seccomp'))}`);
    } catch (error) {
      return `${Object(error).code} ${Object(error).message}`;
    } finally {
      process.chdir(before);
      vi.unstubAllEnvs();
      for (const file of Object.keys(require.cache)) if (file.startsWith(this.folder)) delete require.cache[file];
    }
  }

  /** Runs a script that has `seccomp` loaded. Returns what it writes; for an error, its code and message. */
  run(script: string, { nodeOptions = [] as readonly string[], userAgent = '' } = {}): string {
    const code = `const sandbox = require('seccomp');
      try { ${script} } catch ({ code, message }) { console.log(code, message) }`;
    const env = { ...process.env, npm_config_user_agent: userAgent };
    const { stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, '-e', code], {
      encoding: 'utf8',
      cwd: this.folder,
      env,
    });
    return stdout + stderr;
  }
}

const START = "console.log(sandbox.spawnSync('echo', ['started'], 'docker-default', { encoding: 'utf8' }).stdout)";
/** Asks `isSupported` before. */
const BOTH = `try { console.log(sandbox.isSupported()) } catch ({ code, message }) { console.log(code, message) } ${START}`;
const FORK =
  "sandbox.fork('child.cjs', 'node', { handles: true }).on('exit', (code) => console.log('exit code', code))";

describe('the addon is found', () => {
  test.each([PREBUILT, 'build/Release'])('in %s', (folder) => {
    expect(new Project().add(folder).run(BOTH)).toBe('true\nstarted\n\n');
  });

  test('where it was built in place, if the prebuilt one does not load', () => {
    const project = new Project().write(`${PREBUILT}/seccomp.node`, 'damaged').add(BUILT_IN_PLACE);
    expect(project.run(START)).toBe('started\n\n');
  });

  test('and the launcher beside it', () => {
    const project = new Project().add(PREBUILT, 'seccomp.node').add(BUILT_IN_PLACE);
    writeFileSync(join(project.folder, 'child.cjs'), '');
    expect(project.run(FORK)).toMatch(
      /^ERR_SECCOMP_ADDON the launcher is missing beside the addon \(no .*prebuilds.*\): install the package again: "/,
    );
    expect(project.add(PREBUILT).run(FORK)).toBe('exit code 0\n');
  });

  test('before harden attaches a filter that denies opening files', () => {
    const deny =
      "{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['open', 'openat', 'openat2'], action: 'SCMP_ACT_ERRNO' }] }";
    const script = `sandbox.harden(${deny}); console.log(sandbox.spawnSync('/no/such/file', 'unconfined').error.code)`;
    expect(new Project().add(PREBUILT).run(script)).toBe('ENOENT\n');
  });
});

describe('without an addon, the error', () => {
  test('names the system, the files and the tools', () => {
    const error = new Project().startError();
    expect(error).toContain(`ERR_SECCOMP_ADDON there is no addon for ${process.platform} ${process.arch} with `);
    expect(error).toContain(`no seccomp.node in ${PREBUILT}, build/Release, ${BUILT_IN_PLACE} of "${tmpdir()}`);
    const tools = 'python3, make, g++, tar and gzip, and on Alpine linux-headers';
    expect(error).toContain(`, which needs ${tools}`);
    const page = readFileSync(join(root, 'docs/reference/install.md'), 'utf8');
    expect(page.replaceAll('\n', ' ')).toContain(`needs ${tools}`);
    expect(error).toMatch(/ with (glibc \d\.\d+|musl): /);
  });

  test('is for the package manager that runs the program, or the one that left a file in the project', () => {
    const runners = [
      ['npm/11.19.0 node/v20.20.2', 'npx'],
      ['pnpm/10.34.9 npm/? node/v20.20.2', 'pnpm dlx'],
      ['yarn/1.22.22 npm/? node/v20.20.2', 'npx'],
      ['yarn/4.12.0 npm/? node/v20.20.2', 'yarn dlx'],
      ['bun/1.4.5 npm/? node/v24.3.0', 'bunx'],
    ];
    const files = [
      ['package-lock.json', 'npx'],
      ['pnpm-lock.yaml', 'pnpm dlx'],
      ['bun.lock', 'bunx'],
      ['bun.lockb', 'bunx'],
      ['.pnp.cjs', 'yarn dlx'],
      ['.yarnrc.yml', 'yarn dlx'],
      ['yarn.lock', 'npx'],
    ];
    const output = new Project().run(`
      const { rmSync, writeFileSync } = require('node:fs');
      const tell = (name) => { try { ${START} } catch ({ message }) { console.log(name + ': ' + message.split(': ').at(-1)) } };
      for (const agent of ${JSON.stringify(runners.map(([agent]) => agent))}) {
        process.env.npm_config_user_agent = agent;
        tell(agent);
      }
      process.env.npm_config_user_agent = '';
      for (const file of ${JSON.stringify(files.map(([file]) => file))}) {
        writeFileSync(file, '');
        tell(file);
        rmSync(file);
      }`);
    const expected = [...runners, ...files].map(
      ([name, runner]) => `${name}: run "${runner} node-gyp rebuild -C node_modules/seccomp/native"`,
    );
    const told = output.trimEnd().split('\n');
    expect(told.map((line) => line.replace(/, which needs .*/, ''))).toEqual(expected);
  });

  test.each([
    ['node_modules/.pnpm/seccomp@0.1.0/node_modules/seccomp', 'pnpm dlx'],
    ['.yarn/unplugged/seccomp-npm-0.1.0/node_modules/seccomp', 'yarn dlx'],
  ])('has the real path of the package in %s', (place, runner) => {
    expect(new Project(place).startError()).toContain(`: run "${runner} node-gyp rebuild -C ${place}/native"`);
  });

  test('quotes the path for a shell', () => {
    const project = new Project();
    expect(project.startError('/')).toContain(`-C '${join(project.package, 'native').slice(1)}'"`);
  });

  test('has another command for a folder of prebuilt files that is incomplete', () => {
    const project = new Project().write(`${PREBUILT}/seccomp-launch`, '');
    const again = ': install the package again: "rm -r node_modules/seccomp && npm install"';
    expect(project.startError()).toContain(again);
  });

  test('has no command that removes a folder outside of node_modules', () => {
    const project = new Project('linked').write(`${PREBUILT}/seccomp-launch`, '');
    expect(project.startError()).toMatch(/: install the package in "\/.*\/linked" again$/);
  });

  test('has another command in a checkout', () => {
    expect(new Project().write('binding.gyp', '{}').startError()).toContain(': run "npm run build"');
  });
});

describe('isSupported', () => {
  test('throws if the addon is missing or damaged', () => {
    expect(new Project().supportError()).toMatch(/^ERR_SECCOMP_ADDON there is no addon for /);
    const damaged = new Project().write(`${PREBUILT}/seccomp.node`, 'damaged');
    expect(damaged.supportError()).toMatch(/^ERR_SECCOMP_ADDON the addon .* does not load /);
  });

  test('is false without an addon on another operating system', () => {
    const script =
      "Object.defineProperty(process, 'platform', { value: 'darwin' }); console.log(sandbox.isSupported())";
    expect(new Project().run(script)).toBe('false\n');
  });
});

describe('the error for an addon that does not load', () => {
  test('has the reason of the loader', () => {
    expect(new Project().write(`${PREBUILT}/seccomp.node`, 'damaged').startError()).toMatch(
      /^ERR_SECCOMP_ADDON the addon for \S+ \S+ with .* does not load \(.*seccomp\.node: file too short\): the file is damaged, or built for another CPU: install the package again/,
    );
    expect(new Project().write(`${BUILT_IN_PLACE}/seccomp.node`, 'damaged').startError()).toMatch(
      /built for another CPU: run "npx node-gyp rebuild -C node_modules\/seccomp\/native"/,
    );
  });

  test('says that it is built for another CPU, where the C library says that there is no such file', () => {
    const project = new Project().add(PREBUILT);
    const file = join(project.package, PREBUILT, 'seccomp.node');
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(process.arch === 'arm64' ? EM_X86_64 : EM_AARCH64, E_MACHINE);
    writeFileSync(file, bytes);
    expect(project.startError()).toMatch(/built for another CPU: install the package again: "/);
    const place = join(project.package, BUILT_IN_PLACE, 'seccomp.node');
    mkdirSync(dirname(place), { recursive: true });
    renameSync(file, place);
    expect(project.startError()).toMatch(/built for another CPU: run "npx node-gyp rebuild /);
  });

  test('names both versions, if it was built for another one, as does that of isSupported', () => {
    const message =
      /^(ERR_SECCOMP_ADDON the addon was built for version \d\S+ of seccomp, and this is 99\.0\.0 \(.*\): .*\n){2}$/;
    const prebuilt = new Project().write('package.json', NEWER_PACKAGE).add(PREBUILT).run(BOTH);
    expect(prebuilt).toMatch(message);
    expect(prebuilt).toContain('install the package again: "rm -r node_modules/seccomp && npm install"');
    const built = new Project().write('package.json', NEWER_PACKAGE).add(BUILT_IN_PLACE).run(BOTH);
    expect(built).toMatch(message);
    expect(built).toContain('run "npx node-gyp rebuild -C node_modules/seccomp/native"');
  });

  test('names the options of a Node that loads no addons, as does that of isSupported', () => {
    expect(new Project().add(PREBUILT).run(BOTH, { nodeOptions: ['--no-addons'] })).toMatch(
      /^(ERR_SECCOMP_ADDON this Node loads no addons.*without --no-addons.*--allow-addons.*\n){2}$/,
    );
  });
});

// The versions are set by hand: the runtimes themselves are not started here.
test.each([
  ['bun', 'Bun'],
  ['deno', 'Deno'],
])('under %s the addon is not loaded, and profiles compile', (key, name) => {
  const script = `Object.defineProperty(process, 'versions', { value: { ...process.versions, ${key}: '1.2.3' } });
    console.log(sandbox.compile('docker-default').instructions.length > 50);
    try { sandbox.isSupported() } catch ({ code }) { console.log(code) } ${START}`;
  expect(new Project().write(`${PREBUILT}/seccomp.node`, 'not loaded').run(script)).toMatch(
    new RegExp(
      `^true\nERR_SECCOMP_UNSUPPORTED\nERR_SECCOMP_UNSUPPORTED .* and this is ${name} 1\\.2\\.3: profiles can be checked and compiled here`,
    ),
  );
});
