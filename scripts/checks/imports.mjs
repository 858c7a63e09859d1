/** Checks which folders of lib/ and native/ import from which: `npm run lint -- code`. noImportCycles of Biome checks files. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What each folder or file imports from, beside itself. `node:fs` stands for one module of Node, `node:` for all. Packages of npm have their names. */
const ALLOWED = {
  'lib/util': 'node: fastest-levenshtein',
  'lib/errors.ts': 'util',
  'lib/addon': 'node: util errors.ts',
  'lib/native.ts': 'node: util addon',
  'lib/kernel': 'node: util',
  'lib/syscalls': 'util fastest-levenshtein',
  'lib/policy': 'util errors.ts syscalls',
  'lib/decode': 'util syscalls',
  'lib/profile': 'node:fs util errors.ts syscalls policy',
  'lib/filter': 'util errors.ts syscalls policy',
  'lib/landlock': 'node: util errors.ts native.ts kernel syscalls policy',
  'lib/process-tree': 'node: util errors.ts native.ts kernel',
  'lib/host.ts': 'node: util errors.ts native.ts kernel syscalls policy profile landlock',
  'lib/notify': 'node: util errors.ts native.ts syscalls policy decode profile landlock',
  'lib/sandbox':
    'node: util errors.ts native.ts kernel syscalls policy decode profile filter landlock process-tree host.ts notify',
  'lib/analysis': 'util errors.ts syscalls policy decode profile filter host.ts sandbox',
  'lib/agent': 'node: util errors.ts kernel native.ts notify sandbox',
  'lib/record':
    'node: util errors.ts native.ts syscalls policy decode profile landlock process-tree host.ts notify sandbox',
  'lib/testing':
    'node: util errors.ts native.ts syscalls policy profile filter process-tree host.ts notify sandbox record vitest @jest/globals',
  'native/system': '',
  'native/supervisor': 'system',
  'native/landlock': 'system launcher',
  'native/child': 'system landlock guardian',
  'native/guardian': 'system landlock launcher child',
  'native/launcher': 'system landlock guardian',
  'native/napi': 'system landlock supervisor child guardian',
};

/** A folder of lib/ or native/, or a file that is in none. @param {string} file */
const placeOf = (file) => file.split('/').slice(0, 2).join('/');

/** `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`. */
const IMPORT =
  /^(?:import|export)(?: type)?(?: (?:\* as )?[\w$]+,?| \*)?(?: \{([^}]*)\})? from '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm;

/** What a file imports: paths from the root or names of modules, and what is imported from there. @param {string} file */
function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  if (file.startsWith('native/'))
    return [...text.matchAll(/^#include "(.+\/.+)"/gm)].map(([, path = '']) => ({
      path: join('native', path),
      names: [],
    }));
  return [...text.matchAll(IMPORT)].map(([, list = '', from, effect, dynamic]) => {
    const path = from ?? effect ?? dynamic ?? '';
    return {
      path: path.startsWith('.') ? join(dirname(file), path).replace(/\.js$/, '.ts') : path,
      names: list.split(',').map((name) => name.replace(/\btype\b|\bas\b.*/g, '').trim()),
    };
  });
}

/** What index.ts exports, by the files that it has it from. The command is a client of the package, and imports this from index.ts. */
const EXPORTED = importsOf('lib/index.ts').flatMap(({ path, names }) => names.map((name) => `${name} from ${path}`));

/** What has no rule: the entries of the package, the command, which has its own, the tests and what only prebuilt addons have. */
const WITHOUT_RULE = ['lib/cli', 'lib/entry.ts', 'lib/index.ts', 'lib/register.ts', 'native/prebuild', 'native/test'];

/** Why a file may not import something, if it may not. @param {string} file @param {{ path: string, names: string[] }} imported */
function problemOf(file, { path, names }) {
  const place = placeOf(file);
  if (place === 'lib/cli') {
    const exported = names.map((name) => `${name} from ${path}`).filter((each) => EXPORTED.includes(each));
    return exported.length > 0 ? `imports ${exported.join(', ')} instead of lib/index.ts` : undefined;
  }
  const allowed = ALLOWED[/** @type {keyof typeof ALLOWED} */ (place)]?.split(' ');
  if (WITHOUT_RULE.includes(place) || placeOf(path) === place) return undefined;
  if (allowed === undefined) return 'is in a folder without a rule';
  if (path.startsWith('node:'))
    return allowed.includes('node:') || allowed.includes(path) ? undefined : `imports ${path}`;
  if (!path.startsWith(dirname(place))) return allowed.includes(path) ? undefined : `imports ${path}`;
  return allowed.some((name) => placeOf(path) === join(dirname(place), name)) ? undefined : `imports ${path}`;
}

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'lib/*.ts', 'native/*.h', 'native/*.cc'], {
  encoding: 'utf8',
});
const problems = files
  .trim()
  .split('\n')
  .flatMap((file) => importsOf(file).map((imported) => [file, problemOf(file, imported)]))
  .filter(([, problem]) => problem !== undefined);
for (const [file, problem] of problems) console.error(`${file} ${problem}`);
if (problems.length > 0) {
  console.error(`${problems.length} imports that ALLOWED of scripts/checks/imports.mjs does not have`);
  process.exitCode = 1;
}
