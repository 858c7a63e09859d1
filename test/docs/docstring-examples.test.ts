/** Each `@example` of a public docstring is an ES module that passes the type check and ends with exit code 0. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { publicDeclarations, withProject } from '../support/docstrings.js';
import { packageRoot } from '../support/root.js';

const declarations = publicDeclarations();
const examples = declarations.flatMap(({ name, examples: codes }) =>
  codes.map((code, index) => ({ title: codes.length === 1 ? name : `${name} (${index + 1})`, code })),
);

/** A folder in which `seccomp` is installed. Each example has a folder of its own in it. */
const folder = mkdtempSync(join(tmpdir(), 'seccomp-docstrings-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(packageRoot, join(folder, 'node_modules', 'seccomp'));
symlinkSync(join(packageRoot, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
const files = new Map(
  examples.map(({ title, code }, index) => {
    const file = join(folder, `example-${index}`, 'example.mjs');
    mkdirSync(dirname(file));
    writeFileSync(file, `${code}\n`);
    return [title, file];
  }),
);

test('every exported function and class has an example', () => {
  const missing = declarations.filter(
    ({ isFunctionOrClass, examples: codes }) => isFunctionOrClass && codes.length === 0,
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('every example passes the type check', () => {
  const compilerOptions = {
    allowJs: true,
    checkJs: true,
    strict: true,
    noImplicitAny: false,
    useUnknownInCatchVariables: false,
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    module: 'nodenext',
    skipLibCheck: true,
    noEmit: true,
  };
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions, files: [...files.values()] }));
  const problems = withProject(config, ({ program }) =>
    [...files].flatMap(([title, file]) =>
      [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ pos, text }) => `${title}: ${text} ${JSON.stringify(readFileSync(file, 'utf8').slice(pos).split('\n')[0])}`,
      ),
    ),
  );
  expect(problems).toEqual([]);
});

/** Examples that change their process for good, or replace it: each has a process of its own. */
const CHANGES_PROCESS = /\b(?:harden|execve)\(|'seccomp\/register'|\bprocess\.exit/;

interface Ended {
  readonly status: number | null;
  readonly errors: readonly string[];
  readonly stderr: string;
}

/** Runs the other examples in one process, which starts each when the one before it has ended. */
function runTogether(all: readonly string[]): Readonly<Record<string, Ended>> {
  const list = join(folder, 'list.json');
  const results = join(folder, 'results.json');
  const errors = openSync(join(folder, 'stderr'), 'a+');
  writeFileSync(list, JSON.stringify(all));
  const args = [join(import.meta.dirname, 'run-examples.mjs'), list, results];
  spawnSync(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', errors], timeout: 120_000 });
  closeSync(errors);
  return existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
}

function runAlone(file: string): Ended {
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: dirname(file) });
  return { status, errors: [], stderr };
}

const isAlone = (file: string) => CHANGES_PROCESS.test(readFileSync(file, 'utf8'));
const together = runTogether([...files.values()].filter((file) => !isAlone(file)));

test.each([...files])('the example of %s runs', (_, file) => {
  const ended = isAlone(file) ? runAlone(file) : (together[file] ?? 'it, or an example before it, did not end');
  expect(ended).toEqual({ status: 0, errors: [], stderr: '' });
});
