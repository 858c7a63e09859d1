/** The names by which a file is found: those that a program must not be able to write. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { realPath } from '../../../lib/landlock/paths/real-path.js';
import { namesOf } from '../../../lib/sandbox/file/file-names.js';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'seccomp-names-')));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string) => join(directory, name);
mkdirSync(at('real'));
mkdirSync(at('other'));
writeFileSync(at('real/file'), '');
symlinkSync('real', at('folder'));
symlinkSync('../real/file', at('other/link'));
symlinkSync(at('other/link'), at('far'));
symlinkSync('../folder/file', at('other/through'));
symlinkSync('other/hop', at('hop'));
symlinkSync('../real', at('other/hop'));
symlinkSync('loop', at('loop'));

test.each<[string, readonly string[]]>([
  ['real/file', ['real/file']],
  ['folder/file', ['folder/file', 'folder', 'real/file']],
  ['other/link', ['other/link', 'real/file']],
  ['far', ['far', 'other/link', 'real/file']],
  ['other/through', ['other/through', 'folder/file', 'folder', 'real/file']],
  ['hop/file', ['hop/file', 'hop', 'other/hop/file', 'other/hop', 'real/file']],
  ['folder/nothing', ['folder/nothing', 'folder', 'real/nothing']],
  ['nowhere/file', ['nowhere/file']],
  ['loop', ['loop']],
])('%s is found by %j', (path, names) => {
  expect(namesOf(at(path))).toEqual(names.map(at));
  expect(namesOf(relative('', at(path)))).toEqual(names.map(at));
});

test('as many links are followed as the kernel follows', () => {
  const chain = Array.from({ length: 45 }, (_, i) => at(`chain${i}`));
  for (const [i, path] of chain.entries()) symlinkSync(`chain${i + 1}`, path);
  expect(namesOf(at('chain0'))).toEqual(chain.slice(0, 40));
});

test('a path is real without its links, or none if it leads nowhere', () => {
  expect(['folder', 'far', 'loop', 'nowhere/x'].map((name) => realPath(at(name)))).toEqual([
    at('real'),
    at('real/file'),
    undefined,
    undefined,
  ]);
});
