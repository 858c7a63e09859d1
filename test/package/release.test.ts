/** The checks of a release: what each finds, and a dry run with addons for all platforms. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isInstalled } from '../../scripts/pinned.js';
import {
  checkChangelog,
  checkContents,
  checkGit,
  checkLicenses,
  checkLockfile,
  checkManifest,
  checkPrebuilds,
  checkSources,
  LARGEST_TARBALL,
  PLATFORMS,
  type Problem,
} from '../../scripts/release/checks.js';
import { obstacleTo } from '../support/commands.js';
import { describeUnless } from '../support/describe-unless.js';
import { packageRoot } from '../support/root.js';

const problems = (found: readonly Problem[]) => found.map(({ problem }) => problem);

/** Numbers of /usr/include/elf.h: EM_X86_64 and so on. */
const MACHINES: Readonly<Record<string, number>> = {
  'linux-x64': 62,
  'linux-arm64': 183,
  'linux-riscv64': 243,
};

/** Returns an ELF file that names this version. */
function elf(platform: string, version: string): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01', 'latin1');
  header.writeUInt16LE(MACHINES[platform] ?? 0, 18);
  return Buffer.concat([header, Buffer.from(`\0${version}\0`)]);
}

describe('the changelog', () => {
  test('begins with the version, and has its date', () => {
    expect(checkChangelog('1.2.0', '# Changelog\n\n## [1.2.0] - 2027-01-31\n\n## [1.1.0] - unreleased\n')).toEqual([]);
  });

  test.each([
    ['## [1.1.0] - 2027-01-31', 'CHANGELOG.md begins with 1.1.0, package.json has 1.2.0'],
    ['## [1.2.0] - unreleased', 'CHANGELOG.md calls 1.2.0 unreleased'],
    ['nothing', 'CHANGELOG.md begins with no version, package.json has 1.2.0'],
  ])('%s', (text, problem) => {
    expect(problems(checkChangelog('1.2.0', text))).toEqual([problem]);
  });
});

test('the tree is committed and tagged', () => {
  expect(checkGit('1.2.0', [], ['v1.2.0'])).toEqual([]);
  expect(problems(checkGit('1.2.0', [' M lib/index.ts'], ['v1.1.0']))).toEqual([
    'uncommitted changes:  M lib/index.ts',
    'this commit has no tag v1.2.0',
  ]);
});

describe('the prebuilt addons', () => {
  const platformOf = (path: string) => path.split('/')[1] ?? '';

  test('are there for three platforms', () => {
    expect(checkPrebuilds('1.2.0', (path) => elf(platformOf(path), '1.2.0'))).toEqual([]);
    expect(PLATFORMS).toEqual(Object.keys(MACHINES));
  });

  test('must not be missing', () => {
    const read = (path: string) => (/arm64|riscv64\/seccomp-launch/.test(path) ? null : elf(platformOf(path), '1.2.0'));
    expect(checkPrebuilds('1.2.0', read)).toEqual([
      { problem: 'no prebuilt addon and launcher for linux-arm64, linux-riscv64', remedy: 'scripts/build/prebuild.sh' },
    ]);
  });

  test('must not be those of another CPU, of another version, or something else', () => {
    const others: Readonly<Record<string, Buffer>> = {
      'prebuilds/linux-x64/seccomp.node': elf('linux-arm64', '1.2.0'),
      'prebuilds/linux-arm64/seccomp.node': elf('linux-arm64', '1.1.0'),
      'prebuilds/linux-riscv64/seccomp-launch': Buffer.from('#!/bin/sh\n'),
    };
    const read = (path: string) => others[path] ?? elf(platformOf(path), '1.2.0');
    expect(problems(checkPrebuilds('1.2.0', read))).toEqual([
      'prebuilds/linux-x64/seccomp.node is for ELF machine 183, not x64',
      'prebuilds/linux-arm64/seccomp.node was built for another version than 1.2.0',
      'prebuilds/linux-riscv64/seccomp-launch is not an ELF file',
    ]);
  });
});

test.each([
  'binding.gyp',
  'native/napi/addon.cc',
  'native/test/check.h',
  'native/build/Release/seccomp.node',
  'prebuilds/linux-x64/seccomp.node.debug',
  'prebuilds/linux-ppc64/seccomp.node',
  'dist/index.ts',
  'dist/index.cjs.map',
  'docs/notes.txt',
  '.env',
  'test/data/README.md',
])('%s must not be packed', (file) => {
  expect(problems(checkContents(['README.md', file], 1))).toEqual([
    `${file} is packed, and no file of that kind should be`,
  ]);
});

