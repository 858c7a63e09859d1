/** The lines of native/ that were run, as gcov reports them. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Lines, merge } from './lines.js';

interface Report {
  readonly files: readonly {
    readonly file: string;
    readonly lines: readonly { readonly line_number: number; readonly count: number }[];
  }[];
}

/** Unit tests; and what is linked without the library that counts, or only into prebuilt addons. */
const NOT_MEASURED = /^native\/(?:test|launcher|prebuild)\//;

/** Returns the lines of native/ in the addon and the unit tests that were built in this directory. */
export function linesOfNative(build: string): Lines {
  const root = resolve('.');
  const objects = readdirSync(build, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gcno'));
  const lines = new Map<string, Map<number, boolean>>();
  for (const object of objects) {
    const { files } = reportOf(join(build, object));
    for (const { file, lines: counts } of files) {
      const path = relative(root, resolve(root, file));
      if (!path.startsWith('native/') || NOT_MEASURED.test(path)) continue;
      for (const { line_number, count } of counts) merge(lines, new Map([[path, new Map([[line_number, count > 0]])]]));
    }
  }
  return lines;
}

function reportOf(object: string): Report {
  const args = ['--json-format', '--stdout', object];
  return JSON.parse(
    execFileSync('gcov', args, { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}
