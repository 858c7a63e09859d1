/** The examples of README.md and docs/ pass the type check, under `strict`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../support/scripts.js';

/** A folder in which `seccomp` is installed. */
const folder = mkdtempSync(join(tmpdir(), 'seccomp-example-types-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(packageRoot, join(folder, 'node_modules', 'seccomp'));
symlinkSync(join(packageRoot, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The code blocks of a page in one of these languages. */
const blocks = (page: string, ...languages: readonly string[]): readonly string[] =>
  [...readFileSync(join(packageRoot, page), 'utf8').matchAll(/^```(\w+)[^\n]*\n(.*?)^```$/gms)]
    .filter(([, language = '']) => languages.includes(language))
    .map(([, , code = '']) => code);

/** Blocks without an import continue another one, and are not checked, except for README.md's, which are one module. */
const pages = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'));
const modules = pages.flatMap((page) =>
  blocks(join('docs', page), 'js', 'ts').map((code, i) => ({ name: `${page}-${i}`, code })),
);
const checked = [
  { name: 'README.md', code: blocks('README.md', 'js', 'ts').join('\n') },
  ...modules.filter(({ code }) => /^import /m.test(code)),
];

test('all examples pass the type check', () => {
  for (const { name, code } of checked) writeFileSync(join(folder, `${name}.ts`), code);
  writeFileSync(join(folder, 'profile.json'), blocks('docs/profiles.md', 'json')[0] ?? expect.fail('no profile'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    module: 'nodenext',
    strict: true,
    noImplicitAny: false, // Most examples are JavaScript.
    exactOptionalPropertyTypes: true,
    resolveJsonModule: true,
    noEmit: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const compiler = join(packageRoot, 'node_modules/.bin/tsc');
  const { stdout, stderr } = spawnSync(compiler, ['-p', folder], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
  expect(checked.length).toBeGreaterThan(10);
});
