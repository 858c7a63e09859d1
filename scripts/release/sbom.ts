/** Which libraries the package contains, and its software bill of materials in CycloneDX's format. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bundled, COMPILER_LICENSE } from './checks.js';

/** A library in a path of a source map, which names the files that a chunk was made of. */
const LIBRARY = /(?<=node_modules\/)(?:@[^/"]+\/)?[^/"]+(?=\/)/g;

/** What g++ links into prebuilt addons. The exception lets a program under any license contain it. */
const COMPILER_LIBRARIES = ['libgcc', 'libstdc++'];

/**
 * Returns the libraries in dist/, which the checkout's source maps name, node-addon-api, whose headers are compiled into the
 * addon, and what the compiler links into it.
 */
export function bundledLibraries(root: string): readonly Bundled[] {
  const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
  const maps = files.filter((name) => name.endsWith('.map'));
  const sources = maps.flatMap((name): readonly string[] => read(join(root, 'dist', name)).sources);
  const names = new Set([...sources.flatMap((source) => source.match(LIBRARY) ?? []), 'node-addon-api']);
  const packages = [...names].sort().map((name) => {
    const { version, license } = read(join(root, 'node_modules', name, 'package.json'));
    return { name, version, license: license ?? 'unknown', purl: `pkg:npm/${name.replace('@', '%40')}@${version}` };
  });
  const [, version = 'unknown'] =
    /^gcc=(.+)$/m.exec(readFileSync(join(root, 'scripts/build/prebuild.sh'), 'utf8')) ?? [];
  const linked = COMPILER_LIBRARIES.map((name) => {
    const purl = `pkg:generic/${encodeURIComponent(name)}@${version}`;
    return { name, version, license: COMPILER_LICENSE, purl };
  });
  return [...packages, ...linked];
}

/** Returns npm's own description of the staged package, with the libraries that it contains. */
export function billOfMaterials(stage: string, bundled: readonly Bundled[]): object {
  const output = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd: stage, encoding: 'utf8' });
  const bill = JSON.parse(output);
  const component = bill.metadata.component;
  component.name = 'seccomp'; // npm takes the name of the folder.
  const components = bundled.map(({ name, version, license, purl }) => ({
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    scope: 'required',
    purl,
    licenses: [license.includes(' ') ? { expression: license } : { license: { id: license } }],
  }));
  const refs = components.map((each) => each['bom-ref']);
  const dependencies = [{ ref: component['bom-ref'], dependsOn: refs }, ...refs.map((ref) => ({ ref, dependsOn: [] }))];
  return { ...bill, components, dependencies };
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
