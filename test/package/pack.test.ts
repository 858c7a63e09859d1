/** The package that is published: its tarball, as scripts/release/pack.mjs makes it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packTo } from '../support/installed.js';
import { packageRoot } from '../support/root.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-packed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lines of `tar -tv`, by the file's path in the package. */
const entries = new Map(
  execFileSync('tar', ['-tvzf', packTo(folder)], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((line) => [line.replace(/^.* package\//, ''), line]),
);
const names = [...entries.keys()];
const archive = join(folder, 'package/native/sources.tar.gz');
const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));

test('npm, pnpm and Yarn find nothing to run or to fetch when they install it', () => {
  const triggers = ['scripts', 'gypfile', 'dependencies', 'optionalDependencies', 'devDependencies', 'private'];
  expect(triggers.filter((field) => Object.hasOwn(manifest, field))).toEqual([]);
  // npm runs node-gyp for a package with this file in its folder.
  expect(names).not.toContain('binding.gyp');
});

test('every file that package.json names is packed', () => {
  const paths = JSON.stringify(manifest).match(/(?<=[[:]")\.\/[^"]+(?=")/g) ?? [];
  expect(paths).toContain('./dist/index.cjs');
  expect(paths.filter((path) => path !== './package.json' && !names.includes(path.slice(2)))).toEqual([]);
});

test('pages have no comments that only tests and linters read', () => {
  const pages = names.filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md');
  const commented = pages.filter((name) =>
    /^<!-- (?!Generated)/m.test(readFileSync(join(folder, 'package', name), 'utf8')),
  );
  expect(pages.length).toBeGreaterThan(30);
  expect(commented).toEqual([]);
});

test('the launcher and the command are executable', () => {
  const launcher = `prebuilds/${process.platform}-${process.arch}/seccomp-launch`;
  expect(entries.get(launcher)).toMatch(/^-rwxr-xr-x/);
  expect(entries.get('dist/cli/main.js')).toMatch(/^-rwxr-xr-x/);
});

test('no source map is packed, and no file refers to one', () => {
  const files = names.filter((name) => name.startsWith('dist/') && !name.endsWith('/'));
  expect(files.filter((name) => name.endsWith('.map'))).toEqual([]);
  const text = (name: string) => readFileSync(join(folder, 'package', name), 'utf8');
  expect(files.filter((name) => text(name).includes('sourceMappingURL'))).toEqual([]);
});

test('the sources of the addon are packed with the headers that they need, without their tests, as one archive', () => {
  expect(names.filter((name) => name.startsWith('native/')).sort()).toEqual([
    'native/binding.gyp',
    'native/sources.tar.gz',
  ]);
  const sources = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(sources).toEqual(
    expect.arrayContaining(['napi/addon.cc', 'node-addon-api/napi.h', 'node-addon-api/LICENSE.md']),
  );
  expect(sources.filter((name) => /^(test|build|prebuild|binding)\b/.test(name))).toEqual([]);
});

test('the archive of the sources does not say who made it, and when', () => {
  const lines = execFileSync('tar', ['-tvzf', archive, '--numeric-owner', '--utc'], { encoding: 'utf8' }).trimEnd();
  const others = lines.split('\n').filter((line) => !/^(drwxr-xr-x|-rw-r--r--) 0\/0 .* 1970-01-01 00:00 /.test(line));
  expect(others).toEqual([]);
  expect(readFileSync(archive).readUInt32LE(4)).toBe(0); // The time in gzip's header.
});

test('configuring a build unpacks the sources, again and again', () => {
  const native = join(folder, 'package/native');
  const { targets } = parse(readFileSync(join(native, 'binding.gyp'), 'utf8'));
  const command = /^<!\((.*)\)$/.exec(targets[0].include_dirs[1])?.[1] ?? '';
  for (const time of ['first', 'second']) {
    expect(execFileSync(command, { shell: true, cwd: native, encoding: 'utf8' }), time).toBe('node-addon-api\n');
    expect(readFileSync(join(native, 'napi/addon.cc'))).toEqual(
      readFileSync(join(packageRoot, 'native/napi/addon.cc')),
    );
    expect(existsSync(join(native, 'node-addon-api/napi.h'))).toBe(true);
  }
});

test('without prebuilt addons nothing is packed, and the error names the script that makes them', () => {
  const empty = join(folder, 'empty');
  const pack = spawnSync(process.execPath, ['scripts/release/pack.mjs', '--to', empty], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  expect(pack.status).toBe(1);
  expect(pack.stderr).toBe(
    `seccomp: cannot pack: ${empty}/prebuilds/linux-x64/seccomp.node is missing. Remedy: scripts/build/prebuild.sh\n`,
  );
});

/** Reads a file of gyp, which is JSON with comments. */
function parse(text: string) {
  return JSON.parse(text.replaceAll(/^ *#.*$/gm, ''));
}

test('the checkout itself cannot be packed or published', () => {
  const checkout: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  expect(checkout).toMatchObject({
    private: true,
    scripts: { prepack: expect.stringMatching(/npm run package.*exit 1$/) },
  });
});
