/** The errors for a missing addon or launcher, and the command that each of them names. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { launcherError, loadError, missingError, versionError } from '../../lib/addon/failure.js';

const TOOLS = 'which needs python3, make, g++, tar and gzip, and on Alpine linux-headers';
const MOVED =
  'seccomp was moved out of its package, as bundlers do: mark it as external (esbuild: --external:seccomp), and install it beside the program';
const BUILD = `run "npx node-gyp rebuild -C node_modules/seccomp/native", ${TOOLS}`;
const INSTALL = 'install the package again: "rm -r node_modules/seccomp && npm install"';

let project = '';
let folder = '';
const cwd = process.cwd();
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-project-')));
  folder = join(project, 'node_modules/seccomp');
  write('node_modules/seccomp/package.json', '{"name": "seccomp"}');
  process.chdir(project);
  vi.stubEnv('npm_config_user_agent', undefined);
});
afterEach(() => {
  process.chdir(cwd);
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  rmSync(project, { recursive: true, force: true });
});

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}
/** Adds what a package with sources has, or what a checkout has. */
const withSources = () => write('node_modules/seccomp/native/binding.gyp');
const asCheckout = () => write('node_modules/seccomp/binding.gyp');

const FOLDERS = ['prebuilds/linux-x64', 'build/Release'];
const messageOf = ({ message, code }: Error & { readonly code: string }) => {
  expect(code).toBe('ERR_SECCOMP_ADDON');
  return message;
};
const missing = () => messageOf(missingError(folder, FOLDERS));

describe('without an addon, the remedy', () => {
  test('is to build it from the sources', () => {
    withSources();
    expect(missing()).toMatch(/^there is no addon for linux \w+ with (glibc \d\.\d+|musl): /);
    expect(missing().endsWith(`: no seccomp.node in prebuilds/linux-x64, build/Release of ${folder}: ${BUILD}`)).toBe(
      true,
    );
  });

  test('is to install the package again without sources', () => expect(missing()).toContain(`: ${INSTALL}`));

  test('is to install it again, if the folder of the prebuilt files is there without it', () => {
    withSources();
    write('node_modules/seccomp/prebuilds/linux-x64/seccomp-launch');
    expect(missing()).toContain(`: ${INSTALL}`);
  });

  test('is the checkout’s own command in a checkout, with prebuilt files or without', () => {
    asCheckout();
    expect(missing()).toContain(`: run "npm run build", ${TOOLS}`);
    write('node_modules/seccomp/prebuilds/linux-x64/seccomp-launch');
    expect(missing()).toContain(`: run "npm run build", ${TOOLS}`);
  });

  test.each(['{"name": "program"}', '{', undefined])('in a package with package.json %s is for bundlers', (text) => {
    withSources();
    write('node_modules/seccomp/package.json', text ?? '');
    if (text === undefined) rmSync(join(folder, 'package.json'));
    expect(missing().endsWith(`: ${MOVED}`)).toBe(true);
    write('node_modules/seccomp/prebuilds/linux-x64/seccomp-launch');
    expect(missing().endsWith(`: ${MOVED}`)).toBe(true);
  });
});

