/** Each `@example` of a public docstring is an ES module that passes the type check and ends with exit code 0. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { needsOwnProcess, SharedNode } from '../support/docs/shared-node.js';
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

const errors = join(folder, 'stderr');
const out = openSync('/dev/null', 'w');
const err = openSync(errors, 'a');
const shared = new SharedNode([out, err], {});
afterAll(() => {
  shared.end();
  closeSync(out);
  closeSync(err);
});

async function runTogether(file: string) {
  const before = readFileSync(errors, 'utf8').length;
  const status = await shared.run(file, dirname(file));
  return { status, stderr: readFileSync(errors, 'utf8').slice(before) };
}

function runAlone(file: string) {
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: dirname(file) });
  return { status, stderr };
}

test.each([...files])('the example of %s runs', async (_, file) => {
  const isAlone = needsOwnProcess(readFileSync(file, 'utf8'));
  expect(await (isAlone ? runAlone(file) : runTogether(file))).toEqual({ status: 0, stderr: '' });
});
