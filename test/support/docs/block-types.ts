/** Type-checks the programs of the documentation together: TypeScript under `strict`, JavaScript as an editor checks it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Block, isExample } from './blocks.js';
import {
  areFilesPresent,
  arePackagesInstalled,
  copyFiles,
  fileOf,
  linkPackages,
  makePageFolder,
} from './page-folder.js';
import { packageRoot } from './pages.js';

type Pages = readonly (readonly [page: string, blocks: readonly Block[]])[];

/** Languages that are checked. */
const CHECKED: readonly string[] = ['js', 'cjs', 'ts'];

/** The errors of the compiler in the programs of the pages: each starts with the page and the line. */
export function typeErrorsOf(pages: Pages): readonly string[] {
  const project = makePageFolder([]);
  try {
    const programs = new Map(pages.flatMap(([page, blocks]) => writePage(project.path, page, blocks)));
    return [
      ...errorsIn(project.path, programs, ['ts'], {}),
      // JavaScript has no types of parameters, and does not say what is known to be defined, or which errors have a code.
      ...errorsIn(project.path, programs, ['js', 'cjs'], {
        allowJs: true,
        checkJs: true,
        noImplicitAny: false,
        strictNullChecks: false,
        exactOptionalPropertyTypes: false,
        useUnknownInCatchVariables: false,
      }).filter((error) => !error.includes("'code' does not exist on type 'Error'")),
    ];
  } finally {
    project.remove();
  }
}

type Programs = ReadonlyMap<string, Block>;

/**
 * Writes the files of a page to a folder of its own in the project. Returns the blocks to check by the path of their file.
 * If several blocks of the page have the same name, it is the last one's.
 */
function writePage(project: string, page: string, all: readonly Block[]): readonly (readonly [string, Block])[] {
  const blocks = all.filter((block) => block.problem === undefined && !isExample(block));
  return blocks.flatMap((block, index) => {
    const isReplaced = blocks.slice(index + 1).some(({ name }) => name !== undefined && name === block.name);
    const file = join(page, fileOf(isReplaced ? { ...block, name: undefined } : block));
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), block.code);
    if (areFilesPresent(block)) copyFiles(join(project, page), block);
    const isChecked = CHECKED.includes(block.language) && block.directive.notRun === undefined;
    if (!isChecked || !arePackagesInstalled(block)) return [];
    linkPackages(project, block);
    return [[file, block] as const];
  });
}

function errorsIn(
  project: string,
  programs: Programs,
  languages: readonly string[],
  options: Readonly<Record<string, boolean>>,
): readonly string[] {
  const files = [...programs].filter(([, { language }]) => languages.includes(language)).map(([file]) => file);
  if (files.length === 0) return [];
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    noEmit: true,
    ...options,
  };
  const config = join(project, `tsconfig-${languages[0]}.json`);
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  const args = [join(packageRoot, 'node_modules/.bin/tsc'), '-p', config, '--pretty', 'false'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: project });
  // The lines that explain an error are indented.
  const errors = (stdout + stderr).trimEnd().split(/\n(?! )/);
  return errors.filter((error) => error !== '').map((error) => inPage(programs, error));
}

/** Replaces the path and the line of a block's file in an error by those of the page. */
function inPage(programs: Programs, error: string): string {
  return error.replace(/^(.+?)\((\d+),\d+\)/, (place, file: string, line: string) => {
    const block = programs.get(file);
    return block === undefined ? place : `${file.slice(0, file.indexOf('.md') + 3)}:${block.line + Number(line)}`;
  });
}