describe('the package manager is', () => {
  const remedies = () => {
    withSources();
    const [, build] = /run "(.*) node-gyp/.exec(missing()) ?? [];
    const [, install] = / && (.*)"$/.exec(messageOf(versionError(folder, join(folder, 'prebuilds/x'), '1', '2'))) ?? [];
    return [build, install];
  };
  const NPM = ['npx', 'npm install'];
  const PNPM = ['pnpm dlx', 'pnpm install --force'];
  const YARN = ['yarn dlx', 'yarn install'];
  const CLASSIC = ['npx', 'yarn install --force'];
  const BUN = ['bunx', 'bun install --force'];

  test.each([
    ['npm/11.19.0 node/v20.20.2', NPM],
    ['pnpm/10.34.9 npm/? node/v20.20.2', PNPM],
    ['yarn/1.22.22 npm/? node/v20.20.2', CLASSIC],
    ['yarn/4.12.0 npm/? node/v20.20.2', YARN],
    ['yarn/10.0.0 npm/?', YARN],
    ['bun/1.4.5 npm/? node/v24.3.0', BUN],
    ['other/1 pnpm/10', NPM],
    ['', NPM],
  ])('that which runs this process: %s', (agent, expected) => {
    vi.stubEnv('npm_config_user_agent', agent);
    expect(remedies()).toEqual(expected);
  });

  test('that which runs this process, whatever others have left', () => {
    vi.stubEnv('npm_config_user_agent', 'npm/11.19.0 node/v20.20.2');
    write('pnpm-lock.yaml');
    expect(remedies()).toEqual(NPM);
  });

  const TRACES = [
    ['pnpm-lock.yaml', PNPM],
    ['bun.lock', BUN],
    ['bun.lockb', BUN],
    ['.pnp.cjs', YARN],
    ['.yarnrc.yml', YARN],
    ['yarn.lock', CLASSIC],
    ['package-lock.json', NPM],
  ] as const;
  test.each(TRACES)('that which has left %s', (file, expected) => {
    write(file);
    expect(remedies()).toEqual(expected);
  });

  test.each(TRACES.slice(1).map(([later], i) => [TRACES[i]?.[0] ?? '', later, TRACES[i]?.[1]] as const))(
    'that of %s, beside %s',
    (file, later, expected) => {
      write(file);
      write(later);
      expect(remedies()).toEqual(expected);
    },
  );

  test('that whose traces are nearest', () => {
    write('yarn.lock');
    write('node_modules/pnpm-lock.yaml');
    expect(remedies()).toEqual(PNPM);
  });

  test.each([
    ['node_modules/.pnpm/seccomp@1/node_modules/seccomp', PNPM],
    ['.yarn/unplugged/seccomp-npm-1/node_modules/seccomp', YARN],
    ['x.pnpm/node_modules/seccomp', CLASSIC],
    ['x.yarn/node_modules/seccomp', CLASSIC],
  ])('that of the path %s', (place, expected) => {
    write('yarn.lock');
    folder = join(project, place);
    write(`${place}/package.json`, '{"name": "seccomp"}');
    write(`${place}/native/binding.gyp`);
    expect(remedies()).toEqual(expected);
  });
});

describe('a command', () => {
  const removing = () => messageOf(versionError(folder, join(folder, 'prebuilds/x'), '1', '2'));

  test('has the path from the working directory, or all of it from elsewhere', () => {
    expect(removing()).toContain('"rm -r node_modules/seccomp && npm install"');
    write('other/file');
    process.chdir('other');
    expect(removing()).toContain(`"rm -r ${folder} && npm install"`);
  });

  test('has all of the path if the working directory was deleted', () => {
    write('gone/file');
    process.chdir('gone');
    rmSync(join(project, 'gone'), { recursive: true });
    expect(removing()).toContain(`"rm -r ${folder.slice(1)} && npm install"`);
  });

  test('quotes a path with other characters', () => {
    folder = join(project, "node_modules/it's a/seccomp");
    write("node_modules/it's a/seccomp/package.json", '{"name": "seccomp"}');
    expect(removing()).toContain(`"rm -r 'node_modules/it'\\''s a/seccomp' && npm install"`);
  });

  test.each(['linked', 'my_node_modules/seccomp', 'seccomp/node_modules'])('removes no folder such as %s', (place) => {
    folder = join(project, place);
    write(`${place}/package.json`, '{"name": "seccomp"}');
    expect(removing()).toMatch(new RegExp(`: install the package in ${folder} again$`));
  });
});

describe('for an addon of another version', () => {
  const remedy = (file: string) => messageOf(versionError(folder, join(folder, file), '1', '2'));

  test('both versions and the file are named', () => {
    expect(remedy('prebuilds/x')).toBe(
      `the addon was built for version 1 of seccomp, and this is 2 (${folder}/prebuilds/x): ${INSTALL}`,
    );
  });

  test('it is built again where it was built, and else installed', () => {
    expect(remedy('native/build/x')).toContain(INSTALL);
    withSources();
    expect([remedy('native/build/x'), remedy('prebuilds/x')]).toEqual([
      expect.stringContaining(BUILD),
      expect.stringContaining(INSTALL),
    ]);
    asCheckout();
    expect([remedy('build/x'), remedy('prebuilds/x')]).toEqual([
      expect.stringContaining('npm run build'),
      expect.stringContaining(INSTALL),
    ]);
  });
});

