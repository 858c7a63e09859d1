/** The checks of scripts/release/release.ts. Each returns the problems that it found, none if all is well. */

/** What is wrong, and what to do about it. */
export interface Problem {
  readonly problem: string;
  readonly remedy: string;
}

/** The number by which ELF names each CPU, `e_machine`, by its name in process.arch. */
const MACHINES: Readonly<Record<string, number>> = {
  x64: 62,
  arm64: 183,
  riscv64: 243,
};

/** The platforms for which a release has a prebuilt addon. */
export const PLATFORMS = Object.keys(MACHINES).map((cpu) => `linux-${cpu}`);

/** The largest tarball to publish, in bytes. */
export const LARGEST_TARBALL = 2_500_000;

/** The files of a package. Whatever matches none of these is there by mistake. */
const EXPECTED_FILES = [
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^package\.json$/,
  /^dist\/cli\/package\.json$/,
  /^dist\/(?!.*node_modules)[\w/.-]+\.(?:js|cjs|d\.ts|d\.cts)$/,
  /^docs\/(?:(?:guides|images|reference(?:\/api)?)\/)?[\w-]+\.(?:md|svg)$/,
  /^native\/(?:binding\.gyp|sources\.tar\.gz)$/,
  /^prebuilds\/linux-(?:x64|arm64|riscv64)\/(?:seccomp\.node|seccomp-launch)$/,
  /^schema\/(profile|sandbox)\.schema\.json$/,
];

/** The fields of a published package.json. `scripts` and `dependencies` are not among them. */
const EXPECTED_FIELDS = new Set(
  `name version description keywords license author repository homepage bugs funding type engines exports main types
  typesVersions bin peerDependencies peerDependenciesMeta preferUnplugged`.split(/\s+/),
);

/** The license of GCC's libraries, which need not be packed: it does not hold for a program that contains them. */
export const COMPILER_LICENSE = 'GPL-3.0-or-later WITH GCC-exception-3.1';

/** Licenses under which code may be part of this package. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0', COMPILER_LICENSE]);

/** Checks that the changelog begins with this version, and that it has a date. */
export function checkChangelog(version: string, changelog: string): readonly Problem[] {
  const [, named = 'no version', date = ''] = /^## \[?([^\]\s]+)\]? - (.+)$/m.exec(changelog) ?? [];
  if (named !== version)
    return [
      { problem: `CHANGELOG.md begins with ${named}, package.json has ${version}`, remedy: 'correct one of them' },
    ];
  if (/^\d{4}-\d\d-\d\d$/.test(date)) return [];
  return [{ problem: `CHANGELOG.md calls ${version} ${date}`, remedy: `write the date: ## [${version}] - YYYY-MM-DD` }];
}

/** Checks that the tree is committed and that its commit has the version's tag. */
export function checkGit(version: string, changed: readonly string[], tags: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  if (changed.length > 0)
    problems.push({
      problem: `uncommitted changes: ${changed.join(', ')}`,
      remedy: 'commit them, or remove the files',
    });
  if (!tags.includes(`v${version}`))
    problems.push({ problem: `this commit has no tag v${version}`, remedy: `git tag v${version}` });
  return problems;
}

/** Checks that a release has an addon and a launcher for each platform, made for that CPU and for this version. */
export function checkPrebuilds(version: string, read: (path: string) => Buffer | null): readonly Problem[] {
  const remedy = 'scripts/build/prebuild.sh';
  const paths = PLATFORMS.flatMap((platform) =>
    ['seccomp.node', 'seccomp-launch'].map((name) => `prebuilds/${platform}/${name}`),
  );
  const files = paths.map((path) => [path, read(path)] as const);
  const missing = PLATFORMS.filter((platform) =>
    files.some(([path, bytes]) => bytes === null && path.includes(`/${platform}/`)),
  );
  if (missing.length > 0) return [{ problem: `no prebuilt addon and launcher for ${missing.join(', ')}`, remedy }];
  return files.flatMap(([path, bytes]): readonly Problem[] => {
    const machine = bytes === null ? null : machineOf(bytes);
    const cpu = /linux-(\w+)/.exec(path)?.[1] ?? '';
    if (machine === null) return [{ problem: `${path} is not an ELF file`, remedy }];
    if (machine !== MACHINES[cpu]) return [{ problem: `${path} is for ELF machine ${machine}, not ${cpu}`, remedy }];
    if (!path.endsWith('.node') || bytes?.includes(`\0${version}\0`) === true) return [];
    return [{ problem: `${path} was built for another version than ${version}`, remedy }];
  });
}

