/** Names that others chose go into messages through lib/util/foreign-text.ts, none as it is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAst } from 'vitest/node';
import { packageRoot } from '../support/root.js';

/** Variables and properties that hold what others chose, by their names. */
const FOREIGN =
  /^(?:path|file|folder|directory|link|target|command|comment|user|base|sandbox|cgroup|executable|instruction|source|word|variable)$/;

/** What has such a name and is this package's own, or is compared with another text. */
const OWN = new Set([
  'lib/addon/failure.ts: command', // Made of words and of shellWord().
  'lib/addon/failure.ts: file', // Looked for in a message of the loader.
  'lib/analysis/combine.ts: source', // Made of shownName().
  'lib/filter/verify/kernel-checks.ts: instruction', // A number.
  'lib/notify/violations/denial-messages.ts: path', // Of a rule.
  'lib/profile/from-policy.ts: source', // Made of shownName().
  'lib/cli/report-violations.ts: path', // Of a rule: `syscalls[3]`.
  'lib/errors.ts: path', // Of an issue, made of member().
  'lib/landlock/paths/messages.ts: variable', // Matched by \w.
  'lib/sandbox/plan/limits.ts: user', // A number.
  'lib/testing/kernel.ts: target', // An architecture.
]);

/** A node of ESTree. */
type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** The names of variables and properties that texts with words insert. */
function inserted(node: unknown): readonly string[] {
  if (!isNode(node)) return [];
  const below = Object.values(node).flatMap(inserted);
  return node['type'] === 'TemplateLiteral' && hasWords(node) ? [...namesIn(node['expressions']), ...below] : below;
}

/** Whether it reads as a message: two words, or a colon before what follows. */
function hasWords({ quasis }: Node): boolean {
  const texts = Object.values(isNode(quasis) ? quasis : {}).map((quasi) => (isNode(quasi) ? quasi['value'] : ''));
  const text = texts.map((value) => (isNode(value) ? value['cooked'] : '')).join('\0');
  return /[a-z’']{2,}[,:;]? [a-z\0]|: /i.test(text);
}

const namesIn = (expressions: unknown): readonly string[] =>
  Object.values(isNode(expressions) ? expressions : {}).map((each) => {
    const name = isNode(each) && each['type'] === 'MemberExpression' ? each['property'] : each;
    return isNode(name) && typeof name['name'] === 'string' ? name['name'] : '';
  });

const library = readdirSync(join(packageRoot, 'lib'), { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/\/(?:generated|precompiled)\//.test(file),
);

test('no message has a name as it is', () => {
  const found = library.flatMap((file) => {
    const names = inserted(parseAst(readFileSync(join(packageRoot, 'lib', file), 'utf8'), { lang: 'ts' }));
    return names.filter((name) => FOREIGN.test(name)).map((name) => `lib/${file}: ${name}`);
  });
  expect(found.filter((each) => !OWN.has(each))).toEqual([]);
  expect([...OWN].filter((each) => !found.includes(each))).toEqual([]);
});

test('the search for such messages finds them', () => {
  const found = (text: string) => inserted(parseAst(text.replaceAll('@', '$'), { lang: 'ts' }));
  expect(found('`the file @{file} is gone`')).toContain('file');
  expect(found('`@{this.#path}: gone`')).toContain('path');
  expect(found('`the file @{shownName(file)} is gone`')).not.toContain('file');
  expect(found('`@{directory}/@{file}`')).toEqual([]);
});