describe('for a file that does not load, the remedy', () => {
  const FILE = '/p/seccomp.node';
  const SAYS_DAMAGED = /: the file is damaged, or built for another CPU: run "npx/;
  const CLOSE = /: close some files, or raise the limits of this process \(ulimit -n, ulimit -v\)$/;
  const NOEXEC = /: its file system may be mounted with noexec: install the package where files can be executed$/;

  test.each<[string, RegExp]>([
    [
      "/lib/libc.so.6: version `GLIBC_2.38' not found (required by /p/seccomp.node)",
      /: it needs a newer libc: run "npx/,
    ],
    ["version `GLIBCXX_3.4.30' not found", /: it needs a newer libc: run "npx/],
    [`${FILE}: cannot open shared object file: No such file or directory`, SAYS_DAMAGED],
    ['libx.so: cannot open shared object file: No such file or directory', /: run "npx node-gyp/],
    [`${FILE}: invalid ELF header`, SAYS_DAMAGED],
    [`${FILE}: file too short`, SAYS_DAMAGED],
    ['Exec format error', SAYS_DAMAGED],
    ['Input file is too small', SAYS_DAMAGED],
    [`${FILE}: failed to map segment from shared object`, NOEXEC],
    ['Operation not permitted', NOEXEC],
    [`${FILE}: Permission denied`, /: give this user permission to read \/p\/seccomp\.node$/],
    ['Too many open files', CLOSE],
    ['Cannot allocate memory', CLOSE],
    ['another reason', /: run "npx node-gyp rebuild/],
  ])('for %s is right', (reason, remedy) => {
    withSources();
    const message = messageOf(loadError(folder, { file: FILE, error: new Error(`${reason}\n`) }));
    expect(message).toMatch(remedy);
    const named = reason.includes(FILE) ? reason : `${FILE}: ${reason}`;
    expect(message).toContain(` does not load (${named}): `);
  });

  test('for a Node without addons names its options', () => {
    const error = Object.assign(new Error('no'), { code: 'ERR_DLOPEN_DISABLED' });
    const failure = loadError(folder, { file: FILE, error });
    expect(messageOf(failure)).toBe(
      'this Node loads no addons, and seccomp needs one: start it without --no-addons, and with --allow-addons if it has --permission',
    );
    expect(failure.cause).toBe(error);
  });

  test('for something thrown that is not an error has its text', () => {
    expect(messageOf(loadError(folder, { file: FILE, error: ' text ' }))).toContain(`(${FILE}: text)`);
  });
});

describe('for a launcher', () => {
  const failed = (code: string) => ({
    file: join(folder, 'native/build/x'),
    error: Object.assign(new Error('why'), { code }),
  });

  test('that is missing, it is built or installed', () => {
    const text = `the launcher is missing beside the addon (no ${folder}/native/build/x): `;
    expect(messageOf(launcherError(folder, failed('ENOENT')))).toBe(text + INSTALL);
    withSources();
    expect(messageOf(launcherError(folder, failed('ENOENT')))).toBe(text + BUILD);
  });

  test('that can’t be executed, its permissions are changed', () => {
    const failure = failed('EACCES');
    const error = launcherError(folder, failure);
    expect(messageOf(error)).toBe(`the launcher can't be executed (why): run "chmod a+rx ${failure.file}"`);
    expect(error.cause).toBe(failure.error);
  });
});

describe('the C library', () => {
  const { report } = process;
  const withReport = (getReport: () => unknown) =>
    vi.stubGlobal('process', Object.create(process, { report: { value: { excludeNetwork: false, getReport } } }));

  test.each([
    [{ header: { glibcVersionRuntime: '2.41' } }, 'glibc 2.41'],
    [{ header: {}, sharedObjects: ['/lib/x.so', '/lib/ld-musl-x86_64.so.1'] }, 'musl'],
    [{ header: {}, sharedObjects: ['/lib/x.so'] }, 'a libc other than glibc'],
    [{}, 'a libc other than glibc'],
  ])('of the report %o is %s', (given, libc) => {
    const excluded: unknown[] = [];
    withReport(() => {
      excluded.push(Reflect.get(process.report, 'excludeNetwork'));
      return given;
    });
    expect(missing()).toMatch(new RegExp(` with ${libc}: no seccomp\\.node`));
    expect([excluded, Reflect.get(process.report, 'excludeNetwork')]).toEqual([[true], false]);
  });

  test('is unknown without a report', () => {
    withReport(() => {
      throw new Error('none');
    });
    expect(missing()).toMatch(/ with an unknown libc: /);
    expect(report).toBeDefined();
  });
});
