/** Runs the builder's examples of docs/builder.md and README.md under Node, as they are printed. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const cwd = fileURLToPath(new URL('../../..', import.meta.url));
const examples = (page: string) =>
  [...readFileSync(`${cwd}/${page}`, 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const run = (code: string) => {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    cwd,
  });
  return { status, stderr };
};

test.each(examples('docs/builder.md').map((code, i) => [i + 1, code]))('docs/builder.md: example %i', (_, code) => {
  expect(run(String(code))).toEqual({ status: 0, stderr: '' });
});

test('README.md: the profiles that it builds can be compiled', () => {
  const built = examples('README.md').filter((code) => /denylist|extend/.test(code));
  expect(built).toHaveLength(1);
  const code = built.join('').replaceAll(/^(sandbox\..*);$/gm, 'sandbox.compile($1);');
  expect(run(`import * as sandbox from 'seccomp';\n${code}`)).toEqual({ status: 0, stderr: '' });
});