/** Returns `e_machine` of an ELF file, or null for another file. */
function machineOf(bytes: Buffer): number | null {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return null;
  return bytes.readUInt16LE(18); // All these CPUs are little-endian.
}

/** Checks which files are packed, and how large the tarball is. */
export function checkContents(files: readonly string[], packedSize: number): readonly Problem[] {
  const unexpected = files.filter((file) => !EXPECTED_FILES.some((pattern) => pattern.test(file)));
  const problems = unexpected.map((file) => ({
    problem: `${file} is packed, and no file of that kind should be`,
    remedy: 'remove it, or add its kind to EXPECTED_FILES of scripts/release/checks.ts',
  }));
  if (packedSize <= LARGEST_TARBALL) return problems;
  const problem = `the tarball has ${packedSize} bytes, more than ${LARGEST_TARBALL}`;
  return [...problems, { problem, remedy: `find what grew: tar -tvzf out/*.tgz | sort -k3n` }];
}

/** The files of native/ that the archive of the sources does not have: those beside it in the package, and those of tests and builds. */
const NOT_IN_ARCHIVE = /^(?:binding\.gyp$|sources\.gypi$|test\/|prebuild\/)/;

/** What the archive has besides native/: what building the addon needs of node-addon-api. */
const HEADERS = ['LICENSE.md', 'napi.h', 'napi-inl.h', 'napi-inl.deprecated.h'].map((name) => `node-addon-api/${name}`);

/**
 * Checks that the archive of the addon's sources has the committed files and no others, such as those that Git ignores.
 *
 * @param packed - What tar lists.
 * @param committed - What `git ls-files native` lists.
 */
export function checkSources(packed: readonly string[], committed: readonly string[]): readonly Problem[] {
  const paths = committed.map((path) => path.replace(/^native\//, ''));
  const expected = new Set([...paths.filter((path) => !NOT_IN_ARCHIVE.test(path)), ...HEADERS]);
  const files = packed.filter((path) => !path.endsWith('/'));
  const unexpected = files.filter((path) => !expected.has(path));
  const missing = [...expected].filter((path) => !files.includes(path));
  return [
    ...unexpected.map((path) => ({
      problem: `native/sources.tar.gz has ${path}, which does not belong there`,
      remedy: `rm native/${path}, or add its folder to LEFT_OUT of scripts/release/pack.mjs`,
    })),
    ...missing.map((path) => ({
      problem: `native/sources.tar.gz lacks ${path}`,
      remedy: 'correct archiveSources of scripts/release/pack.mjs',
    })),
  ];
}

/** Checks that package.json has no field that makes a package manager run or fetch anything. */
export function checkManifest(manifest: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.keys(manifest)
    .filter((field) => !EXPECTED_FIELDS.has(field))
    .map((field) => ({
      problem: `the packed package.json has ${JSON.stringify(field)}`,
      remedy:
        'add it to DEVELOPMENT_FIELDS of scripts/release/pack.mjs, or to EXPECTED_FIELDS of scripts/release/checks.ts',
    }));
}

/** A library whose code is part of this package. */
export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** Its address in a package registry, or its name. See the purl specification. */
  readonly purl: string;
}

/**
 * Checks that the package may contain these libraries, and that it contains their licenses.
 *
 * @param licensed - The names of the libraries whose licenses are packed.
 */
export function checkLicenses(bundled: readonly Bundled[], licensed: readonly string[]): readonly Problem[] {
  const refused = bundled.filter(({ license }) => !PERMISSIVE.has(license));
  const unlicensed = bundled.filter(({ name, license }) => license !== COMPILER_LICENSE && !licensed.includes(name));
  return [
    ...refused.map(({ name, license }) => ({
      problem: `the package contains ${name}, whose license is ${license}`,
      remedy: 'do without this library',
    })),
    ...unlicensed.map(({ name }) => ({
      problem: `the package contains ${name}, and not its license`,
      remedy: 'scripts/release/pack.mjs puts the licenses of bundled libraries, dist/LICENSES.txt, into LICENSE',
    })),
  ];
}

/** Checks that each package of the lockfile, with which the package is built and tested, names its license. */
export function checkLockfile(lockfile: { readonly packages: Readonly<Record<string, { license?: string }>> }) {
  const unnamed = Object.entries(lockfile.packages).filter(
    ([path, { license }]) => path !== '' && license === undefined,
  );
  return unnamed.map(([path]): Problem => ({ problem: `${path} names no license`, remedy: 'replace this dependency' }));
}