describe("the archive of the addon's sources", () => {
  const committed = ['native/binding.gyp', 'native/sources.gypi', 'native/napi/addon.cc', 'native/napi/addon.h'];
  const left = ['native/test/check.h', 'native/prebuild/exports.map'];
  const headers = ['LICENSE.md', 'napi.h', 'napi-inl.h', 'napi-inl.deprecated.h'].map(
    (name) => `node-addon-api/${name}`,
  );
  const packed = ['napi/', 'napi/addon.cc', 'napi/addon.h', 'node-addon-api/', ...headers];

  test('has what is committed, and the headers that building it needs', () => {
    expect(checkSources(packed, [...committed, ...left])).toEqual([]);
  });

  test.each(['napi/addon.cc.orig', 'napi/.env', 'test/check.h', 'binding.gyp', 'node-addon-api/index.js'])(
    'must not have %s',
    (file) => {
      expect(problems(checkSources([...packed, file], [...committed, ...left]))).toEqual([
        `native/sources.tar.gz has ${file}, which does not belong there`,
      ]);
    },
  );

  test.each(['napi/addon.h', 'node-addon-api/napi.h'])('must have %s', (file) => {
    const others = packed.filter((path) => path !== file);
    expect(problems(checkSources(others, committed))).toEqual([`native/sources.tar.gz lacks ${file}`]);
  });
});

test('the tarball must not be larger than 2.5 MB', () => {
  expect(LARGEST_TARBALL).toBe(2_500_000);
  expect(checkContents([], 2_500_000)).toEqual([]);
  expect(problems(checkContents([], 2_500_001))).toEqual(['the tarball has 2500001 bytes, more than 2500000']);
});

test.each(['scripts', 'dependencies', 'optionalDependencies', 'gypfile', 'private'])(
  'the packed package.json must not have %s',
  (field) => {
    expect(problems(checkManifest({ name: 'seccomp', [field]: {} }))).toEqual([
      `the packed package.json has "${field}"`,
    ]);
  },
);

test('libraries in the package have permissive licenses, which are packed', () => {
  const good = { name: 'good', version: '1.0.0', license: 'MIT', purl: 'pkg:npm/good@1.0.0' };
  const bad = { ...good, name: 'bad', license: 'GPL-3.0-only' };
  const linked = { ...good, name: 'libgcc', license: 'GPL-3.0-or-later WITH GCC-exception-3.1' };
  expect(checkLicenses([good, linked], ['good'])).toEqual([]);
  expect(problems(checkLicenses([good, bad], ['bad']))).toEqual([
    'the package contains bad, whose license is GPL-3.0-only',
    'the package contains good, and not its license',
  ]);
});

test('development dependencies name their licenses', () => {
  const packages = { '': {}, 'node_modules/a': { license: 'MIT' }, 'node_modules/b': {} };
  expect(problems(checkLockfile({ packages }))).toEqual(['node_modules/b names no license']);
});

const NO_GIT = existsSync(join(packageRoot, '.git')) ? obstacleTo('git') : 'needs a git checkout';

describeUnless(NO_GIT, 'npm run release', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-release-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));

  function isTagged(): boolean {
    const { stdout } = spawnSync('git', ['tag', '--points-at', 'HEAD'], { cwd: packageRoot, encoding: 'utf8' });
    return stdout.split('\n').includes(`v${version}`);
  }

  const outputs = join(folder, 'outputs');

  function release(...args: readonly string[]) {
    const { GITHUB_REPOSITORY, ...others } = process.env;
    const env = { ...others, GITHUB_OUTPUT: outputs };
    const command = ['--import', 'tsx', 'scripts/release/release.ts', ...args];
    return spawnSync(process.execPath, command, { cwd: packageRoot, encoding: 'utf8', env });
  }

  test('fails if the commit is not ready, and names the remedies', () => {
    const { status, stdout } = release('--to', join(folder, 'empty'));
    expect(stdout).toMatch(
      /^\nthe release fails its checks:\n- no prebuilt addon .*\n {2}Remedy: scripts\/build\/prebuild\.sh\n/,
    );
    expect(stdout.includes(`\n  Remedy: git tag v${version}\n`)).toBe(!isTagged());
    expect(status).toBe(1);
  });

  test('a dry run prints what would be published, and writes its bill of materials and its SHA-512', ({ skip }) => {
    skip(!isInstalled('scripts/linters'), 'needs the linters: npm run lint -- package installs them');
    for (const platform of PLATFORMS) {
      const path = join(folder, 'prebuilds', platform);
      mkdirSync(path, { recursive: true });
      for (const name of ['seccomp.node', 'seccomp-launch'])
        writeFileSync(join(path, name), elf(platform, version), { mode: 0o755 });
    }
    const { status, stdout, stderr } = release('--dry-run', '--to', folder);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^name +seccomp\nversion +[\d.]+\ntag +latest\nfiles +\d+\npacked +\d+ bytes\n/);
    expect(stdout).toMatch(
      /\ncontains +commander \S+ \(MIT\), fastest-levenshtein \S+ \(MIT\), node-addon-api \S+ \(MIT\), /,
    );
    expect(status, stdout).toBe(0);
    const tarball = `seccomp-${version}.tgz`;
    const sha512 = createHash('sha512').update(readFileSync(join(folder, tarball)));
    expect(readFileSync(outputs, 'utf8')).toBe(`tarball=${tarball}\nsha512=${sha512.digest('hex')}\ndist-tag=latest\n`);
    const bill = JSON.parse(readFileSync(join(folder, `seccomp-${version}.cdx.json`), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'seccomp', version } } });
    expect(bill.components.map(({ name }: { name: string }) => name)).toEqual([
      'commander',
      'fastest-levenshtein',
      'node-addon-api',
      'libgcc',
      'libstdc++',
    ]);
  });
});
