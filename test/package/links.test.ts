/** The links of the packed Markdown files: each leads to a file of the package, and to a heading of that file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { packTo } from '../support/installed.js';

const folder = mkdtempSync(join(tmpdir(), 'seccomp-links-'));
afterAll(() => rmSync(folder, { recursive: true }));
packTo(folder);

const names = readdirSync(join(folder, 'package'), { recursive: true, encoding: 'utf8' });
const pages = new Map(names.filter((name) => name.endsWith('.md')).map((name) => [name, textOf(name)]));
const headings = new Map([...pages].map(([name, text]) => [name, headingsOf(text)]));

/** The text of a page without its code. */
function textOf(name: string): string {
  const text = readFileSync(join(folder, 'package', name), 'utf8');
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** The anchors that GitHub and npm give to the headings of a page: a repeated one ends in its number. */
function headingsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#+ (.+)$/gm)) {
    const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = shown.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let last = anchor;
    for (let count = 1; anchors.has(last); count++) last = `${anchor}-${count}`;
    anchors.add(last);
  }
  return anchors;
}

/** Why a link of a page leads nowhere, or null. */
function problemOf(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!names.includes(target)) return `${page}: ${link}: the package has no ${target}`;
  if (anchor === undefined || headings.get(target)?.has(anchor) === true) return null;
  return `${page}: ${link}: ${target} has no such heading`;
}

test('every relative link leads to a packed file, and to a heading if it names one', () => {
  const links = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/(?:\]\(|<(?:a|img)\b[^>]*?\b(?:href|src)="|^\[[^\]]+\]: )([^)\s"]+)/gm)].map(
      ([, link = '']) => [page, link] as const,
    ),
  );
  const relative = links.filter(([, link]) => !/^[a-z]+:/.test(link));
  expect(relative.length).toBeGreaterThan(100);
  expect(relative.flatMap(([page, link]) => problemOf(page, link) ?? [])).toEqual([]);
});

test('absolute links use https', () => {
  const links = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\((\w+:[^)\s]+)\)/g)].map(([, link = '']) => `${page}: ${link}`),
  );
  expect(links.filter((link) => !link.includes(': https://'))).toEqual([]);
});
